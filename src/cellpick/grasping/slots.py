"""Which slot a cell goes to, and the TCP poses that seat it there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats, angle_between, checked, invert, pose
from cellpick.geometry.symmetries import rotation_group
from cellpick.grasping.bodies import (
    Obstacles,
    cells_as_obstacles,
    gripper_parts,
    joined,
    parts_of,
    repeated,
)
from cellpick.grasping.candidates import clearance
from cellpick.grasping.faces import ends_up
from cellpick.grasping.jaws import jaw_parts
from cellpick.structures import CellModel, Recipe

FREE_STEPS = 72
"""A symmetry by any angle is tried every 5 degrees."""
ENOUGH_M = 0.002
"""Room beyond this is all the same when a cell is placed."""
ROOM_STEP_M = 0.00025
"""Rooms within one step count as equal."""


@dataclass(frozen=True)
class SlotChoice:
    """The slot for one cell, or why there is none."""

    status: Literal["ok", "full", "wrong_end_up"]
    """full: no slot is free; wrong_end_up: none of the free ones wants the cell's upper end up."""
    reason: str
    """In words; empty for ok."""
    slot: int
    """Row of the slot; -1 unless ok."""


def next_slot(recipe: Recipe, T_base_cell: Floats, filled: Collection[int] = ()) -> SlotChoice:
    """The first free slot that wants the end up that the cell (4, 4) has up.

    `filled` are the rows of the slots that are taken. A wrist cannot turn a cell on its head, so
    a slot fits only a cell whose upper end is the slot's; any turn about the vertical it can.
    """
    T = checked("T_base_cell", T_base_cell, (4, 4))
    wanted = ends_up(recipe.Ts_base_slot)
    taken = set(filled)
    free = [slot for slot in range(len(wanted)) if slot not in taken]
    if not free:
        return SlotChoice("full", f"all {len(wanted)} slots are filled", -1)
    end = int(ends_up(T[None])[0])
    fits = [slot for slot in free if wanted[slot] == end]
    if not fits:
        name = "+z" if end > 0 else "-z"
        return SlotChoice("wrong_end_up", f"no free slot wants the {name} end up", -1)
    return SlotChoice("ok", "", fits[0])


def place_pose(recipe: Recipe, T_tcp_cell: Floats, slot: int) -> Floats:
    """TCP poses (k, 4, 4) in the base frame that seat the held cell in `slot`, one a symmetry.

    `T_tcp_cell` (4, 4) is the held cell. First come those that leave the open gripper most room in
    a module whose other slots are filled, then those that turn the wrist least from the tray's
    direction. The turn by 180 degrees for polarity lies in the slot's own pose. Raises
    `InputError` for a slot that the module lacks.
    """
    count = len(recipe.Ts_module_slot)
    if not 0 <= slot < count:
        raise InputError("no such slot", got=slot, accepted=f"0 to {count - 1}")
    T_cell_tcp = invert(checked("T_tcp_cell", T_tcp_cell, (4, 4)))
    turns = pose(symmetry_rotations(recipe.cell), np.zeros(3))
    Ts: Floats = recipe.Ts_base_slot[slot] @ turns @ T_cell_tcp
    down = recipe.T_base_tray[:3, :3] @ np.diag([1.0, -1.0, -1.0])
    turn = np.round(angle_between(Ts[:, :3, :3], down), 9)
    room = np.floor(np.minimum(_room(recipe, Ts, slot), ENOUGH_M) / ROOM_STEP_M)
    return Ts[np.lexsort((turn, -room))]


def _room(recipe: Recipe, Ts_base_tcp: Floats, slot: int) -> Floats:
    """Clearance (k,) of the wide open gripper over `slot` when all other slots are filled."""
    k = len(Ts_base_tcp)
    others = np.delete(recipe.Ts_base_slot, slot, axis=0)
    cells = cells_as_obstacles(recipe.cell, others, np.zeros(len(others)))
    fixed = parts_of(recipe.fixtures)
    bodies = joined(cells.parts, fixed)
    count = len(bodies.names)
    parts = repeated(gripper_parts(recipe.gripper), k)
    jaws = recipe.gripper.jaws
    if jaws is not None:
        parts = joined(parts, jaw_parts(jaws, np.full(k, jaws.opening_m[1])))
    obstacles = Obstacles(bodies, np.zeros(count), np.full(count, -1))
    return clearance(Ts_base_tcp, parts, obstacles, np.full(k, -2), np.zeros(k))[0]


def symmetry_rotations(cell: CellModel) -> Floats:
    """The cell's symmetries (k, 3, 3), the identity first; any angle is sampled."""
    axes = np.array([s.axis for s in cell.symmetries]).reshape(-1, 3)
    folds = [s.fold for s in cell.symmetries]
    return rotation_group(axes, np.array(folds, dtype=np.int64), FREE_STEPS)
