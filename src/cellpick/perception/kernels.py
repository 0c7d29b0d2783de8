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
    """(m, 3, k, k) real and imaginary part of the edges, of norm 1, and the share of each tile
    that lies in the face's zone; k is odd."""


def make_kernels(face: FaceEdges, cell: CellModel, pixel_m: float, tile_px: int) -> Kernels:
    """Sample a face at the mosaic's pixels and pool them, at each yaw."""
    tile_m = tile_px * pixel_m
    reach = float(np.hypot(*cell.size_m[:2])) / 2
    m = 1 if cell.turns_freely else int(np.ceil(np.pi * reach / (TIP_TILES * tile_m)))
    yaws = np.arange(m, dtype=np.float64) * (np.pi / m)
    k = 2 * int(np.ceil(reach / tile_m)) + 1
    xy = lattice((k * tile_px, k * tile_px), pixel_m)
    planes = np.empty((m, 3, k, k), np.float32)
    for row, yaw in enumerate(yaws):
        edges = pool(face.edges_after(xy, yaw), tile_px)
        edges /= np.linalg.norm(edges)
        zone = face.at(face.zone, turned_back(xy, yaw)).astype(np.complex64)
        planes[row] = edges.real, edges.imag, pool(zone, tile_px).real
    return Kernels(yaws, planes)
