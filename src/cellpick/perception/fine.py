"""Fine search: each hypothesis climbs the mosaic's edge field in place and yaw.

The field is resampled once into each hypothesis's own frame; there the face after every small
motion is one column of a matrix that was drawn beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.climbing import best_move
from cellpick.perception.coarse import Hypotheses, trust
from cellpick.perception.grid import Grid
from cellpick.perception.patch import Patch
from cellpick.perception.pool import pool
from cellpick.perception.select import contenders
from cellpick.perception.template import Template
from cellpick.perception.tops import Tops
from cellpick.structures import CellModel

FINE_ROUNDS = 2
"""Climbs at the mosaic's pitch."""
ROUGH_RIVAL_SHARE = 0.85
"""After the first climb, one with less than this share of an overlapping one's score cannot win."""
MOST_ROWS = 30_000
"""OpenCV maps at most 32 767 rows at once."""


def climb(
    start: Hypotheses,
    field: NDArray[np.complex64],
    grid: Grid,
    tops: Tops,
    templates: Sequence[Template],
    cell: CellModel,
) -> Hypotheses:
    """The hypotheses at the best place and yaw nearby, judged there; without those that a better
    one then rules out."""
    half = grid.shape[0] // tops.grid.shape[0] // 2
    rough, fine = [t.rough for t in templates], [t.fine for t in templates]
    found = step(start, pool(field, half), grid.coarser(half), tops, rough, rough)
    found = contenders(found, cell, ROUGH_RIVAL_SHARE)
    for _ in range(FINE_ROUNDS):
        found = step(found, field, grid, tops, fine, rough)
    return found


def step(
    start: Hypotheses,
    field: NDArray[np.complex64],
    grid: Grid,
    tops: Tops,
    patches: Sequence[Patch],
    footprints: Sequence[Patch],
) -> Hypotheses:
    """The hypotheses after the best of their patch's motions; `footprints` say what each covers."""
    xy, yaw, score = start.xy_m.copy(), start.yaw.copy(), start.score.copy()
    for index, (patch, footprint) in enumerate(zip(patches, footprints, strict=True)):
        rows = np.flatnonzero(start.template == index)
        if not len(rows):
            continue
        seen = resampled(field, grid, patch, xy[rows], yaw[rows])
        (dx, dy, turn), response = best_move(seen, patch)
        c, s = np.cos(yaw[rows]), np.sin(yaw[rows])
        xy[rows] += np.stack([c * dx - s * dy, s * dx + c * dy], -1)
        yaw[rows] += turn
        occupied = lookup(tops.occupied, tops.grid, footprint, xy[rows], yaw[rows], -1.0)
        covered: NDArray[np.float32] = occupied.reshape(len(rows), -1) @ footprint.inside
        score[rows] = response / energy(seen, patch) * trust(covered)
    return Hypotheses(start.template, xy, yaw, score)


def matches(
    xy: Floats, yaw: Floats, field: NDArray[np.complex64], grid: Grid, template: Template
) -> Floats:
    """Normalised correlation (n,) of one face's edges with the field at these n poses, -1 to 1."""
    if not len(yaw):
        return np.zeros(0)
    seen = resampled(field, grid, template.fine, xy, yaw)
    result: Floats = (seen @ template.fine.edges).astype(np.float64) / energy(seen, template.fine)
    return result


def shown(
    xy: Floats, yaw: Floats, field: NDArray[np.complex64], grid: Grid, template: Template
) -> Floats:
    """(n,) share of the power of one face's edges that lies where the field is known, at these n
    poses."""
    known = (field != 0).astype(np.float32)
    there = lookup(known, grid, template.fine, xy, yaw, 0.0).reshape(len(yaw), -1)
    power = (template.fine.edges.reshape(-1, 2) ** 2).sum(axis=1)
    result: Floats = (there @ power).astype(np.float64)
    return result


def energy(seen: NDArray[np.float32], patch: Patch) -> Floats:
    """(n,) root of the edge power in the face's zone, of n resampled fields."""
    power: Floats = ((seen * seen) @ patch.zone).astype(np.float64)
    return np.sqrt(power + 1e-6)


def resampled(
    field: NDArray[np.complex64], grid: Grid, patch: Patch, xy: Floats, yaw: Floats
) -> NDArray[np.float32]:
    """(n, 2 places) the field in the frames of n poses, real and imaginary parts in turn; 0 off
    the grid."""
    planes = field.view(np.float32).reshape(*field.shape, 2)
    seen = lookup(planes, grid, patch, xy, yaw, 0.0).reshape(len(yaw), -1).view(np.complex64)
    seen *= np.exp(-2j * yaw).astype(np.complex64)[:, None]
    return seen.view(np.float32)


def lookup(
    values: NDArray[np.float32], grid: Grid, patch: Patch, xy: Floats, yaw: Floats, beyond: float
) -> NDArray[np.float32]:
    """(n r, c[, 2]) a map, linear between its tiles, at a patch's places in the frames of n poses;
    `beyond` off the grid."""
    c = (np.cos(yaw) / grid.step_m).astype(np.float32)[:, None]
    s = (np.sin(yaw) / grid.step_m).astype(np.float32)[:, None]
    x, y = ((xy - np.asarray(grid.origin_m)) / grid.step_m).astype(np.float32).T[..., None]
    columns = len(patch.x_m)
    u = ((x - s * patch.y_m)[:, :, None] + (c * patch.x_m)[:, None]).reshape(-1, columns)
    v = ((y + c * patch.y_m)[:, :, None] + (s * patch.x_m)[:, None]).reshape(-1, columns)
    parts = []
    for first in range(0, len(u), MOST_ROWS):
        rows = slice(first, first + MOST_ROWS)
        border = (beyond,) * 4
        parts.append(cv2.remap(values, u[rows], v[rows], cv2.INTER_LINEAR, borderValue=border))
    return np.asarray(np.concatenate(parts), np.float32)
