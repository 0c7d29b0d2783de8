"""Why a motion cannot be planned, on its way to the plan's status and reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from cellpick.errors import CellpickError, LimitError
from cellpick.geometry import Floats
from cellpick.structures import ArmModel, JointTrajectory, MotionPlan, MotionStatus

_Answer = TypeVar("_Answer")


class RefusedError(CellpickError):
    """Planning stopped; `answered` makes it the plan that says so."""

    def __init__(self, status: MotionStatus, reason: str) -> None:
        super().__init__(reason)
        self.status: MotionStatus = status


def answered(moves: Callable[[], tuple[JointTrajectory, ...]]) -> MotionPlan:
    """The plan of what `moves` returns, or of why it cannot."""
    try:
        return MotionPlan("ok", "", moves())
    except RefusedError as refusal:
        return MotionPlan(refusal.status, str(refusal), ())
    except LimitError as broken:
        return MotionPlan("limit", str(broken), ())


def asked_once(ask: Callable[..., _Answer]) -> Callable[..., _Answer]:
    """`ask`, a function of whole numbers, with its answers kept: a refusal is one too."""
    known: dict[tuple[int, ...], _Answer | RefusedError] = {}

    def answer(*args: int) -> _Answer:
        if args not in known:
            try:
                known[args] = ask(*args)
            except RefusedError as refusal:
                known[args] = refusal
        found = known[args]
        if isinstance(found, RefusedError):
            raise found
        return found

    return answer


def out_of_reach(arm: ArmModel, T_base_flange: Floats, what: str) -> RefusedError:
    """No branch brings the flange to a pose: how far off it lies."""
    shoulder = arm.Ts_parent_joint[0] @ arm.Ts_parent_joint[1]
    distance = float(np.linalg.norm(T_base_flange[:3, 3] - shoulder[:3, 3]))
    x, y, z = T_base_flange[:3, 3]
    return RefusedError(
        "unreachable",
        f"no branch of arm {arm.name} reaches {what}: flange at ({x:.3f}, {y:.3f}, {z:.3f}) m, "
        f"{distance:.3f} m from the shoulder; the arm's reach is {arm.reach_m:.3f} m",
    )
