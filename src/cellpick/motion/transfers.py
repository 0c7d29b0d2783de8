"""Free motions between two configurations: straight, over the top, or by sampling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats, translation
from cellpick.motion.collision import FREE, Checker, Clash
from cellpick.motion.kinematics import InverseKinematics
from cellpick.motion.paths import JointPath, joint_line, rounded
from cellpick.motion.sampling import sampled_corners, shortcut
from cellpick.structures import ArmModel

_LIFTS_M = (0.08, 0.16, 0.28)
_LIFT_SAMPLES = 9
_PIECES = (2, 4, 8, 16)
_COARSE = 17
_EDGE = 5
_EDGE_STEP_M = 0.02
_SAME_RAD = 1e-3


@dataclass(frozen=True, eq=False)
class Way:
    """A free path, or what stood in the way of the straight one."""

    path: JointPath
    """The path; the straight one where none is free."""
    clash: Clash
    """`FREE`, or the first clash of the straight path."""


class Transfers:
    """Finds free joint paths of one arm."""

    def __init__(self, arm: ArmModel, ik: InverseKinematics, up: Floats, step_m: float) -> None:
        """`up` (3,) points against gravity; bodies move at most `step_m` between two checks."""
        self._arm, self._ik, self._up, self._step_m = arm, ik, up, step_m

    def clash_on(self, path: JointPath, checker: Checker) -> Clash:
        """The first clash along a path."""
        coarse = np.linspace(0, 1, _COARSE)
        travelled = np.concatenate([[0.0], np.cumsum(checker.spread(path.at(coarse)))])
        n = max(2, int(np.ceil(travelled[-1] / self._step_m)) + 1)
        s = np.interp(np.linspace(0, travelled[-1], n), travelled, coarse)
        return checker.first_clash(path.at(s))

    def direct(self, q_start: Floats, q_goal: Floats, checker: Checker) -> Way:
        """The straight way through joint space."""
        path = joint_line(q_start, q_goal)
        return Way(path, self.clash_on(path, checker))

    def around(self, q_start: Floats, q_goal: Floats, checker: Checker) -> Way:
        """The straight way, else over the top, else by sampling."""
        straight = self.direct(q_start, q_goal, checker)
        if straight.clash.free:
            return straight
        for corners in self._detours(q_start, q_goal, checker):
            for pieces in _PIECES:
                path = rounded(corners, self._arm.velocity_rad_s, pieces * (len(corners) - 1))
                if self.clash_on(path, checker).free:
                    return Way(path, FREE)
        return straight

    def _detours(self, q_start: Floats, q_goal: Floats, checker: Checker) -> Iterator[Floats]:
        """Polylines (m, 6) to try, cheapest first."""
        for q in (q_start, q_goal):
            if not checker.first_clash(q[None]).free:
                return
        for lift in _LIFTS_M:
            over = [self._raised(q, lift) for q in (q_start, q_goal)]
            if all(len(q) for q in over):
                yield np.concatenate([[q_start], over[0], over[1], [q_goal]])
        free = _EdgeFree(checker)
        lower, upper = self._arm.lower_rad, self._arm.upper_rad
        corners = sampled_corners(q_start, q_goal, lower, upper, free)
        if len(corners):
            yield shortcut(corners, free)

    def _raised(self, q: Floats, lift_m: float) -> Floats:
        """The configuration (1, 6) of the same branch with the flange raised; (0, 6) for none."""
        rise = np.linspace(0, lift_m, _LIFT_SAMPLES)[:, None] * self._up
        tracks = self._ik.tracks(translation(rise) @ self._arm.flange_pose(q))
        for track in self._ik.in_range(tracks):
            if np.abs(track[0] - q).max() < _SAME_RAD:
                last: Floats = track[-1:]
                return last
        return np.zeros((0, 6))


class _EdgeFree:
    """Whether a short straight way through joint space is free."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker

    def __call__(self, q_from: Floats, q_to: Floats) -> bool:
        coarse = q_from + np.linspace(0, 1, _EDGE)[:, None] * (q_to - q_from)
        n = max(1, int(np.ceil(self._checker.spread(coarse).sum() / _EDGE_STEP_M)))
        q = q_from + np.linspace(0, 1, n + 1)[:, None] * (q_to - q_from)
        return self._checker.first_clash(q[::-1]).free
