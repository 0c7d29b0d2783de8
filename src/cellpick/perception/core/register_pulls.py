"""Which surface each point belongs to, and how much it is to be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.observations import TUKEY
from cellpick.perception.core.register_blocks import Blocks, Floats32
from cellpick.perception.core.register_evidence import Placed, Pulls
from cellpick.perception.core.register_shape import CellShape

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
    roots: Floats
    """(k,) sum of the weights' square roots."""


def wide_pulls(blocks: Blocks, seen: Placed, shape: CellShape, gate_m: float) -> Pulls:
    """Every point within `gate_m` pulls the nearest surface, and each that it lies outside of."""
    pulls = Pulls.room(seen.gap.shape)
    weight = pulls.weight
    np.square(seen.gap, out=weight)
    weight *= np.float32(-1 / gate_m**2)
    weight += 1
    np.maximum(weight, 0, out=weight)
    weight *= weight
    weight *= (seen.gap == seen.highest()) | (seen.gap > 0)
    weight *= np.square(blocks.inv_sigma)
    pulls.aim(seen, shape)
    return pulls


def fine_pulls(
    blocks: Blocks, seen: Placed, shape: CellShape, hidden: NDArray[np.bool_] | None = None
) -> Pulls:
    """Points on a face, and not near its edge, pull it; surfaces `hidden` (k, f) have none."""
    sigma = blocks.sigma_m
    edge = np.maximum(shape.edge_radius_m, np.minimum(EDGE_SIGMAS * sigma, shape.half_m.min() / 4))
    highest, second = seen.highest(), seen.second()
    weight = tukey_weight(blocks, highest)
    weight *= blocks.inv_sigma
    weight *= blocks.inv_sigma
    weight *= second < -edge.astype(np.float32)[blocks.cell, None]
    pulls = Pulls.room(seen.gap.shape)
    for gap, own in zip(seen.gap, pulls.weight, strict=True):
        np.multiply(weight, gap == highest, out=own)
    if hidden is not None:
        surface, block = np.nonzero(hidden.T[:, blocks.cell])
        pulls.weight[surface, block] = 0
    pulls.aim(seen, shape)
    return pulls


def tukey_weight(blocks: Blocks, distance: Floats32) -> Floats32:
    """(b, BLOCK) biweight of distances."""
    weight = distance * blocks.inv_sigma
    weight *= weight
    weight *= np.float32(-1 / TUKEY**2)
    weight += 1
    np.maximum(weight, 0, out=weight)
    weight *= weight
    return weight


def agreement(blocks: Blocks, seen: Placed) -> Agreement:
    """How the points fit."""
    distance = seen.highest()
    weight = tukey_weight(blocks, distance)
    weight *= blocks.inv_sigma > 0
    distance *= distance
    distance *= weight
    scaled = distance * blocks.inv_sigma
    scaled *= blocks.inv_sigma
    rows = [np.count_nonzero(weight, axis=1), weight.sum(axis=1), distance.sum(axis=1)]
    np.sqrt(weight, out=weight)
    total = np.stack([*rows, scaled.sum(axis=1), weight.sum(axis=1)])
    return Agreement(*np.add.reduceat(total, blocks.first, axis=1, dtype=np.float64))
