"""How well images and points agree with poses, as shares: for verification, nothing is moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellpick.geometry import Floats, checked
from cellpick.perception.core.lookup import assign_points, looking_up
from cellpick.perception.core.options import RefineOptions
from cellpick.perception.core.outlines import case_distance
from cellpick.perception.core.problem import Problem, problem_of, reach_px
from cellpick.perception.core.search import read_edges
from cellpick.perception.core.surfaces import EDGE_M, levelled
from cellpick.structures import Capture, CellModel, Material

NEAR_M = 6e-4
"""An edge counts as found within this, and a point as on the face."""
CLEAR_M = 2e-3
"""A point farther than this above or beneath the face speaks against the pose."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """Of n cells, about the end face that looks at the cameras; shares of nothing are 0."""

    edges_sought: NDArray[np.int64]
    """(n,) visible edge points, over all cameras."""
    edge_share: Floats
    """(n,) share of them with an edge near, of the right sign where that is known."""
    points: NDArray[np.int64]
    """(n,) 3D points over or under the face."""
    on_share: Floats
    """(n,) share of them that lie on it."""
    beneath_share: Floats
    """(n,) share that lie clearly beneath it, where the cell should be in their way."""
    above_share: Floats
    """(n,) share that lie clearly above it: something covers the cell."""


def agreement(
    Ts_base_cell: ArrayLike,
    cell: CellModel,
    captures: Sequence[Capture],
    points: ArrayLike,
    points_sigma: ArrayLike,
    points_camera: ArrayLike,
    *,
    materials: Mapping[str, Material] | None = None,
    options: RefineOptions | None = None,
) -> Agreement:
    """Judge poses (n, 4, 4); the arguments are those of `refine_poses`. Raises `ShapeError`."""
    Ts = checked("Ts_base_cell", Ts_base_cell, (None, 4, 4))
    problem = problem_of(
        Ts, cell, captures, points, points_sigma, points_camera, materials, options
    )
    sought, found = _edges(problem, Ts)
    of_cell, height = _heights(problem, Ts)
    n = len(Ts)
    total = np.bincount(of_cell, minlength=n)
    on, beneath, above = (
        np.bincount(of_cell[rows], minlength=n) / np.maximum(total, 1)
        for rows in (np.abs(height) < NEAR_M, height < -CLEAR_M, height > CLEAR_M)
    )
    return Agreement(sought, found / np.maximum(sought, 1), total, on, beneath, above)


def _edges(problem: Problem, Ts: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Edge points (n,) that should be seen, and those of them that are."""
    Ts_seen = np.broadcast_to(Ts[:, None], (len(Ts), len(problem.views), 4, 4))
    edges = problem.expected_edges(Ts, Ts_seen)
    reach = reach_px(edges, NEAR_M)
    readings = read_edges(edges, problem.views, reach, problem.options.contrast_min)
    near = readings.found & (np.abs(readings.offset_px) <= reach[:, None])
    return edges.sharp.sum(axis=(1, 2)), (near & edges.sharp).sum(axis=(1, 2))


def _heights(problem: Problem, Ts: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Cells (k,) of the points over their end faces, and heights (k,) above these."""
    of_cell = assign_points(problem.points.p_base, Ts, problem.cell, problem.up, 0.0)
    rows = np.flatnonzero(of_cell >= 0)
    of_cell = of_cell[rows]
    T = Ts[of_cell]
    q = ((problem.points.p_base[rows] - T[:, :3, 3])[:, None, :] @ T[:, :3, :3])[:, 0]
    q, near_step = levelled(problem.cell, q)
    over = ~near_step & (case_distance(problem.cell, q[:, :2]) < -EDGE_M)
    outward = np.sign(looking_up(Ts, problem.up)[of_cell, 2])
    height = q[:, 2] * outward - problem.cell.height_m / 2
    return of_cell[over], height[over]
