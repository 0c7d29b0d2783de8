"""Rough full poses of chosen hypotheses: height and tilt from the cloud of their tops."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, exp_rotation, pose, rotation_z
from cellpick.perception.coarse import Hypotheses
from cellpick.perception.fusion import Cloud
from cellpick.perception.grid import Grid
from cellpick.perception.pattern import FacePattern
from cellpick.perception.tops import Tops
from cellpick.structures import CellModel

EDGE_M = 0.002
"""Points this near to the outline are left out: they may be the neighbour's or flying."""
TILT_SIGMA_RAD = 0.03
"""How much a cell may lean; keeps the fit of few or noisy points sane."""
FIT_SIGMA_M = 0.001
"""Least scale of the robust fit (Geman-McClure weights): raised edges and flying points fall
out."""
ENOUGH = 500
"""Mean number of points used a cell."""
ROUNDS = 5
"""Reweightings."""
UPSIDE_DOWN = exp_rotation(np.array([np.pi, 0.0, 0.0]))
"""Turns the -z face up."""


def owners(
    xy: Floats, yaw: Floats, cell: CellModel, grid: Grid, inset_m: float
) -> NDArray[np.int32]:
    """(rows, columns) which footprint each tile lies under, -1 none; a polygon fill per cell."""
    label = np.full(grid.shape, -1, np.int32)
    a, b = cell.size_m[:2] / 2 - inset_m
    if cell.shape == "cylinder":
        t = np.arange(32) * (2 * np.pi / 32)
        corners = a * np.stack([np.cos(t), np.sin(t)], -1)
    else:
        corners = np.array([[a, b], [-a, b], [-a, -b], [a, -b]])
    turn = np.swapaxes(rotation_z(yaw)[:, :2, :2], -1, -2)
    outlines = (corners @ turn + xy[:, None] - np.asarray(grid.origin_m)) / grid.step_m
    for row, outline in enumerate(outlines):
        # 4 fractional bits, so that an outline is right to a sixteenth of a tile
        cv2.fillConvexPoly(label, np.rint(outline * 16).astype(np.int32), row, shift=4)
    return label


def seat(
    found: Hypotheses,
    cloud: Cloud,
    is_top: NDArray[np.bool_],
    cell: CellModel,
    drawn: Sequence[FacePattern],
    grid: Grid,
    tops: Tops,
) -> Floats:
    """`Ts_region_cell` (n, 4, 4); the map's height and no tilt where there are no points."""
    n = len(found)
    label = owners(found.xy_m, found.yaw, cell, grid, EDGE_M).ravel()
    tile, on = grid.tiles_of(cloud.p_region[:, :2])
    owner = np.where(on & is_top, label[tile], -1)
    rows = np.flatnonzero(owner >= 0)
    stride = max(1, len(rows) // (ENOUGH * max(n, 1)))
    rows = rows[::stride]
    repeats = np.maximum(cloud.repeats[rows] / stride, 1.0).astype(np.float64)
    p, owner = cloud.p_region[rows].astype(np.float64), owner[rows]
    local = in_footprint(p[:, :2], found, owner)
    raised = np.zeros(len(p))
    for index, pattern in enumerate(drawn):
        here = found.template[owner] == index
        raised[here] = height_at(pattern, local[here])
    height = tops.height_at(found.xy_m).astype(np.float64) - cell.height_m
    z = p[:, 2] - cell.height_m - raised - height[owner]
    scale = np.hypot(FIT_SIGMA_M, 2 * cloud.sigma_m[rows].astype(np.float64))
    plane = fit_planes(local, z, owner, n, scale, repeats)
    plane[:, 2] += height
    return poses_on(plane, found, cell, [pattern.face == "-z" for pattern in drawn])


def in_footprint(xy: Floats, found: Hypotheses, owner: NDArray[np.int32]) -> Floats:
    """Points (m, 2) of the region in their owners' frames seen from above."""
    d = xy - found.xy_m[owner]
    c, s = np.cos(found.yaw)[owner], np.sin(found.yaw)[owner]
    return np.stack([c * d[:, 0] + s * d[:, 1], c * d[:, 1] - s * d[:, 0]], -1)


def height_at(pattern: FacePattern, xy: Floats) -> Floats:
    """Raised height (m,) of the drawn face at places (m, 2) seen from above."""
    column, row = np.rint((xy - pattern.xy[0, 0]) / pattern.step_m).astype(np.intp).T
    h, w = pattern.height_m.shape
    result: Floats = pattern.height_m[np.clip(row, 0, h - 1), np.clip(column, 0, w - 1)]
    return result


def fit_planes(
    xy: Floats, z: Floats, owner: NDArray[np.int32], n: int, scale_m: Floats, repeats: Floats
) -> Floats:
    """(n, 3) a, b, c of z = a x + b y + c per owner, robust; zeros where there are no points.

    `scale_m` (m,) is the points' scatter; `repeats` (m,) of them count as one.
    """
    A = np.column_stack([xy, np.ones(len(xy))])
    prior = np.diag([TILT_SIGMA_RAD**-2.0] * 2 + [1.0])
    share = 1 / (scale_m**2 * repeats)
    plane = np.zeros((n, 3))
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(n + 1))
    for i in range(n):
        rows = order[starts[i] : starts[i + 1]]
        if len(rows):
            plane[i, 2] = np.median(z[rows])
    for round_ in range(ROUNDS):
        r = z - (A * plane[owner]).sum(1)
        scale = scale_m * 2.0 ** max(0, 2 - round_)
        weight = share / (1 + (r / scale) ** 2) ** 2
        M = np.zeros((n, 3, 3))
        v = np.zeros((n, 3))
        for i in range(3):
            v[:, i] = np.bincount(owner, weight * A[:, i] * z, n)
            for j in range(3):
                M[:, i, j] = np.bincount(owner, weight * A[:, i] * A[:, j], n)
        plane[:] = np.linalg.solve(M + prior, v[..., None])[..., 0]
    return plane


def poses_on(plane: Floats, found: Hypotheses, cell: CellModel, over: Sequence[bool]) -> Floats:
    """`Ts_region_cell` (n, 4, 4) of cells whose tops lie in these planes; `over` says which
    templates are of the -z face."""
    a, b, c = plane.T
    lean = exp_rotation(np.stack([b, -a, np.zeros_like(a)], -1))
    R = rotation_z(found.yaw) @ lean
    centre = np.column_stack([found.xy_m, cell.height_m + c]) - R[:, :, 2] * cell.height_m / 2
    turned = np.array(over, dtype=np.bool_)[found.template]
    R = np.where(turned[:, None, None], R @ UPSIDE_DOWN, R)
    return pose(R, centre)
