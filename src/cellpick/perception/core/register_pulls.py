"""Which surface each point belongs to, and how much it is to be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.observations import TUKEY
from cellpick.perception.core.register_blocks import Blocks, Floats32
from cellpick.perception.core.register_evidence import Placed
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


@dataclass(frozen=True, eq=False)
class Closeness:
    """How near points lie to the surface."""

    distance: Floats32
    """(b, BLOCK) from the nearest surface, positive outside."""
    root: Floats32
    """(b, BLOCK) square root of Tukey's biweight of it; 0 where there is no point."""


def closeness(blocks: Blocks, seen: Placed) -> Closeness:
    """How near the points lie."""
    distance = seen.highest()
    root = distance * blocks.inv_sigma
    root *= root
    root *= np.float32(-1 / TUKEY**2)
    root += 1
    np.maximum(root, 0, out=root)
    root *= blocks.inv_sigma > 0
    return Closeness(distance, root)


def wide_pulls(blocks: Blocks, seen: Placed, gate_m: float) -> Floats32:
    """Weights (f, b, BLOCK) by which every point within `gate_m` pulls the nearest surface, and
    each that it lies outside of."""
    weight = np.square(seen.gap)
    weight *= np.float32(-1 / gate_m**2)
    weight += 1
    np.maximum(weight, 0, out=weight)
    weight *= blocks.inv_sigma
    weight *= weight
    weight *= seen.gap >= np.minimum(seen.highest(), 0)
    return weight


def fine_pulls(
    blocks: Blocks,
    seen: Placed,
    near: Closeness,
    shape: CellShape,
    hidden: NDArray[np.bool_] | None = None,
) -> Floats32:
    """Weights (f, b, BLOCK) by which points on a face, and not near its edge, pull it; surfaces
    `hidden` (k, f) have none."""
    sigma = blocks.sigma_m
    edge = np.maximum(shape.edge_radius_m, np.minimum(EDGE_SIGMAS * sigma, shape.half_m.min() / 4))
    weight = near.root * blocks.inv_sigma
    weight *= weight
    weight *= seen.second() < -edge.astype(np.float32)[blocks.cell, None]
    pulls = blocks.room_weight[: len(seen.gap)]
    for surface, gap in enumerate(seen.gap):
        none = np.zeros(len(sigma), np.bool_) if hidden is None else hidden[:, surface]
        if none.all():
            pulls[surface] = 0
            continue
        np.multiply(weight, gap == near.distance, out=pulls[surface])
        pulls[surface, none[blocks.cell]] = 0
    return pulls


def agreement(blocks: Blocks, near: Closeness) -> Agreement:
    """How the points fit."""
    weight = near.root * near.root
    squares = near.distance * near.distance
    squares *= weight
    scaled = squares * blocks.inv_sigma
    scaled *= blocks.inv_sigma
    total = [np.count_nonzero(weight, axis=1)]
    total += [rows.sum(axis=1) for rows in (weight, squares, scaled, near.root)]
    sums = np.add.reduceat(np.stack(total), blocks.first, axis=1, dtype=np.float64)
    return Agreement(*sums)
