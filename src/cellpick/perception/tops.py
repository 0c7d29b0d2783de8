"""The tops of the cells in the cloud: where they are occupied, and how high they lie."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.fusion import Cloud
from cellpick.perception.grid import Grid
from cellpick.structures import CellModel

TOP_TOLERANCE_M = 0.012
"""How far a top may lie from the cell's height above the region's support."""
BLUR_M = (0.003, 0.016)
"""Least and most smoothing of the height map."""
BLUR_SIGMA_M = 3e-4
"""Noise that the least smoothing serves; more asks for more."""
READINGS = 8
"""Enough readings a tile, of a cloud that covers the grid."""
FEW = 50_000
"""Readings of which none are left out."""
NOMINAL_READINGS = 0.05
"""Weight of the drawn height against one reading."""
WITHOUT_DEPTH = 0.5
"""Occupancy taken for granted where no camera measures depth: the pictures alone must tell. Glare
takes whole tops out of the depth, and an absent reading speaks against nothing."""


@dataclass(frozen=True, eq=False)
class Tops:
    """Maps on one grid."""

    grid: Grid
    """The tiles."""
    height_m: NDArray[np.float32]
    """(rows, columns) smoothed height of the tops above the region's origin; nominal where none
    is near."""
    occupied: NDArray[np.float32]
    """(rows, columns) +1 all readings at top height, -1 all elsewhere, `WITHOUT_DEPTH` where there
    are none."""
    measured: bool
    """Whether any 3D camera gave readings at all."""

    def height_at(self, xy_m: Floats) -> NDArray[np.float32]:
        """(n,) height at places (n, 2), on the map or nearest to it."""
        at = np.rint((xy_m - np.asarray(self.grid.origin_m)) / self.grid.step_m).astype(np.intp)
        column, row = (np.clip(at[:, i], 0, self.grid.shape[1 - i] - 1) for i in (0, 1))
        found: NDArray[np.float32] = self.height_m[row, column]
        return found


def tallest(cell: CellModel) -> float:
    """Height of what stands highest above an end face."""
    return max((f.height_m for f in cell.features if f.face[1] == "z"), default=0.0)


def at_top(cloud: Cloud, cell: CellModel) -> NDArray[np.bool_]:
    """Which points (n,) lie near the height of the cells' tops, raised features included."""
    raised = tallest(cell)
    off = np.abs(cloud.p_region[:, 2] - np.float32(cell.height_m + raised / 2))
    off -= 2 * cloud.shared_m
    result: NDArray[np.bool_] = off <= np.float32(TOP_TOLERANCE_M + raised / 2)
    return result


def map_tops(cloud: Cloud, is_top: NDArray[np.bool_], cell: CellModel, grid: Grid) -> Tops:
    """Bin the cloud into the grid's tiles; of a dense one every so many readings are enough."""
    n = grid.shape[0] * grid.shape[1]
    thin = slice(None, None, max(1, len(cloud) // max(READINGS * n, FEW)))
    p, is_top = cloud.p_region[thin], is_top[thin]
    tile, on = grid.tiles_of(p[:, :2])
    top = tile[on & is_top]
    n_top = np.bincount(top, minlength=n)
    n_all = np.bincount(tile[on], minlength=n)
    z = p[on & is_top, 2] - np.float32(cell.height_m)
    sum_z = np.bincount(top, weights=z, minlength=n)
    noise = float(np.median(cloud.sigma_m[thin])) if len(cloud) else 0.0
    reach = float(np.clip(BLUR_M[0] * noise / BLUR_SIGMA_M, *BLUR_M)) / grid.step_m
    blur = [
        cv2.GaussianBlur(a.reshape(grid.shape).astype(np.float32), (0, 0), reach)
        for a in (sum_z, n_top)
    ]
    height = cell.height_m + blur[0] / (blur[1] + NOMINAL_READINGS)
    share = (2 * n_top - n_all) / np.maximum(n_all, 1)
    occupied = np.where(n_all > 0, share, WITHOUT_DEPTH)
    return Tops(
        grid,
        height.astype(np.float32),
        occupied.reshape(grid.shape).astype(np.float32),
        len(cloud) > 0,
    )
