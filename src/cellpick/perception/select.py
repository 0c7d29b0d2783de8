"""Choice of hypotheses: no two cells can claim the same volume."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.coarse import Hypotheses
from cellpick.structures import CellModel

ACCEPTED = 0.2
"""Least score of a cell; where there is none, the best is near 0.1, and a free one's above 0.5."""
RIVAL_SHARE = 0.6
"""A coarse hypothesis with less than this share of an overlapping one's score cannot win."""
SLACK_M = 0.004
"""Footprints may overlap this deep, since places are still rough: two degrees at either end."""
SLACK_SHARE = 0.15
"""... but never deeper than this share of the cell's shorter side."""


def contenders(found: Hypotheses, cell: CellModel, share: float = RIVAL_SHARE) -> Hypotheses:
    """The rough hypotheses that no better one rules out: none that overlaps has more than
    1 / `share` of their score."""
    clash = overlap_depth(found.xy_m, found.yaw, cell) > slack(cell)
    best = np.where(clash, found.score[None], 0).max(1, initial=0)
    return found.take(np.flatnonzero(found.score >= share * best))


def without_conflicts(found: Hypotheses, cell: CellModel) -> Hypotheses:
    """The best-scored hypotheses of which no two overlap, best first."""
    order = np.lexsort((found.xy_m[:, 1], found.xy_m[:, 0], -found.score))
    found = found.take(order[found.score[order] >= ACCEPTED])
    clash = overlap_depth(found.xy_m, found.yaw, cell) > slack(cell)
    free = np.ones(len(found), np.bool_)
    for i in range(len(found)):
        if free[i]:
            free[i + 1 :] &= ~clash[i, i + 1 :]
    return found.take(np.flatnonzero(free))


def slack(cell: CellModel) -> float:
    """Overlap that rough places excuse."""
    return min(SLACK_M, SLACK_SHARE * float(cell.size_m[:2].min()))


def overlap_depth(xy: Floats, yaw: Floats, cell: CellModel) -> NDArray[np.float64]:
    """(n, n) how deep footprints overlap, negative where they are apart; separating axes for
    boxes (Gottschalk, Lin and Manocha 1996, "OBBTree"), distances for discs."""
    apart = xy[None] - xy[:, None]
    if cell.shape == "cylinder":
        depth: Floats = cell.size_m[0] - np.linalg.norm(apart, axis=-1)
        return depth
    a, b = cell.size_m[:2] / 2
    c, s = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    u = np.abs(c * apart[..., 0] + s * apart[..., 1])
    v = np.abs(c * apart[..., 1] - s * apart[..., 0])
    dot, cross = np.abs(c * c.T + s * s.T), np.abs(c * s.T - s * c.T)
    one_way = np.minimum(a + a * dot + b * cross - u, b + a * cross + b * dot - v)
    result: Floats = np.minimum(one_way, one_way.T)
    return result
