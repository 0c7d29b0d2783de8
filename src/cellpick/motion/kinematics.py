"""Closed-form inverse kinematics of a six-axis arm: every branch, checked against its own chain.

The closed form is EAIK's (Ostermeier, Kuelz and Althoff 2025, "Automatic geometric decomposition
for analytical inverse kinematics"): it covers arms with a spherical wrist and arms with three
parallel axes, among others.
"""

from __future__ import annotations

import itertools

import numpy as np
from eaik.IK_HP import HPRobot
from numpy.typing import NDArray
from scipy.stats import qmc

from cellpick.errors import InputError
from cellpick.geometry import Floats, checked, difference, invert, jacobian, link_poses, pose
from cellpick.structures import ArmModel

_AXIS_DIGITS = 4
_OFFSET_DIGITS = (5, 12)
_TRIALS = 6
_POLISH_STEPS = 3
_DAMPING = 1e-6
_POSE_TOLERANCE = 1e-7
_NEARLY = 1e-3
_SAME_RAD = 1e-5
_JUMP_RAD = 0.5


class InverseKinematics:
    """All joint angles of one arm that bring its flange to a pose."""

    def __init__(self, arm: ArmModel) -> None:
        """Raises `InputError` for an arm that the closed form does not cover."""
        self._arm = arm
        self._T_flange_link = invert(arm.T_link_flange)
        zero = link_poses(arm.Ts_parent_joint, arm.axes, np.zeros(6))
        self._R_link_zero = np.swapaxes(zero[-1, :3, :3], -1, -2)
        axes = (zero[:, :3, :3] @ arm.axes[:, :, None])[..., 0]
        offsets = np.diff(zero[:, :3, 3], axis=0, prepend=np.zeros((1, 3)))
        # the closed form needs axes that are exactly parallel or meet exactly, and drawings round
        # angles to a few digits; solutions are polished on the arm's true axes afterwards
        ideal = np.round(axes, _AXIS_DIGITS)
        ideal = ideal / np.linalg.norm(ideal, axis=-1, keepdims=True)
        for digits in _OFFSET_DIGITS:
            rounded = np.vstack([np.round(offsets, digits), np.zeros(3)])
            self._solver = HPRobot(ideal, rounded)
            if self._solver.hasKnownDecomposition() and self._returns():
                return
        raise InputError(
            "the arm has no closed-form inverse kinematics",
            source=arm.name,
            got=self._solver.getKinematicFamily(),
            accepted="six revolute joints with a spherical wrist or three parallel axes",
        )

    def _returns(self) -> bool:
        """Whether some configurations are found again from their flange poses."""
        for q in qmc.Halton(6, scramble=False).random(_TRIALS + 1)[1:] * 4 - 2:
            found = self.branches(self._arm.flange_pose(q))
            if not (np.abs(_wrapped(found - q)).max(axis=-1, initial=0.0) < _SAME_RAD).any():
                return False
        return True

    def branches(self, T_base_flange: Floats) -> Floats:
        """All solutions (b, 6) in (-pi, pi], joint ranges aside; b is 0 for a pose out of reach."""
        return self.branches_of(checked("T_base_flange", T_base_flange, (4, 4))[None])[0]

    def branches_of(self, Ts_base_flange: Floats) -> tuple[Floats, NDArray[np.int64]]:
        """All solutions (s, 6) of poses (n, 4, 4), and the row (s,) of the pose that each reaches.

        In (-pi, pi], joint ranges aside; ordered by row.
        """
        Ts = checked("Ts_base_flange", Ts_base_flange, (None, 4, 4))
        found = [self._closed_form(T) for T in Ts]
        row = np.repeat(np.arange(len(Ts)), [len(q) for q in found])
        q, error = self._polished(Ts[row], np.concatenate([np.zeros((0, 6)), *found]))
        good = error < _POSE_TOLERANCE
        q, row = _wrapped(q[good]), row[good]
        twin = np.abs(_wrapped(q[:, None] - q)).max(axis=-1) < _SAME_RAD
        twin &= row[:, None] == row
        first = np.argmax(twin, axis=1) == np.arange(len(q)) if len(q) else np.zeros(0, dtype=bool)
        return q[first], row[first]

    def nearest(self, T_base_flange: Floats, q_near: Floats) -> Floats:
        """The solution (1, 6) nearest to `q_near` (6,), unpolished; (0, 6) for none in range."""
        found = self._closed_form(T_base_flange)
        if not len(found):
            return found
        steps = _wrapped(found - q_near)
        q: Floats = q_near + steps[[np.argmin(np.abs(steps).max(axis=-1))]]
        inside = (q >= self._arm.lower_rad) & (q <= self._arm.upper_rad)
        reaches = np.abs(difference(self._arm.flange_pose(q), T_base_flange)) < _NEARLY
        return q[inside.all(axis=-1) & reaches.all(axis=-1)]

    def tracks(self, Ts_base_flange: Floats) -> Floats:
        """Solutions (b, n, 6) that follow the n poses (n, 4, 4) without a jump, one a branch."""
        Ts = checked("Ts_base_flange", Ts_base_flange, (None, 4, 4))
        tracks = self.branches(Ts[0])[:, None]
        for T in Ts[1:]:
            found = self._closed_form(T)
            if not len(found) or not len(tracks):
                return np.zeros((0, len(Ts), 6))
            step = _wrapped(found[None] - tracks[:, -1:])
            nearest = np.argmin(np.abs(step).max(axis=-1), axis=1)
            step = np.take_along_axis(step, nearest[:, None, None], axis=1)
            smooth = np.abs(step).max(axis=(1, 2)) < _JUMP_RAD
            tracks = np.concatenate([tracks, tracks[:, -1:] + step], axis=1)[smooth]
        polished, error = self._polished(np.broadcast_to(Ts, (*tracks.shape[:2], 4, 4)), tracks)
        result: Floats = polished[(error < _POSE_TOLERANCE).all(axis=1)]
        return result

    def in_range(self, tracks: Floats) -> Floats:
        """Every shift by full turns of tracks (b, n, 6) that stays inside the joint ranges."""
        shifted = []
        lower, upper = self._arm.lower_rad, self._arm.upper_rad
        for track in tracks:
            first = np.ceil((lower - track.min(axis=0)) / (2 * np.pi) - 1e-12)
            last = np.floor((upper - track.max(axis=0)) / (2 * np.pi) + 1e-12)
            turns = [np.arange(a, b + 1) for a, b in zip(first, last, strict=True)]
            shifted += [track + 2 * np.pi * np.array(t) for t in itertools.product(*turns)]
        return np.array(shifted).reshape(-1, *tracks.shape[1:])

    def _closed_form(self, T_base_flange: Floats) -> Floats:
        T_link = T_base_flange @ self._T_flange_link
        target = pose(T_link[:3, :3] @ self._R_link_zero, T_link[:3, 3])
        found = np.asarray(self._solver.IK(target).Q, dtype=np.float64).reshape(-1, 6)
        return found[np.isfinite(found).all(axis=-1)]

    def _polished(self, Ts: Floats, q: Floats) -> tuple[Floats, Floats]:
        """Newton's steps on the arm's own chain: angles (..., 6) and what error (...) is left."""
        arm = self._arm
        for _ in range(_POLISH_STEPS):
            J = jacobian(arm.Ts_parent_joint, arm.axes, q, arm.T_link_flange)
            here = arm.flange_pose(q)
            local = difference(here, Ts)
            R = here[..., :3, :3]
            twist = np.concatenate(
                [(R @ local[..., :3, None])[..., 0], (R @ local[..., 3:, None])[..., 0]], axis=-1
            )
            Jt = np.swapaxes(J, -1, -2)
            damped = J @ Jt + _DAMPING**2 * np.eye(6)
            q = q + (Jt @ np.linalg.solve(damped, twist[..., None]))[..., 0]
        error: Floats = np.abs(difference(arm.flange_pose(q), Ts)).max(axis=-1, initial=0.0)
        return q, error


def _wrapped(angle: Floats) -> Floats:
    """Angles in (-pi, pi]."""
    result: Floats = np.pi - (np.pi - angle) % (2 * np.pi)
    return result
