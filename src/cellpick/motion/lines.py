"""Straight moves of the TCP: every arm branch that follows the line without a jump."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cellpick.geometry import Floats, invert, translation
from cellpick.motion.branches import discomfort
from cellpick.motion.kinematics import InverseKinematics
from cellpick.motion.paths import JointPath, through
from cellpick.structures import ArmModel

STEP_M = 0.004
_LEAST_SAMPLES = 5


@dataclass(frozen=True, eq=False)
class Line:
    """One branch's way along a straight line, from the pose at its low end upwards."""

    q: Floats
    """(n, 6) angles at even steps, from the low end."""
    length_m: float
    """Length of the line."""

    def at(self, height_m: float) -> Floats:
        """Angles (6,) at a distance from the low end."""
        result: Floats = through(self.q).at(np.array([height_m / self.length_m]))[0]
        return result

    def upward(self, length_m: float) -> JointPath:
        """From the low end, `length_m` far."""
        share = np.linspace(0, length_m / self.length_m, len(self.q))
        return through(through(self.q).at(share))

    def downward(self, length_m: float) -> JointPath:
        """From `length_m` above the low end down to it."""
        share = np.linspace(length_m / self.length_m, 0, len(self.q))
        return through(through(self.q).at(share))


def backed_off(T_base_tcp: Floats, lengths_m: Floats, lean: ArrayLike) -> Floats:
    """TCP poses (n, 4, 4) that lie so far (n,) back along the -z of one (4, 4).

    `lean` (2,) is how far the way also goes along its x and y, in metres a metre.
    """
    result: Floats = T_base_tcp @ translation(lengths_m[:, None] * np.append(lean, -1.0))
    return result


def lines_from(
    ik: InverseKinematics,
    T_base_tcp: Floats,
    T_flange_tcp: Floats,
    length_m: float,
    lean: ArrayLike = (0.0, 0.0),
) -> list[Line]:
    """Every branch, within the joint ranges, of the way back from a TCP pose; see `backed_off`."""
    n = max(_LEAST_SAMPLES, int(np.ceil(length_m / STEP_M)) + 1)
    Ts_base_tcp = backed_off(T_base_tcp, np.linspace(0, length_m, n), lean)
    Ts_base_flange = Ts_base_tcp @ invert(T_flange_tcp)
    return [Line(q, length_m) for q in ik.in_range(ik.tracks(Ts_base_flange))]


def line_discomfort(arm: ArmModel, lines: list[Line]) -> Floats:
    """Penalty (len(lines),) in seconds of the worse end of each line."""
    if not lines:
        return np.zeros(0)
    ends = np.array([[line.q[0], line.q[-1]] for line in lines])
    result: Floats = discomfort(arm, ends).max(axis=-1)
    return result
