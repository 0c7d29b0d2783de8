"""What pictures and cloud say at the refined poses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert
from cellpick.perception.fine import matches
from cellpick.perception.fusion import SURE, Cloud
from cellpick.perception.grid import Grid
from cellpick.perception.pattern import FacePattern
from cellpick.perception.seat import EDGE_M, height_at, owners
from cellpick.perception.select import overlap_depth
from cellpick.perception.template import Template
from cellpick.perception.verify import Evidence
from cellpick.structures import SearchTask

CLEARLY_WORSE = 0.1
"""Of two that overlap, one whose match is worse by this is alone to blame."""
ON_TOP_M = 0.0015
"""A reading this near to the drawn top lies on it, what it may err by added."""

ABOVE_M = 0.003
"""A reading this far above the drawn top lies on something else, what it may err by added."""


def weigh(
    Ts_base_cell: Floats,
    task: SearchTask,
    field: NDArray[np.complex64],
    grid: Grid,
    templates: Sequence[Template],
    drawn: Sequence[FacePattern],
    cloud: Cloud,
) -> Evidence:
    """Evidence for n refined cells; the mosaic's `grid` also shares out the cloud among them."""
    cell = task.cell
    Ts = invert(task.T_base_region) @ Ts_base_cell
    over = Ts[:, 2, 2] < 0
    outward = np.where(over, -1.0, 1.0)[:, None] * Ts[:, :3, 2]
    xy = (Ts[:, :3, 3] + outward * cell.height_m / 2)[:, :2]
    yaw = np.arctan2(Ts[:, 1, 0], Ts[:, 0, 0])
    match = np.zeros(len(Ts))
    for template in templates:
        rows = np.flatnonzero(over == (template.face == "-z"))
        match[rows] = matches(xy[rows], yaw[rows], field, grid, template)
    label = owners(xy, yaw, cell, grid, EDGE_M).ravel()
    tile, on = grid.tiles_of(cloud.p_region[:, :2])
    owner = np.where(on, label[tile], -1)
    p = cloud.p_region[owner >= 0].astype(np.float64)
    doubt = SURE * cloud.doubt_m[owner >= 0]
    owner = owner[owner >= 0]
    n = len(Ts)
    above = height_above(p, owner, Ts, over, drawn, cell.height_m / 2)
    total = np.bincount(owner, minlength=n)
    on_top = np.bincount(owner, np.abs(above) < ON_TOP_M + doubt, n) / np.maximum(total, 1)
    over_it = np.bincount(owner, above > ABOVE_M + doubt, n) / np.maximum(total, 1)
    on_top[total == 0] = 1
    depth = overlap_depth(xy, yaw, cell)
    rival = match[None] > match[:, None] - CLEARLY_WORSE
    np.fill_diagonal(rival, False)
    deepest = np.where(rival, depth, -np.inf).max(1, initial=-np.inf)
    return Evidence(match, on_top, deepest, over_it)


def height_above(
    p: Floats,
    owner: NDArray[np.int32],
    Ts_region_cell: Floats,
    over: NDArray[np.bool_],
    drawn: Sequence[FacePattern],
    half_m: float,
) -> Floats:
    """Height (m,) of points (m, 3) above the drawn top of their owners, raised features included;
    `half_m` is half the cell's height."""
    R, t = Ts_region_cell[owner, :3, :3], Ts_region_cell[owner, :3, 3]
    q = np.einsum("mij,mi->mj", R, p - t)
    flip = np.where(over[owner], -1.0, 1.0)
    top = np.zeros(len(p))
    for pattern in drawn:
        here = over[owner] == (pattern.face == "-z")
        seen_from_above = q[here, :2] * np.stack([np.ones(here.sum()), flip[here]], -1)
        top[here] = height_at(pattern, seen_from_above)
    result: Floats = flip * q[:, 2] - half_m - top
    return result
