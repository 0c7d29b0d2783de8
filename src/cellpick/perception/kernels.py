"""A face at every yaw of the coarse search, on its tiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.face_edges import FaceEdges, lattice, turned_back
from cellpick.perception.pool import pool
from cellpick.structures import CellModel

TIP_TILES = 2.0
"""Yaw step, as the way of the footprint's farthest point in tiles."""


@dataclass(frozen=True, eq=False)
class Kernels:
    """m yaws over half a turn, since the other half is the same, mirrored; one where the yaw means
    nothing."""

    yaw: Floats
    """(m,)."""
    planes: NDArray[np.float32]
    """(m, 3, r, c) real and imaginary part of the edges, of norm 1, and the share of each tile
    that lies in the face's zone; r and c are odd."""
    inset_m: Floats
    """(2,) how far inside the region's borders a cell's centre is at least, along x and y."""


def make_kernels(
    face: FaceEdges,
    cell: CellModel,
    pixel_m: float,
    tile_px: int,
    region_m: Floats | None = None,
) -> Kernels:
    """Sample a face at the mosaic's pixels and pool them, at each yaw; with `region_m` (2,) only at
    those at which the cell lies within a region of these extents."""
    tile_m = tile_px * pixel_m
    yaws = all_yaws(cell, tile_m)
    reach = np.full(2, np.hypot(*cell.size_m[:2]) / 2)
    inset = np.full(2, cell.size_m[:2].min() / 2)
    if region_m is not None:
        c, s = np.abs(np.cos(yaws)), np.abs(np.sin(yaws))
        extents = np.stack([c, s], -1) * cell.size_m[0] + np.stack([s, c], -1) * cell.size_m[1]
        fits = (extents <= region_m + tile_m).all(axis=1)
        yaws, extents = yaws[fits], extents[fits]
        reach = extents.max(axis=0, initial=tile_m) / 2
        inset = np.maximum(inset, extents.min(axis=0, initial=np.inf) / 2 - tile_m)
    columns, rows = (2 * int(np.ceil(e / tile_m)) + 1 for e in reach)
    xy = lattice((rows * tile_px, columns * tile_px), pixel_m)
    planes = np.empty((len(yaws), 3, rows, columns), np.float32)
    for row, yaw in enumerate(yaws):
        edges = pool(face.edges_after(xy, yaw), tile_px)
        edges /= np.linalg.norm(edges)
        zone = face.at(face.zone, turned_back(xy, yaw)).astype(np.complex64)
        planes[row] = edges.real, edges.imag, pool(zone, tile_px).real
    return Kernels(yaws, planes, inset)


def all_yaws(cell: CellModel, tile_m: float) -> Floats:
    """(m,) yaws over half a turn."""
    reach = float(np.hypot(*cell.size_m[:2])) / 2
    m = 1 if cell.turns_freely else int(np.ceil(np.pi * reach / (TIP_TILES * tile_m)))
    result: Floats = np.arange(m, dtype=np.float64) * (np.pi / m)
    return result
