"""What the search looks for: a face's edges and footprint, sampled as each stage needs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from cellpick.geometry import Floats
from cellpick.perception.face_edges import FaceEdges, face_edges
from cellpick.perception.kernels import Kernels, make_kernels
from cellpick.perception.patch import Patch, make_patch
from cellpick.perception.pattern import Face, FacePattern
from cellpick.structures import CellModel

ROUGH_SHIFTS, ROUGH_TURNS = 2, 3
"""Half tiles to each side that the first climb tries, and the same of the farthest point's turn."""
MOST_TILES = 60
"""A cell that is longer than this many tiles has kernels too many and too large to keep: they are
drawn for each region, for the few yaws at which such a cell lies within it."""
FINE_SHIFTS, FINE_TURNS = 1, 2
"""Pixels to each side that the last climbs try, and the same of the farthest point's turn."""


@dataclass(frozen=True, eq=False)
class Template:
    """One face that looks up, as seen from above."""

    face: Face
    """The face."""
    kernels_in: Callable[[Floats], Kernels]
    """Those for the coarse search of a region of these extents (2,)."""
    rough: Patch
    """For the first climb, at half a tile's pitch."""
    fine: Patch
    """For the last climbs, at the mosaic's pitch."""


def make_template(
    drawn: FacePattern, cell: CellModel, pixel_m: float, tile_px: int, sigma_px: float
) -> Template:
    """Sample a drawn face for a mosaic of these pixels and tiles of `tile_px` of them, an even
    number; `sigma_px` is the smoothing of the mosaic's edges."""
    face = face_edges(drawn, sigma_px * pixel_m / drawn.step_m)
    half_px = tile_px // 2

    def patch(pool_px: int, shifts: int, turns: int) -> Patch:
        step_m = pool_px * pixel_m
        shift: Floats = step_m * np.arange(-shifts, shifts + 1, dtype=np.float64)
        reach = float(np.hypot(*cell.size_m[:2])) / 2
        turn: Floats = step_m / reach * np.arange(-turns, turns + 1, dtype=np.float64)
        if cell.turns_freely:
            turn = np.zeros(1)
        return make_patch(face, pixel_m, pool_px, (shift, shift, turn))

    return Template(
        drawn.face,
        _kernels(face, cell, pixel_m, tile_px),
        patch(half_px, ROUGH_SHIFTS, ROUGH_TURNS),
        patch(1, FINE_SHIFTS, FINE_TURNS),
    )


def _kernels(
    face: FaceEdges, cell: CellModel, pixel_m: float, tile_px: int
) -> Callable[[Floats], Kernels]:
    if cell.size_m[:2].max() > MOST_TILES * tile_px * pixel_m:
        return partial(make_kernels, face, cell, pixel_m, tile_px)
    kept = make_kernels(face, cell, pixel_m, tile_px)
    return lambda _: kept
