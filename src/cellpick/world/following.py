"""A trajectory as set points, one a physics step, and the report of following it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cellpick.geometry import Floats, frozen
from cellpick.scene.state import SceneState
from cellpick.structures import ArmModel, JointTrajectory
from cellpick.world.client import STEP_S

FollowStatus = Literal["ok", "blocked", "refused"]
START_RAD = 0.002
"""A controller refuses a trajectory that starts further than this from where the arm stands."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One instant of a motion."""

    state: SceneState
    """The truth."""
    dq: Floats
    """(6,) true joint speeds in rad/s."""
    q_reported: Floats
    """(6,) joint angles as the encoders latched them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "dq", frozen("dq", self.dq, (6,)))
        object.__setattr__(self, "q_reported", frozen("q_reported", self.q_reported, (6,)))


@dataclass(frozen=True)
class FollowReport:
    """What an arm's controller reports of a motion; `worst_error_m` is the truth."""

    status: FollowStatus
    """blocked: stopped on contact or because the arm fell behind; refused: it never started."""
    reason: str
    """In words, naming the bodies or the joint; empty for ok."""
    worst_error_m: float
    """Largest distance of the flange from where the set points wanted it."""
    final_error_m: float
    """The same at the end."""
    snapshots: tuple[Snapshot, ...] = ()
    """Instants that were asked for, as far as the arm came."""


def sample(trajectory: JointTrajectory) -> Floats:
    """(k, 6) set points after each of k steps; cubic Hermite between the samples.

    Motions take a whole number of steps: the last set point is the trajectory's end.
    """
    t = trajectory.times_s
    if len(t) < 2:
        return np.array(trajectory.q)
    steps = max(int(np.ceil((t[-1] - t[0]) / STEP_S - 1e-9)), 1)
    at = np.minimum(t[0] + STEP_S * np.arange(1, steps + 1), t[-1])
    i = np.clip(np.searchsorted(t, at, side="right") - 1, 0, len(t) - 2)
    h = np.maximum(t[i + 1] - t[i], 1e-12)[:, None]
    s = (at - t[i])[:, None] / h
    q, dq = trajectory.q, trajectory.dq
    result: Floats = (
        (1 + 2 * s) * (1 - s) ** 2 * q[i]
        + s * (1 - s) ** 2 * h * dq[i]
        + s**2 * (3 - 2 * s) * q[i + 1]
        + s**2 * (s - 1) * h * dq[i + 1]
    )
    return result


def steps_at(times_s: Sequence[float], steps: int) -> list[int]:
    """The physics step, of a motion of so many, that ends nearest to each time from its start."""
    return [int(np.clip(round(t / STEP_S) - 1, 0, steps - 1)) for t in times_s]


def too_slow(arm: ArmModel, lag: Floats) -> str:
    """Why an arm stops whose joints fell behind by `lag` (6,) radians, in words."""
    worst = int(lag.argmax())
    return (
        f"{arm.joint_names[worst]} fell behind by {lag[worst]:.3f} rad: its "
        f"{arm.effort_nm[worst]:g} N m are too few for the inertia and weight of its load"
    )


def tracking_error(arm: ArmModel, q: Floats, q_wanted: Floats) -> Floats:
    """(k,) distance of the flange from its wanted place, for joint angles (k, 6)."""
    p, p_wanted = (arm.flange_pose(angles)[..., :3, 3] for angles in (q, q_wanted))
    result: Floats = np.linalg.norm(p - p_wanted, axis=-1)
    return result
