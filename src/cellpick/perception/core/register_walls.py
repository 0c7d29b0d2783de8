"""What the outline of a seen face says: points lie on the face, so none lies beyond its edge.

A point of a face that is evenly covered up to its edge, measured with noise sigma, lies at depth
t sigma inside that edge with a density proportional to Phi(t), the normal distribution function.
The score phi / Phi pushes points inwards, and score (score + t) is its derivative: together they
make a Newton step of the maximum likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, exp, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from cellpick.perception.core.observations import TUKEY
from cellpick.perception.core.register_blocks import Blocks, Floats32, Indices
from cellpick.perception.core.register_evidence import Placed

INSIDE = 4.0
"""Points deeper inside an edge than this many standard deviations feel nothing of it."""
BEYOND = 5.0
"""Points farther outside than this belong to something else."""
LONE_SLACK = 3.0
"""Standard deviations that a point may lie beyond an edge whose opposite is not seen."""
_FINENESS = 128
_LAST = round((BEYOND + LONE_SLACK + INSIDE) * _FINENESS)
_T = np.arange(_LAST + 1) / _FINENESS - BEYOND
_SCORE = np.array([exp(-t * t / 2) / (sqrt(pi / 2) * erfc(-t / sqrt(2))) for t in _T])
_CURVATURE = (_SCORE * (_SCORE + _T)).astype(np.float32)
_SCORE = _SCORE.astype(np.float32)


def push(depth: Floats32) -> tuple[Floats32, Floats32]:
    """Score and curvature (p,) at depths (p,) inside an edge, in standard deviations."""
    at = ((depth + np.float32(BEYOND)) * np.float32(_FINENESS)).astype(np.int32)
    return _SCORE.take(at, mode="clip"), _CURVATURE.take(at, mode="clip")


@dataclass(frozen=True, eq=False)
class Walls:
    """Points of a seen face near an edge where an unseen one begins, p of them."""

    block: Indices
    """(p,)."""
    surface: Indices
    """(p,) the one that begins there."""
    column: Indices
    """(p,) place in the block."""
    weight: Floats32
    """(p,) curvature of the likelihood."""
    force: Floats32
    """(p,) its slope, inwards."""


def walls(
    blocks: Blocks,
    seen: Placed,
    rim: NDArray[np.intp],
    faces: NDArray[np.bool_],
    overshoot: float,
) -> Walls:
    """Of the points with flat rows `rim` in the blocks those that count; `faces` (k, f, 2) are
    seen, each surface's lower and upper one.

    Where points reach only one of two opposite edges, the other may be hidden: then the seen one
    holds back what lies clearly beyond it and says no more. With an `overshoot`, points beyond an
    edge pull by so much more than their distance, however far that is, and others not at all.
    """
    k, count, _ = faces.shape
    block, column = np.divmod(rim, seen.gap.shape[2])
    gaps = [seen.gap[:, s].ravel()[rim] for s in range(count)]
    first, second = _two_highest(gaps)
    upper = [seen.upper(s).ravel()[rim] for s in range(count)]
    cell = blocks.cell[block]
    shown = [faces[:, s].ravel()[2 * cell + upper[s]] for s in range(count)]
    own_first, own_second = _chosen(shown, first), _chosen(shown, second)
    inv_sigma = blocks.inv_sigma.ravel()[rim]
    a, b = _chosen(gaps, first) * inv_sigma, _chosen(gaps, second) * inv_sigma
    own, depth = np.where(own_first, a, b), -np.where(own_first, b, a)
    wanted = (own_first != own_second) & (np.abs(own) < TUKEY)
    kept = np.flatnonzero(wanted & (depth > -BEYOND) if not overshoot else wanted & (depth < 0))
    surface, depth = np.where(own_first, second, first)[kept], depth[kept]
    if overshoot:
        score, curvature = -overshoot * depth, np.ones_like(depth)
    else:
        end = (cell[kept] * count + surface) * 2 + _chosen([u[kept] for u in upper], surface)
        reached = np.bincount(end, minlength=2 * count * k) > 0
        lone = ~reached[end ^ 1] & (surface >= seen.rounded)
        score, curvature = push(depth + np.float32(LONE_SLACK) * lone)
    inv_sigma = inv_sigma[kept]
    robust = np.square(1 - np.square(own[kept] / np.float32(TUKEY)))
    return Walls(
        block[kept],
        surface,
        column[kept],
        robust * curvature * inv_sigma * inv_sigma,
        robust * score * inv_sigma,
    )


def _two_highest(gaps: list[Floats32]) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Rows (p,) of the largest and the second largest of two or three values (p,)."""
    if len(gaps) == 2:
        first = (gaps[1] > gaps[0]).view(np.int8)
        return first, 1 - first
    x, y, z = gaps
    xy, yz, zx = (x >= y).view(np.int8), (y >= z).view(np.int8), (z > x).view(np.int8)
    # each of them wins two, one or none of its comparisons
    wins = xy - zx, yz - xy, zx - yz
    first = 1 * (wins[1] == 1) + 2 * (wins[2] == 1)
    last = 1 * (wins[1] == -1) + 2 * (wins[2] == -1)
    return first.astype(np.int8), (3 - first - last).astype(np.int8)


def _chosen(values: list, which: NDArray[np.int8]) -> NDArray:
    """(p,) of some arrays (p,) the one that `which` (p,) names."""
    if len(values) == 2:
        return np.where(which == 0, values[0], values[1])
    return np.where(which == 0, values[0], np.where(which == 1, values[1], values[2]))
