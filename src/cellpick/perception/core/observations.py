"""What the 3D points say about the cells, as information and gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.lookup import assign_points
from cellpick.perception.core.options import RefineOptions
from cellpick.perception.core.surfaces import (
    EDGE_M,
    EDGE_PX,
    Contacts,
    contacts_of,
    moments,
    normal_equations,
    surfaces_of,
)
from cellpick.structures import CellModel

TUKEY = 4.685
"""Tukey's biweight keeps 95 % efficiency at this many standard deviations (Huber 1981)."""
FACES = 6


@dataclass(frozen=True, eq=False)
class Points:
    """Usable 3D points, m of them."""

    p_base: Floats
    """(m, 3)."""
    sigma: Floats
    """(m,) axial noise in metres."""
    camera: NDArray[np.int64]
    """(m,) row of the camera that saw each."""
    repeats: Floats
    """(m,) how many of them carry the information of one independent reading."""

    def rows(self, chosen: NDArray[np.int64]) -> Points:
        """The chosen ones."""
        return Points(
            self.p_base[chosen], self.sigma[chosen], self.camera[chosen], self.repeats[chosen]
        )


@dataclass(frozen=True, eq=False)
class Evidence:
    """Normal equations of n cells in c cameras, with what went into them."""

    information: Floats
    """(n, c, 6, 6)."""
    gradient: Floats
    """(n, c, 6)."""
    used: Floats
    """(n,) readings with at least half of their full weight."""
    squares: Floats
    """(n,) weighted sum of their squared residuals."""
    weight: Floats
    """(n,) sum of those weights, 0 to 1 each."""


def biweight(residual: Floats, limit: Floats | float) -> Floats:
    """Tukey's biweight (...) of residuals that are 0 from `limit` on."""
    result: Floats = np.square(np.maximum(1 - np.square(residual / limit), 0.0))
    return result


def thinned(
    points: Points, Ts: Floats, cell: CellModel, up: Floats, options: RefineOptions
) -> Points:
    """The points near a cell at all, and no more of them than serve, evenly chosen."""
    of_cell = assign_points(points.p_base, Ts, cell, up)
    near = np.flatnonzero(of_cell >= 0)
    order = near[np.argsort(of_cell[near], kind="stable")]
    count = np.bincount(of_cell[near], minlength=len(Ts))
    stride = np.maximum(1, count // max(options.points_per_cell, 1))
    place = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
    own_stride = np.repeat(stride, count)
    chosen = place % own_stride == 0
    left = points.rows(order[chosen])
    return replace(left, repeats=np.maximum(left.repeats / own_stride[chosen], 1.0))


def contacts_at(
    points: Points, Ts_seen: Floats, Ts: Floats, cell: CellModel, up: Floats, pixel_m: Floats
) -> Contacts:
    """Contacts of the points with the cells as each camera sees them, `Ts_seen` (n, c, 4, 4);
    `pixel_m` (n, c) is a pixel of each camera on each cell."""
    of_cell = assign_points(points.p_base, Ts, cell, up)
    rows = np.flatnonzero(of_cell >= 0)
    view = of_cell[rows], points.camera[rows]
    T, edge_m = Ts_seen[view], np.maximum(EDGE_M, EDGE_PX * pixel_m[view])
    q = ((points.p_base[rows] - T[:, :3, 3])[:, None, :] @ T[:, :3, :3])[:, 0]
    return contacts_of(cell, q, rows, of_cell[rows], edge_m)


def point_evidence(
    points: Points,
    contacts: Contacts,
    cell: CellModel,
    shape: tuple[int, int],
    gate_m: float,
    options: RefineOptions,
) -> Evidence:
    """Point-to-surface evidence of `shape` (n, c) within `gate_m` of the surfaces."""
    n, c = shape
    variance = points.sigma[contacts.point] ** 2 + options.surface_model_sigma_m**2
    limit = np.maximum(TUKEY * np.sqrt(variance), gate_m)
    robust = biweight(contacts.distance, limit)
    weight = robust / variance / points.repeats[contacts.point]
    group = (contacts.cell * c + points.camera[contacts.point]) * FACES + contacts.face
    M = moments(contacts.features, weight, group, n * c * FACES)
    A, g = normal_equations(M.reshape(n, c, FACES, 5, 5), surfaces_of(cell))
    used, squares, total = (
        np.asarray(np.bincount(contacts.cell, values, n), np.float64)
        for values in (robust > 0.5, robust * contacts.distance**2, robust)
    )
    return Evidence(A, g, used, squares, total)
