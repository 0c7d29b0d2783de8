"""A step edge in depth: readings that fly between its sides, and the edge's lateral scatter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats

BIN_PX = 0.25
"""Width of a bin across the edge; ISO 12233 bins its slanted edge as finely."""


def flying_share(depth: Floats, near_m: float, far_m: float, margin_m: float) -> float:
    """Share of readings (n,) that belong to neither side of a step; NaN without a reading.

    A reading flies when it is more than `margin_m` from both sides, at `near_m` and `far_m`; NaN
    where the margins leave no room between them. Missing readings mislead nobody and do not count.
    """
    read = depth[np.isfinite(depth)]
    if not len(read) or not 2 * margin_m < far_m - near_m:
        return float("nan")
    away = np.minimum(np.abs(read - near_m), np.abs(read - far_m)) > margin_m
    return float(away.mean())


def lateral_sigma(offset_px: Floats, is_near: NDArray[np.bool_], reach_px: float) -> float:
    """Standard deviation in pixels of where an edge appears; NaN without a reading on both sides.

    `offset_px` (n,) is each pixel centre's true distance from the edge, positive on the near side;
    `is_near` (n,) whether it read the near side. Nguyen et al. (2012), section 2.2, take the
    scatter of edge pixels about the edge's line; here the same scatter follows from the chance of
    reading the wrong side: E[d^2] = integral of 2 |d| P(wrong at d) over d. `reach_px` bounds it.
    """
    offset = np.asarray(offset_px, dtype=np.float64)
    wrong = is_near != (offset > 0)
    edges = np.arange(-reach_px, reach_px + BIN_PX / 2, BIN_PX)
    total = np.histogram(offset, edges)[0]
    if not total[: len(total) // 2].any() or not total[len(total) // 2 :].any():
        return float("nan")
    moment = np.histogram(offset[wrong], edges, weights=2 * np.abs(offset[wrong]))[0]
    centre, seen = (edges[:-1] + edges[1:]) / 2, total > 0
    mean = np.interp(centre, centre[seen], moment[seen] / total[seen])
    return float(np.sqrt(mean.sum() * BIN_PX))
