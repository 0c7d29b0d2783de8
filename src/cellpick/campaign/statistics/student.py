"""What few episodes show, at a price: their logarithms are taken to be distributed normally."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr

from cellpick.campaign.statistics.pooled import Pooled
from cellpick.campaign.statistics.sides import Sides
from cellpick.geometry import Floats

_LEAST_FREEDOM = 2
_LEAST_SIGMA = 1e-9
"""Of the difference; below, it is the rounding that varies."""


def student_p(sides: Sides, pooled: Pooled, effect: float) -> float | None:
    """Two-sided p of no change in the logarithm of each episode's own figure; None if it has none.

    1 where the episodes' figures moved the other way than `effect`, that of all values together.

    Of pairs, or of two samples with one variance, within strata (Student 1908; the strata's
    differences weighted by their precision). Where nothing has changed, the two campaigns' values
    have one distribution, so that differences lie symmetrically even if it is not normal; the test
    then errs to the side of no evidence. None for rates, for values that are not positive (counts),
    for fewer than 2 degrees of freedom, and where nothing varies.
    """
    figures = pooled.figure(np.eye(len(pooled.counts)))
    if pooled.binary or (figures <= 0).any():
        return None
    logs = np.log(figures)
    before, now = logs[: len(sides.baseline)], logs[len(sides.baseline) :]
    if sides.paired:
        apart, variance, freedom = _of_pairs(now - before)
    else:
        apart, variance, freedom = _of_strata(sides, before, now)
    if freedom < _LEAST_FREEDOM or variance <= _LEAST_SIGMA**2:
        return None
    if apart * effect <= 0:
        return 1.0
    return float(2 * stdtr(freedom, -abs(apart) / np.sqrt(variance)))


def _of_pairs(apart: Floats) -> tuple[float, float, int]:
    m = len(apart)
    return float(apart.mean()), float(apart.var(ddof=1)) / m if m > 1 else 0.0, m - 1


def _of_strata(sides: Sides, before: Floats, now: Floats) -> tuple[float, float, int]:
    """Difference, its variance, and degrees of freedom."""
    apart = weight = squares = 0.0
    freedom = 0
    for name in np.unique(sides.baseline_strata):
        x, y = before[sides.baseline_strata == name], now[sides.current_strata == name]
        precision = len(x) * len(y) / (len(x) + len(y))
        apart += precision * (y.mean() - x.mean())
        weight += precision
        squares += float(((x - x.mean()) ** 2).sum() + ((y - y.mean()) ** 2).sum())
        freedom += len(x) + len(y) - 2
    return apart / weight, squares / max(1, freedom) / weight, freedom
