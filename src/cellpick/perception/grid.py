"""A horizontal grid of square tiles in the region frame, on which maps and mosaics lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats


@dataclass(frozen=True)
class Grid:
    """Tile (row, column) is centred at origin + step * (column, row); rows run along +y."""

    origin_m: tuple[float, float]
    """Centre of tile (0, 0) in the region's x and y."""
    step_m: float
    """Pitch."""
    shape: tuple[int, int]
    """Rows, columns."""

    def tiles_of(self, xy: NDArray[np.floating]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Flat tile indices (n,) of points (n, 2), and which of them are on the grid."""
        at = np.rint((xy - np.asarray(self.origin_m, xy.dtype)) / xy.dtype.type(self.step_m))
        column, row = at[:, 0].astype(np.intp), at[:, 1].astype(np.intp)
        on = (row >= 0) & (row < self.shape[0]) & (column >= 0) & (column < self.shape[1])
        return np.where(on, row * self.shape[1] + column, 0), on

    def centres(self) -> tuple[Floats, Floats]:
        """x and y, both (rows, columns), of the tiles' centres."""
        x = self.origin_m[0] + self.step_m * np.arange(self.shape[1])
        y = self.origin_m[1] + self.step_m * np.arange(self.shape[0])
        gx, gy = np.meshgrid(x, y)
        return gx, gy

    def coarser(self, factor: int) -> Grid:
        """The grid whose tiles are `factor` x `factor` tiles of this one; whole tiles only."""
        shift = (factor - 1) / 2 * self.step_m
        return Grid(
            (self.origin_m[0] + shift, self.origin_m[1] + shift),
            self.step_m * factor,
            (self.shape[0] // factor, self.shape[1] // factor),
        )
