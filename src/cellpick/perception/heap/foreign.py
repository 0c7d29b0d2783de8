"""What lies among the cells and is none of them: readings that no cell and no wall explains."""

from __future__ import annotations

import cv2
import numpy as np

from cellpick.geometry import Floats, invert, pose, rotation_z, transform
from cellpick.perception.heap.hypotheses import Hypotheses
from cellpick.perception.heap.surface import Surface
from cellpick.structures import ForeignObject, SearchTask

THINNED = 2
"""One reading in so many, along both image axes, is looked at."""
BORDER_M = 0.009
"""Readings nearer to the region's border are taken for its walls."""
FLOOR_M = 0.004
"""Readings lower than this above the floor are taken for it."""
CLEAR_M = 0.003
"""Readings this near to a cell are taken for its own."""
TILE_M = 0.004
"""Pitch of the map in which readings that belong together touch."""
LEAST_TILES = 28
"""Smaller patches may be slivers of hidden cells: 28 tiles are a third of a cell's side."""
LEAST_LENGTH_M = 0.03
"""Shorter ones may be ends of hidden cells."""
LEAST_WIDTH_M = 0.004
"""Narrower ones may be slivers of walls."""
LEAST_FILL = 2
"""Readings that make a tile count."""


def foreign_objects(p: Floats, task: SearchTask) -> tuple[ForeignObject, ...]:
    """A box round each patch of the readings (m, 3) that nothing explains."""
    size = task.region_size_m[:2]
    shape = tuple(np.ceil(size / TILE_M).astype(int) + 1)
    tile = np.floor((p[:, :2] + size / 2) / TILE_M).astype(int)
    fill = np.bincount(np.ravel_multi_index(tuple(tile.T), shape), minlength=int(np.prod(shape)))
    counted = (fill.reshape(shape) >= LEAST_FILL).astype(np.uint8)
    n, label = cv2.connectedComponents(counted, connectivity=8)
    own = label[tile[:, 0], tile[:, 1]]
    objects = []
    for patch in range(1, n):
        if int((label == patch).sum()) < LEAST_TILES:
            continue
        box = _box(p[own == patch], task)
        if box.size_m.max() > LEAST_LENGTH_M and box.size_m[:2].min() > LEAST_WIDTH_M:
            objects.append(box)
    return tuple(objects)


def unexplained(surfaces: list[Surface], found: Hypotheses, task: SearchTask) -> Floats:
    """(m, 3) readings that are neither of a cell nor of the floor or the walls."""
    radius_m, height_m = float(task.cell.size_m[0]) / 2, task.cell.height_m
    half = task.region_size_m[:2] / 2 - BORDER_M
    parts = [np.zeros((0, 3))]
    own = found.axis_of_piece
    for surface, label in zip(surfaces, found.pieces.label, strict=True):
        of_cell = own[label[::THINNED, ::THINNED]] >= 0
        seen = surface.p_region[::THINNED, ::THINNED]
        with np.errstate(invalid="ignore"):
            inside = (np.abs(seen[..., :2]) < half).all(-1) & (seen[..., 2] > FLOOR_M)
        parts.append(
            seen[inside & ~of_cell & surface.steady[::THINNED, ::THINNED]].astype(np.float64)
        )
    p: Floats = np.concatenate(parts, dtype=np.float64)
    T = invert(found.Ts)
    q = T[:, :3, :3] @ p.T + T[:, :3, 3:]
    side = q[:, 0] ** 2 + q[:, 1] ** 2 < (radius_m + CLEAR_M) ** 2
    near = side & (np.abs(q[:, 2]) < height_m / 2 + CLEAR_M)
    result: Floats = p[~near.any(axis=0)]
    return result


def _box(p: Floats, task: SearchTask) -> ForeignObject:
    """The box round points (m, 3) that is turned as they lie in the plane."""
    middle = p[:, :2].mean(axis=0)
    spread = np.cov((p[:, :2] - middle).T) if len(p) > 2 else np.eye(2)
    long = np.linalg.eigh(spread)[1][:, 1]
    T = pose(rotation_z(np.arctan2(long[1], long[0])), np.append(middle, 0.0))
    q = transform(invert(T), p)
    low, high = q.min(axis=0), q.max(axis=0)
    T[:3, 3] = transform(T, (low + high)[None] / 2)[0]
    reason = f"{len(p)} readings that are of no cell, no wall and not the floor"
    return ForeignObject(task.T_base_region @ T, np.maximum(high - low, 1e-3), reason)
