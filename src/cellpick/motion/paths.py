"""Geometric joint paths q(s), s from 0 to 1, with their first three derivatives."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import BSpline, CubicSpline, PPoly

from cellpick.geometry import Floats

_DEGREE = 3


class JointPath:
    """A path through joint space that is twice continuously differentiable."""

    def __init__(self, curve: PPoly | BSpline) -> None:
        self._orders = [curve]
        for _ in range(3):
            self._orders.append(self._orders[-1].derivative())

    @property
    def knots(self) -> Floats:
        """Where the third derivative may jump, s from 0 to 1."""
        curve = self._orders[0]
        knots: Floats = np.unique(curve.x if isinstance(curve, PPoly) else curve.t)
        return knots

    def at(self, s: Floats, order: int = 0) -> Floats:
        """Angles (n, 6) at s (n,), or their derivative of that order by s."""
        result: Floats = self._orders[order](np.clip(s, 0.0, 1.0))
        return result

    @property
    def ends(self) -> tuple[Floats, Floats]:
        """First and last angles (6,)."""
        first, last = self.at(np.array([0.0, 1.0]))
        return first, last


def joint_line(q_start: Floats, q_goal: Floats) -> JointPath:
    """The straight way through joint space."""
    return JointPath(PPoly(np.stack([q_goal - q_start, q_start])[:, None], np.array([0.0, 1.0])))


def through(samples: Floats) -> JointPath:
    """A cubic spline through samples (n, 6), n >= 4, evenly spaced in s."""
    return JointPath(CubicSpline(np.linspace(0, 1, len(samples)), samples, axis=0))


def rounded(corners: Floats, speeds: Floats, pieces: int) -> JointPath:
    """A cubic B-spline that rounds the corners (m, 6) of a polyline, with the polyline's ends.

    It lies in the hull of any four neighbouring control points, so more `pieces` follow the
    polyline more closely. `speeds` (6,) weigh the joints: s runs in proportion to travel time.
    """
    steps = (np.abs(np.diff(corners, axis=0)) / speeds).max(axis=-1)
    lengths = np.concatenate([[0.0], np.cumsum(steps)])
    inner = np.linspace(0, 1, pieces + 1)
    knots = np.concatenate([np.zeros(_DEGREE), inner, np.ones(_DEGREE)])
    # control points at the Greville abscissae keep the speed of s even on straight parts
    greville = np.array([knots[i + 1 : i + 1 + _DEGREE].mean() for i in range(pieces + _DEGREE)])
    control = np.stack(
        [np.interp(greville * lengths[-1], lengths, joint) for joint in corners.T], axis=-1
    )
    return JointPath(BSpline(knots, control, _DEGREE))
