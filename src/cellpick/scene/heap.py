"""Where the cells of a heap start: apart from each other, above the bin; physics lets them fall."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats, matrix_of, pose
from cellpick.scene.models import SceneModels

MARGIN_M = 2e-3
"""Room between falling cells, and from them to the walls."""


def dropped_cells(models: SceneModels, q: Floats, aside: Floats) -> Floats:
    """(n, 4, 4) `Ts_tray_cell` of falling cells, layer by layer above the bin.

    `q` (n, 4) are quaternions of any length: normal ones give attitudes uniform over all rotations
    (Shoemake 1992, "Uniform random rotations"). `aside` (n, 2), -1 to 1, shifts a cell as far as
    there is room.
    """
    n, cell = models.cell_count, models.cell
    room = float(np.linalg.norm(cell.size_m)) + MARGIN_M
    across = drop_grid(models)
    k = np.arange(n)
    column, layer = k % across.prod(), k // across.prod()
    slack = (models.tray_size_m[:2] - across * room) / 2
    grid = np.stack([column % across[0], column // across[0]], axis=1)
    p = (grid - (across - 1) / 2) * room + aside * slack / across
    height = models.tray_size_m[2] + (layer + 0.5) * room
    return pose(matrix_of(q / np.linalg.norm(q, axis=1, keepdims=True)), np.c_[p, height])


def drop_grid(models: SceneModels) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(2,) cells that fall beside each other along the bin's x and y; 0 where it is too narrow."""
    room = float(np.linalg.norm(models.cell.size_m)) + MARGIN_M
    result: np.ndarray[tuple[int], np.dtype[np.int64]] = np.floor(
        models.tray_size_m[:2] / room
    ).astype(np.int64)
    return result
