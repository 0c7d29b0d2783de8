"""Which surface each point belongs to, and how much it is to be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.observations import TUKEY
from cellpick.perception.core.register_blocks import Blocks, Floats32, Indices
from cellpick.perception.core.register_evidence import Placed, Pulls
from cellpick.perception.core.register_walls import BEYOND, INSIDE, push

NONE: Indices = np.zeros(0, np.int64)
SPACINGS = 4.0
"""An edge is seen where a point lies within so many mean spacings of it."""
LONE_SLACK = 3.0
"""Standard deviations that a point may lie beyond an edge whose opposite is not seen."""
EDGE_SIGMAS = 2.0
"""Points this near to an edge may come from the other face."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """How k cells' points fit, by their robust weights."""

    used: Floats
    """(k,) points that agree with the surface."""
    weight: Floats
    """(k,) sum of weights, 0 to 1 each."""
    squares: Floats
    """(k,) weighted squared distances."""
    chi_square: Floats
    """(k,) the same in units of the points' variances."""


def wide_pulls(blocks: Blocks, seen: Placed, gate_m: float) -> Pulls:
    """Every point within `gate_m` pulls the nearest surface, and each that it lies outside of."""
    nearest = seen.gap == seen.gap.max(axis=1, keepdims=True)
    nearest |= seen.gap > 0
    weight = np.square(seen.gap)
    weight *= np.float32(-1 / gate_m**2)
    weight += 1
    np.maximum(weight, 0, out=weight)
    weight *= weight
    weight *= nearest
    weight *= np.square(blocks.inv_sigma)[:, None]
    return Pulls(weight, NONE, np.zeros(0, np.float32))


def fine_pulls(blocks: Blocks, seen: Placed, shape: CellShape) -> tuple[Pulls, Agreement]:
    """Points on a face pull it, those near its edge pull the surface that ends it there."""
    sigma = blocks.sigma_m
    edge = np.maximum(shape.edge_radius_m, np.minimum(EDGE_SIGMAS * sigma, shape.half_m.min() / 4))
    spacing = 2 * shape.half_m.max() / blocks.count
    window = np.maximum(INSIDE * sigma, SPACINGS * spacing)
    limit, edge, window = (
        v.astype(np.float32)[blocks.cell, None] for v in (BEYOND * sigma, edge, window)
    )
    highest, second = seen.gap.max(axis=1), _second(seen.gap)
    weight = highest * blocks.inv_sigma
    weight *= weight
    weight *= np.float32(-1 / TUKEY**2)
    weight += 1
    np.maximum(weight, 0, out=weight)
    weight *= weight
    weight *= second < limit
    believed = weight * blocks.inv_sigma
    believed *= blocks.inv_sigma
    agreement = _agreement(blocks, weight, highest, believed)
    rim = np.flatnonzero((second > -window) & (believed > 0))
    at, depth = _edges(blocks, seen, rim)
    inv_sigma, full = blocks.inv_sigma.ravel()[rim], believed.ravel()[rim]
    score, curvature = push(depth * inv_sigma)
    result = (seen.gap == highest[:, None]) * (believed * (second < -edge))[:, None]
    result.ravel()[at] = full * curvature
    return Pulls(result, at, (full / inv_sigma * score).astype(np.float32)), agreement


def _second(gap: Floats32) -> Floats32:
    """(b, BLOCK) the second largest of the gaps (b, f, BLOCK)."""
    if gap.shape[1] == 2:
        return gap.min(axis=1)
    low, high = np.minimum(gap[:, 0], gap[:, 1]), np.maximum(gap[:, 0], gap[:, 1])
    np.minimum(high, gap[:, 2], out=high)
    return np.maximum(low, high, out=low)


def _agreement(
    blocks: Blocks, weight: Floats32, distance: Floats32, believed: Floats32
) -> Agreement:
    there = weight * (blocks.inv_sigma > 0)
    squared = distance * distance
    rows = np.stack(
        [
            np.count_nonzero(there > 0.0, axis=1),
            there.sum(axis=1),
            np.einsum("ij,ij->i", there, squared),
            np.einsum("ij,ij->i", believed, squared),
        ]
    )
    return Agreement(*np.add.reduceat(rows, blocks.first, axis=1))


def _edges(blocks: Blocks, seen: Placed, rim: NDArray[np.intp]) -> tuple[Indices, Floats]:
    """For points near an edge (p,): the flat place (p,) in the gaps of the surface that ends their
    face there, and how deep (p,) inside it they lie.

    Where points reach only one of two opposite edges, the other may be hidden: then the seen one
    holds back what lies clearly beyond it and says no more.
    """
    surfaces, size = seen.gap.shape[1:]
    block, column = np.divmod(rim, size)
    gaps = seen.gap[block, :, column]
    surface = np.argsort(gaps, axis=1)[:, -2]
    depth = -np.take_along_axis(gaps, surface[:, None], 1)[:, 0]
    rounded = int(seen.radial is not None)
    axis = np.where(surface < rounded, 0, surface + rounded)
    upper = seen.q[block, axis, column] > 0
    end = 2 * axis + upper
    cell = blocks.cell[block]
    count = np.bincount(6 * cell + end, minlength=6 * len(blocks.first))
    lone = count[6 * cell + (end ^ 1)] == 0
    slack = LONE_SLACK * lone * (surface >= rounded)
    inv = np.maximum(blocks.inv_sigma[block, column], np.float32(1e-9))
    at = (block * surfaces + surface) * size + column
    return at, depth + slack / inv
