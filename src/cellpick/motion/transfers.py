"""Free motions between two configurations: straight, over a grid of level poses, or by sampling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats
from cellpick.motion.collision import FREE, Checker, Clash
from cellpick.motion.kinematics import InverseKinematics
from cellpick.motion.paths import JointPath, joint_line, rounded
from cellpick.motion.roadmap import level_corners
from cellpick.motion.sampling import sampled_corners, shortcut
from cellpick.structures import ArmModel

_PIECES = (2, 4, 8, 16)
_COARSE = 17
_EDGE = 5
_EDGE_STEP_M = 0.02


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
        """The straight way, else a level one, else one found by sampling."""
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
        free = _EdgeFree(checker)
        corners = level_corners(self._arm, self._ik, self._up, q_start, q_goal, free)
        if len(corners):
            yield shortcut(corners, free)
        lower, upper = self._arm.lower_rad, self._arm.upper_rad
        corners = sampled_corners(q_start, q_goal, lower, upper, free)
        if len(corners):
            yield shortcut(corners, free)


class _EdgeFree:
    """Whether a short straight way through joint space is free."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker

    def __call__(self, q_from: Floats, q_to: Floats) -> bool:
        coarse = q_from + np.linspace(0, 1, _EDGE)[:, None] * (q_to - q_from)
        n = max(1, int(np.ceil(self._checker.spread(coarse).sum() / _EDGE_STEP_M)))
        q = q_from + np.linspace(0, 1, n + 1)[:, None] * (q_to - q_from)
        return self._checker.first_clash(q[::-1]).free
