"""Poses of the cells in their pockets and of what carries them, in the tray frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, exp_rotation, pose, rotation_z
from cellpick.scene.arrangement import Z_ALONG_X, filled_pockets, laid, laid_size
from cellpick.scene.fixtures import PAD_M, box
from cellpick.scene.models import SceneModels
from cellpick.structures import Solid

REST_M = 1e-5
"""Height above the pad that a cell starts at, so that nothing overlaps before gravity acts."""
PAD_SHARE = 0.8
"""A pad's extents as a share of the cell's: a jittered neighbour overhangs its own pad instead."""
CHOCK_SHARE = 0.6
"""Distance of a chock's inner edge from the axis of a lying cylinder, in radii."""
HALF_TURNS = np.array([np.diag(d) for d in ([1.0, -1, -1, 1], [-1.0, 1, -1, 1], [-1.0, -1, 1, 1])])
"""(3, 4, 4) half turns about the cell's own axes."""


def standing(models: SceneModels, jitter: Floats, lift_m: Floats) -> tuple[Floats, Floats]:
    """(n, 4, 4) poses of the cells and of their pads' top centres, in the tray frame.

    `jitter` (n, 5) are shifts and angles, `lift_m` (n,) how much too high a cell stands. A stack
    leans with its pad.
    """
    n, tray = len(jitter), models.spec.tray
    layer = filled_pockets(tray)[1]
    lean = np.concatenate([jitter[:, 3:5], np.zeros((n, 1))], axis=1)
    places = np.concatenate([models.p_tray_pocket, np.zeros((n, 1))], axis=1)
    Ts_tray_pad = pose(exp_rotation(lean), places)
    high = float(laid_size(tray, models.cell)[2])
    height = (high / 2 + REST_M + layer * (high + REST_M) + lift_m)[:, None]
    R = rotation_z(jitter[:, 2])
    if tray.arrangement != "upright":
        R = R @ laid(tray, models.cell)
    on_pad = pose(R, np.concatenate([jitter[:, :2], height], axis=1))
    return Ts_tray_pad @ on_pad, Ts_tray_pad


def turned_about(models: SceneModels, axes: NDArray[np.int64]) -> Floats:
    """(n, 4, 4) half turn in the cell's own frame of each cell that is drawn as turned.

    Upright cells turn in the one way that a person may put them in wrongly, a lying case in any of
    three: `axes` (n,) are the numbers of the cell's own axis.
    """
    if models.cell.shape == "cylinder":
        return np.broadcast_to(HALF_TURNS[0], (len(axes), 4, 4))
    if models.spec.tray.arrangement == "lying":
        result: Floats = HALF_TURNS[axes]
        return result
    return np.broadcast_to(HALF_TURNS[2], (len(axes), 4, 4))


def pads(models: SceneModels, Ts_tray_pad: Floats, lift_m: Floats) -> list[Solid]:
    """A thin plate under each stack, small enough that no neighbour stands on its edge; under a
    cell that stands too high by `lift_m` a block."""
    x, y, _ = PAD_SHARE * laid_size(models.spec.tray, models.cell) / 2
    low, high = np.array([-x, -y, -PAD_M]), np.array([x, y])
    first = np.flatnonzero(filled_pockets(models.spec.tray)[1] == 0)
    return [
        box(f"tray.pad.{i}", low, np.append(high, lift_m[i]), "tray_plastic").moved(Ts_tray_pad[i])
        for i in first
    ]


def cradles(models: SceneModels, Ts_tray_cell: Floats) -> list[Solid]:
    """Two strips along each lying cylinder that keep it from rolling; none for other cells."""
    tray, cell = models.spec.tray, models.cell
    if tray.arrangement != "lying" or cell.shape != "cylinder":
        return []
    radius, long = cell.size_m[0] / 2, 0.4 * cell.size_m[2]
    inner, top = CHOCK_SHARE * radius, (1 - np.sqrt(1 - CHOCK_SHARE**2)) * radius - radius
    strips = [
        box("", np.array([-long, y, -radius]), np.array([long, y + wide, top]), "tray_plastic")
        for y, wide in ((inner, 0.3 * radius), (-inner - 0.3 * radius, 0.3 * radius))
    ]
    T_cell_tray = np.eye(4)
    T_cell_tray[:3, :3] = Z_ALONG_X.T
    return [
        Solid(f"tray.cradle.{i}.{side}", "box", moved.size_m, moved.T_parent_solid, moved.material)
        for i, T in enumerate(Ts_tray_cell)
        for side, strip in zip("ab", strips, strict=True)
        for moved in [strip.moved(T @ T_cell_tray)]
    ]
