"""A timed joint motion and the outcome of planning one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cellpick.geometry import Floats, frozen

MotionStatus = Literal["ok", "unreachable", "blocked", "limit"]


@dataclass(frozen=True, eq=False)
class JointTrajectory:
    """Samples of one motion from rest to rest."""

    name: str
    """What it is for: `transfer`, `approach`, `retreat`, ..."""
    times_s: Floats
    """(n,) from 0, rising."""
    q: Floats
    """(n, 6) joint angles in radians."""
    dq: Floats
    """(n, 6) joint speeds in rad/s."""
    ddq: Floats
    """(n, 6) joint accelerations in rad/s^2."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_s", frozen("times_s", self.times_s, (None,)))
        for name in ("q", "dq", "ddq"):
            shape = (self.times_s.shape[0], 6)
            object.__setattr__(self, name, frozen(name, getattr(self, name), shape))

    @property
    def duration_s(self) -> float:
        """Time of the last sample."""
        return float(self.times_s[-1])


@dataclass(frozen=True, eq=False)
class MotionPlan:
    """Planned motions in order, or why there are none."""

    status: MotionStatus
    """unreachable: no arm branch; blocked: every way collides; limit: a joint limit would break."""
    reason: str
    """In words, naming the bodies, the joint or the time; empty for ok."""
    moves: tuple[JointTrajectory, ...]
    """In order; empty unless ok."""
