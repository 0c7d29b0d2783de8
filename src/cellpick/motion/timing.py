"""Jerk-limited timing of a joint path, so that every joint keeps its three limits.

Ruckig (Berscheid and Kroeger 2021, "Jerk-limited real-time trajectory generation with arbitrary
target states") gives the scalar motion s(t) from rest to rest; a uniform stretch of time by k
divides speeds by k, accelerations by k^2 and jerks by k^3, so the least k that fits is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ruckig import InputParameter, Result, Ruckig, Trajectory

from cellpick.errors import LimitError
from cellpick.geometry import Floats
from cellpick.motion.paths import JointPath
from cellpick.structures import ArmModel

_HEADROOM = 0.99
_GRID = 65
_CHECK_HZ = 480.0
_SPEED_SHARES = (1.0, 0.75, 0.55, 0.4, 0.28)
_LEAST_CHECKS = 33
_BESIDE_S = np.array([-1e-4, -1e-6, -1e-9, 1e-9, 1e-6, 1e-4])
_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Profile:
    """A scalar jerk-limited motion s(t) from 0 to 1: constant jerk in each phase."""

    starts_s: Floats
    """(p,) when each phase starts."""
    states: Floats
    """(p, 4) position, speed, acceleration and jerk at each phase's start."""
    duration_s: float
    """When s is 1."""

    def at(self, times_s: Floats) -> Floats:
        """s and its first three derivatives (4, n) at times (n,)."""
        row = np.clip(np.searchsorted(self.starts_s, times_s, side="right") - 1, 0, None)
        p, v, a, j = self.states[row].T
        t = times_s - self.starts_s[row]
        return np.stack(
            [p + t * (v + t * (a / 2 + t * j / 6)), v + t * (a + t * j / 2), a + t * j, j]
        )


@dataclass(frozen=True, eq=False)
class TimedPath:
    """A path with its timing: s(t / stretch)."""

    path: JointPath
    """Where it goes."""
    profile: Profile
    """How s runs before the stretch."""
    stretch: float
    """How many times slower than the profile."""

    @property
    def duration_s(self) -> float:
        """From rest to rest."""
        return self.profile.duration_s * self.stretch

    def at(self, times_s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Angles and their first three derivatives by time, (n, 6) each, at times (n,)."""
        k = self.stretch
        s, ds, dds, ddds = self.profile.at(np.asarray(times_s) / k)[..., None]
        q1, q2, q3 = (self.path.at(s[:, 0], order) for order in (1, 2, 3))
        dq = q1 * ds / k
        ddq = (q2 * ds**2 + q1 * dds) / k**2
        dddq = (q3 * ds**3 + 3 * q2 * ds * dds + q1 * ddds) / k**3
        return self.path.at(s[:, 0]), dq, ddq, dddq

    def stretched(self, factor: float) -> TimedPath:
        """The same motion, slower by `factor`."""
        return TimedPath(self.path, self.profile, self.stretch * factor)


def fastest(
    path: JointPath, arm: ArmModel, max_rate: float = np.inf, calm: float = 1.0
) -> TimedPath:
    """The path in the least time that one jerk-limited s(t) allows.

    `max_rate` bounds ds/dt in 1/s; `calm` below 1 takes that share of the accelerations and jerks
    that the joints would allow. Raises `LimitError` when the path does not move.
    """
    slope = np.abs(path.at(np.linspace(0, 1, _GRID), 1)).max(axis=0)
    if slope.max() < _TINY:
        raise LimitError("a path of no length has no timing")
    limits = (arm.velocity_rad_s, arm.acceleration_rad_s2, arm.jerk_rad_s3)
    rate, *others = [float((limit / np.maximum(slope, _TINY)).min()) for limit in limits]
    others = [calm * other for other in others]
    best: TimedPath | None = None
    for share in _SPEED_SHARES:
        top = min(rate, max_rate) * share
        timed = TimedPath(path, _rest_to_rest(top, *others), 1.0)
        timed = timed.stretched(max(_needed_stretch(timed, arm), top / max_rate))
        if best is None or timed.duration_s < best.duration_s:
            best = timed
    assert best is not None
    return best


def on_grid(timed: TimedPath, period_s: float) -> TimedPath:
    """Slower by less than one period, so that the motion ends on a whole sample."""
    periods = max(1, int(np.ceil(timed.duration_s / period_s - 1e-9)))
    return timed.stretched(periods * period_s / timed.duration_s)


def _rest_to_rest(rate: float, acceleration: float, jerk: float) -> Profile:
    """The fastest s(t) from 0 to 1 within three limits, in 1/s, 1/s^2 and 1/s^3."""
    task = InputParameter(1)
    task.current_position, task.target_position = [0.0], [1.0]
    task.max_velocity, task.max_acceleration, task.max_jerk = [rate], [acceleration], [jerk]
    trajectory = Trajectory(1)
    if Ruckig(1).calculate(task, trajectory) != Result.Working:
        raise LimitError(f"no timing within rates of {rate}, {acceleration} and {jerk}")
    phases = trajectory.profiles[0][0]
    durations = np.array(phases.t)
    moving = durations > 0
    starts = np.concatenate([[0.0], np.cumsum(durations)[:-1]])
    states = np.stack([phases.p[:7], phases.v[:7], phases.a[:7], phases.j], axis=-1)
    return Profile(starts[moving], states[moving], float(trajectory.duration))


def _needed_stretch(timed: TimedPath, arm: ArmModel) -> float:
    """Least stretch that keeps every joint within its limits, with a little headroom."""
    profile = timed.profile
    even: Floats = np.linspace(
        0, profile.duration_s, int(profile.duration_s * _CHECK_HZ) + _LEAST_CHECKS
    )
    # jerk jumps where a phase of s(t) or a piece of the path ends: look on both sides
    at_knots = np.interp(timed.path.knots, profile.at(even)[0], even)
    jumps = np.concatenate([profile.starts_s, at_knots])[:, None] + _BESIDE_S
    times = np.clip(np.concatenate([even, jumps.ravel()]), 0, profile.duration_s)
    _, dq, ddq, dddq = timed.at(times)
    speed = (np.abs(dq) / arm.velocity_rad_s).max()
    acceleration = (np.abs(ddq) / arm.acceleration_rad_s2).max()
    jerk = (np.abs(dddq) / arm.jerk_rad_s3).max()
    return float(
        max(speed / _HEADROOM, (acceleration / _HEADROOM) ** (1 / 2), (jerk / _HEADROOM) ** (1 / 3))
    )
