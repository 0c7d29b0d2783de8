"""Turns paths into timed trajectories that the arm and the grip can bear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.errors import LimitError
from cellpick.motion.audit import check_limits
from cellpick.motion.load import GripLoad
from cellpick.motion.paths import JointPath
from cellpick.motion.timing import TimedPath, fastest, on_grid
from cellpick.structures import ArmModel, JointTrajectory

_REST_RAD = 1e-6
_MAX_STRETCH = 16.0
_BISECTIONS = 24
_CALMER = (0.6, 0.36, 0.22)


@dataclass(frozen=True, eq=False)
class Timing:
    """How motions are timed."""

    arm: ArmModel
    """Whose limits hold."""
    period_s: float
    """Time from sample to sample."""

    def trajectory(
        self, name: str, path: JointPath, load: GripLoad | None = None, max_rate: float = np.inf
    ) -> JointTrajectory:
        """The path from rest to rest in the least time; `load` is what the gripper holds.

        `max_rate` bounds ds/dt in 1/s. Raises `LimitError` where a limit would break.
        """
        first, last = path.ends
        if np.abs(last - first).max() < _REST_RAD:
            still = np.zeros((2, 6))
            return JointTrajectory(
                name, np.array([0.0, self.period_s]), np.stack([first, last]), still, still
            )
        timed = fastest(path, self.arm, max_rate)
        if load is not None:
            timed = self._gentle(timed, load, name, max_rate)
        timed = on_grid(timed, self.period_s)
        times = self.period_s * np.arange(round(timed.duration_s / self.period_s) + 1, dtype=float)
        q, dq, ddq, _ = timed.at(times)
        trajectory = JointTrajectory(name, times, q, dq, ddq)
        check_limits(trajectory, self.arm)
        return trajectory

    def _gentle(self, timed: TimedPath, load: GripLoad, name: str, max_rate: float) -> TimedPath:
        """The motion slowed down, or with softer starts and stops, until the grip bears it."""
        best = timed.stretched(self._stretch_for(load, timed, name))
        for calm in _CALMER if best.stretch > timed.stretch else ():
            softer = fastest(timed.path, self.arm, max_rate, calm)
            softer = softer.stretched(self._stretch_for(load, softer, name))
            best = min(best, softer, key=lambda motion: motion.duration_s)
        return best

    def _stretch_for(self, load: GripLoad, timed: TimedPath, name: str) -> float:
        """Least stretch at which the grip bears the load, by bisection."""
        n = max(9, int(np.ceil(timed.duration_s / self.period_s)))
        dt = timed.duration_s / n
        q = timed.at(np.linspace(0, timed.duration_s, n + 1))[0]
        centres, rotations = load.motion(q)
        acceleration = np.diff(centres, 2, axis=0) / dt**2

        def share(stretch: float) -> float:
            return float(load.share(rotations[1:-1], acceleration / stretch**2).max())

        if share(1.0) <= 1:
            return 1.0
        if share(_MAX_STRETCH) > 1:
            raise LimitError(f"{name}: {load.too_heavy(share(np.inf))}")
        low, high = 1.0, _MAX_STRETCH
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            low, high = (low, middle) if share(middle) <= 1 else (middle, high)
        return high
