"""Intervals of percentiles and of ratios over episodes, whose values are not independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit
from scipy.stats import binom

from cellpick.campaign.statistics.clusters import design_effect
from cellpick.geometry import Floats


@dataclass(frozen=True)
class Bounds:
    """A figure with its interval; None for an end that the data do not set."""

    value: float | None
    """The figure."""
    low: float | None
    """From where it may be."""
    high: float | None
    """To where it may be."""
    count: int
    """Values or episodes that it is made from."""


def percentile_bounds(values: Sequence[Floats], share: float, confidence: float) -> Bounds:
    """A percentile of all values, given one array an episode, between two of these values.

    The ranks are those that the binomial distribution allows (David and Nagaraja 2003, "Order
    statistics", section 7.1) for as many values divided by the design effect of the share below the
    percentile. Few values set no upper end: the 95th percentile's needs 72 independent ones.
    """
    kept = np.sort(np.concatenate([np.empty(0), *values]))
    if len(kept) == 0:
        return Bounds(None, None, None, 0)
    middle = float(np.percentile(kept, 100 * share))
    below = [int((v <= middle).sum()) for v in values]
    effect = design_effect(below, [len(v) for v in values], confidence)
    independent = int(len(kept) / effect)
    half = (1 - confidence) / 2
    low = int(binom.ppf(half, independent, share))
    high = int(binom.ppf(1 - half, independent, share)) + 1
    return Bounds(
        middle,
        min(middle, _ranked(kept, low, independent)) if low >= 1 else None,
        max(middle, _ranked(kept, high, independent)) if high <= independent else None,
        len(kept),
    )


def _ranked(kept: Floats, rank: int, independent: int) -> float:
    """The value whose place among `kept` is that of the rank-th of the independent ones."""
    place = int(np.ceil(rank / independent * len(kept)))
    return float(kept[min(len(kept), max(1, place)) - 1])


def ratio_bounds(hits: Floats, amounts: Floats, confidence: float) -> Bounds:
    """Sum of `hits` over the sum of `amounts`, each (episodes,); no interval from one episode.

    Linearised variance and Student's distribution (Cochran 1977, "Sampling techniques", 6.4).
    """
    total, m = float(amounts.sum()), len(hits)
    if total <= 0:
        return Bounds(None, None, None, m)
    ratio = float(hits.sum()) / total
    if m < 2:
        return Bounds(ratio, None, None, m)
    variance = m / (m - 1) * float(np.sum((hits - ratio * amounts) ** 2)) / total**2
    half = -float(stdtrit(m - 1, (1 - confidence) / 2)) * variance**0.5
    return Bounds(ratio, max(0.0, ratio - half), ratio + half, m)
