"""Ragged clouds as equal blocks: each cell's points dealt out to blocks of one size.

Point i of a cell with k blocks goes to block i mod k, so that every block by itself is an evenly
strided sample of its cell: a coarse round takes the first block of each. A block is padded with
points of no weight, and the moments of its points are matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats

Floats32 = NDArray[np.float32]
Indices = NDArray[np.int64]

BLOCK = 256
"""Points a block: as many serve a coarse round, and cells of 200 points are padded little."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """b blocks of k cells, sorted by cell; every cell has at least one."""

    arena: Floats32
    """(18, b, BLOCK) the points, then room for what a round makes of them: one piece of memory,
    so that the system need not find and clear its pages again for each round."""
    inv_sigma: Floats32
    """(b, BLOCK) inverse noise of each point; 0 where there is none."""
    cell: Indices
    """(b,) row of the cell."""
    first: Indices
    """(k,) first block of each cell."""
    count: Indices
    """(k,) points of each cell."""
    sigma_m: Floats
    """(k,) harmonic mean of their noise."""

    @property
    def points(self) -> Floats32:
        """(4, b, BLOCK) x, y, z, 1 of the points, relative to origins."""
        return self.arena[:4]

    @property
    def room_placed(self) -> Floats32:
        """(6, b, BLOCK) for coordinates and distances."""
        return self.arena[4:10]

    @property
    def room_weight(self) -> Floats32:
        """(3, b, BLOCK) for weights."""
        return self.arena[10:13]

    @property
    def room_pulls(self) -> Floats32:
        """(5, b, BLOCK) for products of points and weights."""
        return self.arena[13:]

    def sample(self) -> Blocks:
        """The first block of each cell."""
        k = np.arange(len(self.first))
        few = np.minimum(self.count, BLOCK)
        return replace(self._rows(self.first), cell=k, first=k, count=few)

    def _rows(self, rows: Indices) -> Blocks:
        """The same with some blocks only."""
        arena = _arena(len(rows))
        arena[:4] = self.points[:, rows]
        return replace(self, arena=arena, inv_sigma=self.inv_sigma[rows])

    def of(self, cells: Indices) -> Blocks:
        """The blocks of some cells (c,)."""
        number = np.diff(self.first, append=len(self.cell))[cells]
        first = np.cumsum(number) - number
        cell = np.repeat(np.arange(len(cells)), number)
        rows = np.arange(len(cell)) + (self.first[cells] - first)[cell]
        count, sigma_m = self.count[cells], self.sigma_m[cells]
        return replace(self._rows(rows), cell=cell, first=first, count=count, sigma_m=sigma_m)

    def share(self, chosen: NDArray[np.bool_]) -> Floats:
        """(k,) share of each cell's points that are `chosen` (b, BLOCK)."""
        there = self.inv_sigma > 0
        result: Floats = self.summed(np.count_nonzero(chosen & there, axis=1)) / self.count
        return result

    def summed(self, values: NDArray[Any]) -> Floats:
        """(k, ...) sums over each cell's blocks of values (b, ...)."""
        result: Floats = np.add.reduceat(values, self.first, axis=0, dtype=np.float64)
        return result


def _arena(blocks: int) -> Floats32:
    return np.empty((18, blocks, BLOCK), np.float32)


@dataclass(frozen=True, eq=False)
class Clouds:
    """Usable points by cell."""

    points: NDArray[np.floating]
    """(m, 3)."""
    inv_sigma: Floats32
    """(m,) or () inverse noise."""
    order: Indices | None
    """Rows of the points, sorted by cell; nothing where they are sorted and all usable."""
    count: Indices
    """(n,) usable points of each cell."""

    def blocks(self, cells: Indices, origins: NDArray[np.floating]) -> Blocks:
        """The blocks of some cells (k,), none of them empty, around `origins` (k, 3)."""
        count = self.count[cells]
        blocks = -(-count // BLOCK)
        first = np.cumsum(blocks) - blocks
        cell = np.repeat(np.arange(len(cells)), blocks)
        start = (np.cumsum(self.count) - self.count)[cells]
        at = blocks[cell, None] * np.arange(BLOCK)
        at += (np.arange(len(cell)) - first[cell] + start[cell])[:, None]
        end = (start + count)[cell, None]
        there = at < end
        np.minimum(at, end - 1, out=at)
        if self.order is not None:
            at = self.order[at]
        arena = _arena(len(cell))
        own = np.ascontiguousarray(self.points.T).take(at, axis=1, mode="clip")
        np.subtract(own, origins[cell].T[..., None], out=arena[:3], casting="same_kind")
        arena[3] = 1
        inv_sigma = there * (self.inv_sigma.take(at) if self.inv_sigma.ndim else self.inv_sigma)
        total = np.add.reduceat(inv_sigma.sum(axis=1), first, dtype=np.float64)
        return Blocks(arena, inv_sigma, cell, first, count, count / total)
