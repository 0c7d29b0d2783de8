"""The tops of the cells in the cloud: where they are occupied, and how high they lie."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.perception.fusion import Cloud
from cellpick.perception.grid import Grid
from cellpick.structures import CellModel

TOP_TOLERANCE_M = 0.012
"""How far a top may lie from the cell's height above the region's support."""
BLUR_TILES = (1.5, 8.0)
"""Least and most smoothing of the height map."""
BLUR_SIGMA_M = 3e-4
"""Noise that the least smoothing serves; more asks for more."""
NOMINAL_READINGS = 0.05
"""Weight of the drawn height against one reading."""
WITHOUT_DEPTH = 0.5
"""Occupancy taken for granted where no camera measures depth: the pictures alone must tell."""


@dataclass(frozen=True, eq=False)
class Tops:
    """Maps on one grid."""

    grid: Grid
    """The tiles."""
    height_m: NDArray[np.float32]
    """(rows, columns) smoothed height of the tops above the region's origin; nominal where none
    is near."""
    occupied: NDArray[np.float32]
    """(rows, columns) +1 all readings at top height, -1 all elsewhere, 0 no readings;
    `WITHOUT_DEPTH` everywhere if there are none at all."""
    measured: bool
    """Whether any 3D camera gave readings at all."""


def at_top(cloud: Cloud, cell: CellModel) -> NDArray[np.bool_]:
    """Which points (n,) lie near the height of the cells' tops, raised features included."""
    raised = max((f.height_m for f in cell.features), default=0.0)
    above = cloud.p_region[:, 2] - np.float32(cell.height_m)
    tolerance = np.float32(TOP_TOLERANCE_M) + 2 * cloud.shared_m
    result: NDArray[np.bool_] = (above >= -tolerance) & (above <= tolerance + np.float32(raised))
    return result


def map_tops(cloud: Cloud, is_top: NDArray[np.bool_], cell: CellModel, grid: Grid) -> Tops:
    """Bin the cloud into the grid's tiles."""
    tile, on = grid.tiles_of(cloud.p_region[:, :2])
    n = grid.shape[0] * grid.shape[1]
    top = tile[on & is_top]
    n_top = np.bincount(top, minlength=n)
    n_all = np.bincount(tile[on], minlength=n)
    z = cloud.p_region[on & is_top, 2] - np.float32(cell.height_m)
    sum_z = np.bincount(top, weights=z, minlength=n)
    noise = float(np.median(cloud.sigma_m)) if len(cloud) else 0.0
    reach = float(np.clip(BLUR_TILES[0] * noise / BLUR_SIGMA_M, *BLUR_TILES))
    blur = [
        cv2.GaussianBlur(a.reshape(grid.shape).astype(np.float32), (0, 0), reach)
        for a in (sum_z, n_top)
    ]
    height = cell.height_m + blur[0] / (blur[1] + NOMINAL_READINGS)
    occupied = (2 * n_top - n_all) / np.maximum(n_all, 1)
    if not len(cloud):
        occupied = np.full(n, WITHOUT_DEPTH)
    return Tops(
        grid,
        height.astype(np.float32),
        occupied.reshape(grid.shape).astype(np.float32),
        len(cloud) > 0,
    )
