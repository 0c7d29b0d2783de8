"""Cells that stand otherwise than the others: how high, and how they lean."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats, exp_rotation, pose, translation
from cellpick.scene.arrangement import filled_pockets
from cellpick.scene.fixtures import tray_pitch
from cellpick.scene.laying import HALF_TURNS, PAD_SHARE
from cellpick.scene.models import SceneModels
from cellpick.scene.spec_fixtures import TraySpec

HALF_OUT = 0.5
"""How much too high a cell that is half out stands, in cell heights."""
CLEAR_M = 1e-3
"""Gap that a leaning cell starts at from what it will fall against."""
STEEPEST_RAD = 0.7
"""A cell that leans farther slides down altogether."""
SIDES = {"+y": (0, 1), "-y": (0, -1), "+x": (1, 0), "-x": (-1, 0)}
"""Steps to the neighbouring pocket in columns and rows, in the order that a leaning cell tries."""


def lifts(models: SceneModels) -> tuple[Floats, Floats]:
    """(n,) metres that each cell stands too high, and (n,) how high what it stands on is."""
    cell = models.cell
    below = [f.height_m for f in cell.features if f.face == "+z"]
    lift = np.zeros(models.cell_count)
    block = np.zeros(models.cell_count)
    for row, kind in odd_rows(models):
        if kind == "half_out":
            lift[row] = block[row] = HALF_OUT * cell.height_m
        elif kind == "upside_down":
            lift[row] = max(below, default=0.0)
    return lift, block


def made_odd(models: SceneModels, Ts_tray_cell: Floats) -> Floats:
    """(n, 4, 4) the poses with odd cells turned over or leaning, ready to settle."""
    Ts: Floats = Ts_tray_cell.copy()
    for row, kind in odd_rows(models):
        if kind == "upside_down":
            Ts[row] = Ts[row] @ HALF_TURNS[0]
        elif kind == "tilted":
            side, angle = leaning(models, row)
            Ts[row] = _leaned(models, Ts[row], side, angle)
    return Ts


def odd_rows(models: SceneModels) -> list[tuple[int, str]]:
    """Row and pose of each odd cell that the tray holds."""
    pocket = filled_pockets(models.spec.tray)[0]
    return [
        (int(row), odd.pose)
        for odd in models.spec.tray.odd
        for row in np.flatnonzero(pocket == odd.pocket)
    ]


def leaning(models: SceneModels, row: int) -> tuple[str, float]:
    """The side that a tilted cell falls to, and the angle that it starts at; "" for none.

    It needs an empty pocket on that side, and a cell behind it that stops its fall.
    """
    tray, cell = models.spec.tray, models.cell
    filled = filled_pockets(tray)[0]
    for side in SIDES:
        axis = 0 if side[1] == "x" else 1
        beside, behind = (_neighbour(tray, int(filled[row]), side, k) for k in (1, 2))
        if beside < 0 or behind not in filled or beside in filled:
            continue
        half = float(cell.size_m[axis]) / 2
        reach = 2 * float(tray_pitch(tray, cell)[axis]) - half - CLEAR_M
        angles = np.linspace(0, STEEPEST_RAD, 701)
        pivot = PAD_SHARE * half
        corner = pivot + (half - pivot) * np.cos(angles) + cell.height_m * np.sin(angles)
        if corner[-1] >= reach:
            return side, float(angles[np.searchsorted(corner, reach) - 1])
    return "", 0.0


def _neighbour(tray: TraySpec, pocket: int, side: str, steps: int) -> int:
    """The pocket `steps` farther to a side; -1 beyond the tray."""
    column = pocket % tray.columns + steps * SIDES[side][0]
    row = pocket // tray.columns + steps * SIDES[side][1]
    inside = 0 <= column < tray.columns and 0 <= row < tray.rows
    return row * tray.columns + column if inside else -1


def _leaned(models: SceneModels, T_tray_cell: Floats, side: str, angle: float) -> Floats:
    """The pose (4, 4) turned about the edge of its pad by an angle, over to a side."""
    step = np.array([*SIDES[side], 0.0])
    half = PAD_SHARE * models.cell.size_m / 2
    foot = T_tray_cell[:3, 3] - [0.0, 0.0, models.cell.height_m / 2] + step * half
    turn = pose(exp_rotation(np.cross([0.0, 0.0, 1.0], step) * angle), np.zeros(3))
    result: Floats = translation(foot) @ turn @ translation(-foot) @ T_tray_cell
    return result
