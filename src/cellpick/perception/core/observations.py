"""What the 3D points say about the cells, as information and gradient."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.contrast import STEP_SIGMAS
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
FEW = 6.0
"""As many readings of just the stated noise are taken for granted in judging a camera's noise."""


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
    pixel: Floats
    """(m, 3) from each to where the next pixel of its row looks, in the base frame."""

    def rows(self, chosen: NDArray[np.int64]) -> Points:
        """The chosen ones."""
        return Points(**{f.name: getattr(self, f.name)[chosen] for f in fields(Points)})


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
    R = T[:, :3, :3]
    q = ((points.p_base[rows] - T[:, :3, 3])[:, None, :] @ R)[:, 0]
    pixel = (points.pixel[rows][:, None, :] @ R)[:, 0]
    return contacts_of(cell, q, pixel, rows, of_cell[rows], edge_m)


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
    view = contacts.cell * c + points.camera[contacts.point]
    group = view * FACES + contacts.face
    met = contacts.steps.any(axis=0)
    steps = contacts.steps[:, met] * points.sigma[contacts.point][:, None]
    M = moments(np.hstack([contacts.features, steps]), weight, group, n * c * FACES)
    M = M.reshape(n, c, FACES, *M.shape[1:])
    A, g = normal_equations(M, surfaces_of(cell), STEP_SIGMAS)
    counted = robust / points.repeats[contacts.point]
    excess = _excess(weight * contacts.distance**2, counted, view, n * c).reshape(n, c, 1)
    A, g = A / excess[..., None], g / excess
    used, squares, total = (
        np.asarray(np.bincount(contacts.cell, values, n), np.float64)
        for values in (robust > 0.5, robust * contacts.distance**2, robust)
    )
    return Evidence(A, g, used, squares, total)


def _excess(square: Floats, weight: Floats, view: NDArray[np.int64], views: int) -> Floats:
    """(views,) variance of readings in units of the stated one, never below 1.

    The variance of unit weight of a least-squares fit (Mikhail and Ackermann 1976, "Observations
    and Least Squares"): on bare metal readings scatter more than on the matt plate on which
    noise is stated.
    """
    total, count = (np.bincount(view, values, views) for values in (square, weight))
    result: Floats = np.maximum((total + FEW) / (count + FEW), 1.0)
    return result
