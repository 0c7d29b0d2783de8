"""What the 3D points say about the cells, as information and gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.contrast import STEP_SIGMAS
from cellpick.perception.core.surfaces import DISTANCE, PLACE, STEPS, Contacts, Faces

TUKEY = 4.685
"""Tukey's biweight keeps 95 % efficiency at this many standard deviations (Huber 1981)."""
FEW = 3.0
"""As many readings of just the stated noise are taken for granted in judging a camera's noise."""


def _weighted_squares(variance: Floats) -> Floats:
    """Mean squares (k,), weighted by the biweight, of normal residuals of variances (k,); both in
    units of the biweight's limit squared."""
    x = np.linspace(-1.0, 1.0, 401)
    weight = np.square(1 - x**2) * np.exp(-0.5 * x**2 / variance[:, None])
    result: Floats = (weight * x**2).sum(axis=1) / weight.sum(axis=1)
    return result


_VARIANCES = np.arange(0.02, 0.82, 0.01) ** 2
_WEIGHTED = _weighted_squares(_VARIANCES)
END_MOTION = np.zeros((6, 3))
"""Small motion by the rows `PLACE`: along z, about y and about x."""
END_MOTION[[2, 4, 3], [0, 1, 2]] = 1, -1, 1
SIDE_MOTION = np.delete(np.eye(6), 2, axis=1)
"""Small motion by the rows of a side's contacts."""


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


def scatter(ratio: Floats, limit: Floats) -> Floats:
    """Variance (...) of normal residuals whose squares have the mean `ratio` (...) under the
    biweight with this squared `limit` (...), all in units of the stated variance.

    The weights hide what comes near the limit: that mean never passes a seventh of its square.
    """
    result: Floats = limit * np.interp(ratio / limit, _WEIGHTED, _VARIANCES)
    return result


def point_evidence(contacts: Contacts, moved: Floats, gate_m: float) -> Evidence:
    """Point-to-surface evidence within `gate_m` of the surfaces, once the cells, as the cameras
    see them, have `moved` (n, c, 6) since the contacts were taken."""
    n, c = moved.shape[:2]
    motion, views = moved.reshape(n * c, 6), contacts.views
    M, totals = _summed(contacts.ends, DISTANCE, -motion @ END_MOTION, gate_m)
    A, g = _ends(M)
    if len(views):
        M, more = _summed(contacts.sides, len(SIDE_MOTION) - 1, motion[views] @ SIDE_MOTION, gate_m)
        A[views] += SIDE_MOTION @ M[:, :-1, :-1] @ SIDE_MOTION.T
        g[views] -= M[:, :-1, -1] @ SIDE_MOTION.T
        totals[:, views] += more
    used, squares, weight, chi_square, readings, limits = totals
    # the variance of unit weight of a least-squares fit (Mikhail and Ackermann 1976, "Observations
    # and Least Squares"): bare metal scatters more than the matt plate on which noise is stated
    there = np.maximum(readings, 1e-9)
    own = scatter(chi_square / there, np.maximum(limits / there, TUKEY**2))
    excess = np.maximum((readings * own + FEW) / (readings + FEW), 1.0)
    return Evidence(
        (A / excess[:, None, None]).reshape(n, c, 6, 6),
        (g / excess[:, None]).reshape(n, c, 6),
        *(a.reshape(n, c).sum(axis=1) for a in (used, squares, weight)),
    )


def _summed(
    faces: Faces, at: int, moved: Floats, gate_m: float
) -> tuple[Floats, NDArray[np.float64]]:
    """Weighted products (v, k, k) of the rows with each other, and totals (6, v): readings used,
    their squares and weights, chi square, independent readings, the sum over those of the squared
    limits in units of their variances.

    Row `at` is the distance; it has grown by the rows before it times `moved` (v, at).
    """
    rows = faces.rows
    grown = (moved.astype(np.float32)[:, None] @ rows[:, :at])[:, 0]
    grown += rows[:, at]
    square = np.square(grown, out=grown)
    limit = np.maximum(np.float32(TUKEY**2) * faces.variance, np.float32(gate_m**2))
    robust = square / limit
    np.subtract(1, robust, out=robust)
    np.maximum(robust, 0, out=robust)
    robust *= robust
    counted = robust * faces.share
    per_variance = counted / faces.variance
    weighted = rows * per_variance[:, None]
    products = (weighted @ np.swapaxes(rows, 1, 2)).astype(np.float64)
    # rows that grow by multiples of others: so do their products
    growth = np.zeros(products.shape) + np.eye(rows.shape[1])
    growth[:, at, :at] = moved
    products = growth @ products @ np.swapaxes(growth, 1, 2)
    robust *= faces.share > 0
    totals = [
        np.count_nonzero(robust > 0.5, axis=1),
        np.einsum("vp,vp->v", robust, square),
        robust.sum(axis=1),
        products[:, at, at],
        counted.sum(axis=1),
        np.einsum("vp,vp->v", per_variance, limit),
    ]
    return products, np.array(totals, np.float64)


def _ends(M: Floats) -> tuple[Floats, Floats]:
    """Information (v, 6, 6) and gradient (v, 6) of the ends' products (v, k, k).

    The brightness steps are patterns of an error that readings share, each of unknown size with
    standard deviation `STEP_SIGMAS`; they are eliminated.
    """
    shared = M[:, STEPS, STEPS] + np.eye(M.shape[1] - STEPS.start) / STEP_SIGMAS**2
    across = M[:, STEPS, : STEPS.start]
    left = M[:, : STEPS.start, : STEPS.start] - np.swapaxes(across, 1, 2) @ np.linalg.solve(
        shared, across
    )
    A = END_MOTION @ left[:, PLACE, PLACE] @ END_MOTION.T
    return A, left[:, PLACE, DISTANCE] @ END_MOTION.T
