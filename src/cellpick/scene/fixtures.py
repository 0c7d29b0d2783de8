"""Bodies of the table, the tray and the module, each in its own frame."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats, pose, rotation_z, translation
from cellpick.scene.arrangement import laid_size
from cellpick.scene.spec_fixtures import ModuleSpec, TraySpec
from cellpick.structures import CellModel, Solid

MM = 1e-3
TABLE_M = 3.0
"""Edge of the square table."""
PAD_M = 2e-3
"""Thickness of a pocket's pad."""


def box(name: str, low: Floats, high: Floats, material: str) -> Solid:
    """An upright box between two corners (3,)."""
    low_, high_ = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    return Solid(name, "box", high_ - low_, translation((low_ + high_) / 2), material)


def table() -> Solid:
    """A square plate round the world's origin whose top is at z = 0."""
    half = TABLE_M / 2
    return box("table", np.array([-half, -half, -0.04]), np.array([half, half, 0.0]), "table")


def tray_pitch(tray: TraySpec, cell: CellModel) -> Floats:
    """(2,) distance between cell centres along x and y."""
    if tray.pitch_mm is not None:
        return np.multiply(tray.pitch_mm, MM)
    result: Floats = laid_size(tray, cell)[:2] + tray.gap_mm * MM
    return result


def module_pitch(module: ModuleSpec, cell: CellModel) -> Floats:
    """(2,) distance between slot centres along x and y."""
    result: Floats = cell.size_m[:2] + (2 * module.clearance_mm + module.wall_thickness_mm) * MM
    return result


def grid(rows: int, columns: int, pitch: Floats) -> Floats:
    """(rows * columns, 2) places of a centred grid, row by row: x runs fastest."""
    x = (np.arange(columns) - (columns - 1) / 2) * pitch[0]
    y = (np.arange(rows) - (rows - 1) / 2) * pitch[1]
    return np.stack(np.broadcast_arrays(x[None, :], y[:, None]), axis=-1).reshape(-1, 2)


def tray_size(tray: TraySpec, cell: CellModel) -> Floats:
    """(3,) inner length and width, and height of the walls."""
    if tray.inner_size_mm is not None:
        return np.multiply((*tray.inner_size_mm, tray.wall_height_mm), MM)
    count = np.array([tray.columns, tray.rows])
    span = tray_pitch(tray, cell) * (count - 1) + laid_size(tray, cell)[:2]
    return np.append(span + 2 * tray.wall_clearance_mm * MM, tray.wall_height_mm * MM)


def module_size(module: ModuleSpec, cell: CellModel) -> Floats:
    """(3,) outer length and width, and height of the slot walls."""
    span = module_pitch(module, cell) * np.array([module.columns, module.rows])
    return np.append(span + module.wall_thickness_mm * MM, module.wall_height_mm * MM)


def tray_solids(tray: TraySpec, cell: CellModel, recess_m: float) -> list[Solid]:
    """Floor plate, walls and dividers in the tray frame; the plate lies `recess_m` below the origin
    so that pads that lie askew stay above it."""
    inner = tray_size(tray, cell)
    half, t = inner[:2] / 2, tray.wall_thickness_mm * MM
    bottom = -tray.floor_mm * MM
    outer = half + t
    solids = [
        box("tray.floor", np.append(-outer, bottom), np.append(outer, -recess_m), "tray_plastic")
    ]
    if tray.wall_height_mm > 0:
        solids += _frame("tray.wall", half, t, bottom, inner[2], "tray_plastic")
    if tray.divider_height_mm > 0 and tray.arrangement != "heap":
        solids += _dividers(tray, cell, half, recess_m)
    return solids


def _frame(
    name: str, half: Floats, t: float, bottom: float, top: float, material: str
) -> list[Solid]:
    """Four walls round an opening of half extents (2,)."""
    x, y = half
    spans = {
        "+x": ([x, -y - t], [x + t, y + t]),
        "-x": ([-x - t, -y - t], [-x, y + t]),
        "+y": ([-x, y], [x, y + t]),
        "-y": ([-x, -y - t], [x, -y]),
    }
    return [
        box(f"{name}.{side}", np.array([*low, bottom]), np.array([*high, top]), material)
        for side, (low, high) in spans.items()
    ]


def divider_thickness(tray: TraySpec, cell: CellModel) -> Floats:
    """(2,) thickness of the dividers across x and y; not above 0 where there is no room."""
    room = tray_pitch(tray, cell) - laid_size(tray, cell)[:2]
    result: Floats = room - 2 * tray.divider_clearance_mm * MM
    return result


def _dividers(tray: TraySpec, cell: CellModel, half: Floats, recess_m: float) -> list[Solid]:
    pitch, thick = tray_pitch(tray, cell), divider_thickness(tray, cell) / 2
    solids = []
    for axis, count in enumerate((tray.columns, tray.rows)):
        for k in range(count - 1):
            middle = (k + 1 - count / 2) * pitch[axis]
            low, high = np.append(-half, -recess_m), np.append(half, tray.divider_height_mm * MM)
            low[axis], high[axis] = middle - thick[axis], middle + thick[axis]
            solids.append(box(f"tray.divider.{'xy'[axis]}{k}", low, high, "tray_plastic"))
    return solids


def module_solids(module: ModuleSpec, cell: CellModel) -> list[Solid]:
    """Seat plate and slot walls in the module frame.

    A box's slots have full walls; round cells have four short walls a slot, which leave the
    diagonals free for fingers.
    """
    outer = module_size(module, cell)
    half = outer[:2] / 2
    base = box(
        "module.floor",
        np.append(-half, -module.floor_mm * MM),
        np.append(half, 0),
        "module_plastic",
    )
    if module.wall_height_mm == 0:
        return [base]
    walls = _round_walls if cell.shape == "cylinder" else _box_walls
    return [base, *walls(module, cell, half)]


def _box_walls(module: ModuleSpec, cell: CellModel, half: Floats) -> list[Solid]:
    pitch, t = module_pitch(module, cell), module.wall_thickness_mm * MM / 2
    solids = []
    for axis, count in enumerate((module.columns, module.rows)):
        for k in range(count + 1):
            middle = (k - count / 2) * pitch[axis]
            low, high = np.append(-half, 0.0), np.append(half, module.wall_height_mm * MM)
            low[axis], high[axis] = middle - t, middle + t
            solids.append(box(f"module.wall.{'xy'[axis]}{k}", low, high, "module_plastic"))
    return solids


def _round_walls(module: ModuleSpec, cell: CellModel, half: Floats) -> list[Solid]:
    pitch, t = module_pitch(module, cell), module.wall_thickness_mm * MM / 2
    short = cell.size_m[0] / 5
    solids = []
    for axis, count in enumerate((module.columns, module.rows)):
        across = (module.rows, module.columns)[axis]
        for k in range(count + 1):
            for j in range(across):
                middle = np.empty(2)
                middle[axis] = (k - count / 2) * pitch[axis]
                middle[1 - axis] = (j - (across - 1) / 2) * pitch[1 - axis]
                reach = np.full(2, short)
                reach[axis] = t
                low = np.append(middle - reach, 0.0)
                high = np.append(middle + reach, module.wall_height_mm * MM)
                name = f"module.wall.{'xy'[axis]}{k}.{j}"
                solids.append(box(name, low, high, "module_plastic"))
    return solids


def slot_poses(module: ModuleSpec, cell: CellModel) -> Floats:
    """(m, 4, 4) `Ts_module_slot`: wanted poses of seated cells, row by row."""
    places = grid(module.rows, module.columns, module_pitch(module, cell))
    wanted = module.polarity or (("+z",) if cell.shape == "cylinder" else ("+x", "-x"))
    turns = {
        "+x": np.eye(3),
        "+z": np.eye(3),
        "-x": rotation_z(np.pi),
        "-z": np.diag([1.0, -1.0, -1.0]),
    }
    R = np.stack([turns[wanted[i % len(wanted)]] for i in range(len(places))])
    height = np.full((len(places), 1), cell.height_m / 2)
    return pose(R, np.concatenate([places, height], axis=1))
