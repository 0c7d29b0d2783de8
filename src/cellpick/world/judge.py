"""The verdict on one attempt, from the truth alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cellpick.geometry import Floats, angle_between, exp_rotation, invert
from cellpick.scene.state import SceneState
from cellpick.structures import CellModel, OutcomeStatus, PickOutcome
from cellpick.world.attempt import AttemptRecord

LIFTED_M = 0.010
"""A cell counts as picked once it was this far above where it was gripped."""
REST_M_S = 0.005
"""A cell slower than this is at rest."""
REST_RAD_S = 0.05
"""As above, in rotation."""
BELOW_SEAT_M = 0.0005
"""Nothing seats a cell lower than this below its seat."""


@dataclass(frozen=True)
class Tolerances:
    """What counts as placed."""

    place_m: float
    """Largest error in the slot's plane."""
    place_rad: float
    """Largest error of the angles that the cell's symmetry leaves."""
    seat_m: float
    """Largest height above the seat."""


@dataclass(frozen=True)
class Placement:
    """Where a cell is against its slot."""

    position_m: float
    """Distance from the slot's axis in the slot's plane."""
    angle_rad: float
    """Angle that the cell's symmetry leaves."""
    height_m: float
    """Height above the seat."""
    polarity_ok: bool
    """Whether the positive side points where the slot wants it."""


def placement(cell: CellModel, T_slot_cell: Floats) -> Placement:
    """Errors of a cell's pose (4, 4) in the frame of its slot."""
    R = T_slot_cell[:3, :3]
    axis = 0 if cell.positive == "+x" else 2
    return Placement(
        position_m=float(np.hypot(*T_slot_cell[:2, 3])),
        angle_rad=_angle(cell, R),
        height_m=float(T_slot_cell[2, 3]),
        polarity_ok=bool(R[axis, axis] > 0),
    )


def judge_attempt(
    record: AttemptRecord,
    state: SceneState,
    slot: int,
    tolerances: Tolerances,
    speed_m_s: float,
    speed_rad_s: float,
) -> PickOutcome:
    """The outcome for the slot that the cell was meant for; the speeds are the moved cell's."""
    row = record.row
    found = None
    if row is not None and _in_module(state, row):
        T_world_slot = state.T_world_module @ state.Ts_module_slot[slot]
        found = placement(state.cell, invert(T_world_slot) @ state.Ts_world_cell[row])
    status, cause = _before_release(record, state)
    if not status:
        at_rest = speed_m_s < REST_M_S and speed_rad_s < REST_RAD_S
        status, cause = _in_slot(found, at_rest, tolerances)
    return PickOutcome(
        status=status,
        cause=cause,
        serial=state.serials[row] if row is not None else "",
        slot=slot,
        place_error_m=found.position_m if found else float("nan"),
        place_error_rad=found.angle_rad if found else float("nan"),
        seat_error_m=found.height_m if found else float("nan"),
        polarity_ok=found.polarity_ok if found else False,
        contacts=record.log.all(),
        shorts=tuple(record.shorts),
        peak_load_n=record.peak_load_n,
    )


def judge_again(
    outcome: PickOutcome,
    state: SceneState,
    tolerances: Tolerances,
    speed_m_s: float,
    speed_rad_s: float,
) -> PickOutcome:
    """A verdict of `placed` held against the truth now: a later placement may have moved the cell.

    Errors are measured anew; a cell that no longer stands as it should is misplaced, `moved_later`.
    """
    if outcome.status != "placed":
        return outcome
    row = state.serials.index(outcome.serial)
    T_world_slot = state.T_world_module @ state.Ts_module_slot[outcome.slot]
    found = placement(state.cell, invert(T_world_slot) @ state.Ts_world_cell[row])
    at_rest = speed_m_s < REST_M_S and speed_rad_s < REST_RAD_S
    status, _ = _in_slot(found, at_rest, tolerances)
    return replace(
        outcome,
        status=status,
        cause="" if status == "placed" else "moved_later",
        place_error_m=found.position_m,
        place_error_rad=found.angle_rad,
        seat_error_m=found.height_m,
        polarity_ok=found.polarity_ok,
    )


def _before_release(record: AttemptRecord, state: SceneState) -> tuple[OutcomeStatus | None, str]:
    """What went wrong before the cell was let go on purpose; no status when nothing did."""
    blocked = "collision" if record.blocked else ""
    if not record.grips:
        return "not_attempted", blocked or "no_grip"
    if record.row is None:
        empty = "seal_failed" if state.gripper.cups is not None else "jaws_empty"
        return "not_picked", blocked or empty
    if record.lift_m < LIFTED_M:
        return "not_picked", record.lost or blocked or "not_lifted"
    if record.lost:
        return "dropped", record.lost
    if not record.released:
        return "misplaced", blocked or "not_released"
    return None, ""


def _in_slot(
    found: Placement | None, at_rest: bool, tolerances: Tolerances
) -> tuple[OutcomeStatus, str]:
    if found is None:
        return "misplaced", "outside_module"
    checks = (
        (at_rest, "not_at_rest"),
        (found.polarity_ok, "wrong_polarity"),
        (found.position_m <= tolerances.place_m, "outside_tolerance"),
        (-BELOW_SEAT_M <= found.height_m <= tolerances.seat_m, "not_seated"),
        (found.angle_rad <= tolerances.place_rad, "outside_tolerance"),
    )
    failed = [cause for passed, cause in checks if not passed]
    return ("misplaced", failed[0]) if failed else ("placed", "")


def _in_module(state: SceneState, row: int) -> bool:
    """Whether a cell's centre is within the slots' outline, wider by half a cell."""
    if not len(state.Ts_module_slot):
        return False
    p = (invert(state.T_world_module) @ state.Ts_world_cell[row])[:3, 3]
    slots = state.Ts_module_slot[:, :3, 3]
    half = state.cell.size_m / 2
    return bool((p >= slots.min(axis=0) - half).all() and (p <= slots.max(axis=0) + half).all())


def _angle(cell: CellModel, R_slot_cell: Floats) -> float:
    """Least angle to the identity over the cell's declared symmetries."""
    best = float(angle_between(np.eye(3), R_slot_cell))
    for symmetry in cell.symmetries:
        axis = symmetry.axis / np.linalg.norm(symmetry.axis)
        if symmetry.fold == 0:
            cosine = np.clip(axis @ R_slot_cell @ axis, -1.0, 1.0)
            sine = np.linalg.norm(np.cross(axis, R_slot_cell @ axis))
            best = min(best, float(np.arctan2(sine, cosine)))
            continue
        turns = np.arange(symmetry.fold) * (2 * np.pi / symmetry.fold)
        turned = exp_rotation(turns[:, None] * axis)
        best = min(best, float(angle_between(turned, R_slot_cell).min()))
    return best
