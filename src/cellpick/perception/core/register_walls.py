"""What the outline of a seen face says: points lie on the face, so none lies beyond its edge.

A point of a face that is evenly covered up to its edge, measured with noise sigma, lies at depth
t sigma inside that edge with a density proportional to Phi(t), the normal distribution function.
The score phi / Phi pushes points inwards, and score (score + t) is its derivative: together they
make a Newton step of the maximum likelihood.
"""

from __future__ import annotations

from math import erfc, exp, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.observations import TUKEY
from cellpick.perception.core.register_blocks import Blocks, Floats32
from cellpick.perception.core.register_evidence import Borders, Placed

INSIDE = 4.0
"""Points deeper inside an edge than this many standard deviations feel nothing of it."""
BEYOND = 5.0
"""Points farther outside than this belong to something else."""
WEIGHT_MEAN = 0.915
"""Mean of Tukey's biweight at 4.685 under normal noise: what the own face's distance costs."""
_FINENESS = 128
_LAST = round((BEYOND + INSIDE + 2) * _FINENESS)
_T = np.arange(_LAST + 1) / _FINENESS - BEYOND
_SCORE = np.array([exp(-t * t / 2) / (sqrt(pi / 2) * erfc(-t / sqrt(2))) for t in _T])
_CURVATURE = (_SCORE * (_SCORE + _T)).astype(np.float32)
_SCORE = _SCORE.astype(np.float32)


def push(depth: Floats32) -> tuple[Floats32, Floats32]:
    """Score and curvature (p,) at depths (p,) inside an edge, in standard deviations."""
    at = ((depth + np.float32(BEYOND)) * np.float32(_FINENESS) + np.float32(0.5)).astype(np.int32)
    return _SCORE.take(at, mode="clip"), _CURVATURE.take(at, mode="clip")


def walls(
    blocks: Blocks,
    seen: Placed,
    surface: int,
    faces: NDArray[np.bool_],
    reach: Floats,
    overshoot: float,
) -> Borders:
    """Points that lie on a seen face and near the edge where `surface` begins, for the cells of
    which that surface itself is not seen; `faces` (k, f, 2) are seen, lower and upper ones.

    `reach` (2, k) is how far inside and outside an edge points count, in metres. Where points
    reach only one of two opposite edges, the other may be hidden, and neither counts. With an
    `overshoot`, points beyond an edge pull by so much more than their distance, and others not at
    all.
    """
    hidden = ~faces[:, surface].any(axis=1)
    inside, outside = np.where(hidden, reach, -1.0).astype(np.float32)[:, blocks.cell, None]
    gap = seen.gap[:, surface]
    near = np.flatnonzero((gap > -inside) & (gap < outside))
    block, column = np.divmod(near, gap.shape[1])
    cell, inv_sigma = blocks.cell[block], blocks.inv_sigma[block, column]
    own = np.full(len(near), -np.inf, np.float32)
    shown = np.zeros(len(near), np.bool_)
    for other in set(range(faces.shape[1])) - {surface}:
        distance = seen.gap[block, other, column]
        upper = seen.upper(other, block, column)
        shown = np.where(distance > own, faces[cell, other, upper], shown)
        own = np.maximum(own, distance)
    own *= inv_sigma
    depth = -gap[block, column] * inv_sigma
    keep = np.flatnonzero(
        shown & (inv_sigma > 0) & (np.abs(own) < TUKEY) & ((depth < 0) | (overshoot == 0))
    )
    block, column, cell = block[keep], column[keep], cell[keep]
    depth, inv_sigma = depth[keep], inv_sigma[keep]
    robust = np.square(1 - np.square(own[keep] / np.float32(TUKEY))) / np.float32(WEIGHT_MEAN)
    if overshoot:
        score, curvature = np.float32(-overshoot) * depth, np.ones_like(depth)
    else:
        end = 2 * cell + seen.upper(surface, block, column)
        reached = np.bincount(end, minlength=2 * len(faces)) > 0
        lone = ~reached[end ^ 1] & (surface >= seen.rounded)
        score, curvature = push(depth)
        robust *= ~lone
    return Borders(
        block,
        np.full(len(block), surface),
        column,
        robust * curvature * inv_sigma * inv_sigma,
        robust * score * inv_sigma,
    )
