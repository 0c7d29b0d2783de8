"""How large a difference between two campaigns may be."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, stdtrit

from cellpick.campaign.statistics.clusters import clustered_interval
from cellpick.campaign.statistics.intervals import Interval
from cellpick.campaign.statistics.pooled import Pooled, portions
from cellpick.geometry import Floats


def bootstrap_interval(
    pooled: Pooled,
    baseline: int,
    paired: bool,
    resamples: int,
    rng: np.random.Generator,
    confidence: float = 0.95,
) -> Interval:
    """Of current less baseline; `pooled` has the `baseline` episodes of the baseline first.

    Percentiles of a bootstrap over whole episodes, over pairs where `paired` (Efron and Tibshirani
    1993, "An introduction to the bootstrap", chapter 13; Davison and Hinkley 1997, section 3.8, for
    clusters), farther out for few episodes (Hesterberg 2015, "What teachers should know about the
    bootstrap": expanded percentiles). Still too narrow for fewer than ten, and NaN for one:
    docs/statistics.md has its coverage.
    """
    current = len(pooled.counts) - baseline
    parts = []
    for rows in portions(resamples, len(pooled.counts)):
        first = _draws(baseline, rows, rng)
        second = first if paired else _draws(current, rows, rng)
        now, before = _columns(second, baseline, 0), _columns(first, 0, current)
        parts.append(pooled.figure(now) - pooled.figure(before))
    apart = np.concatenate(parts)
    fewest, freedom = min(baseline, current), baseline - 1 if paired else baseline + current - 2
    if fewest < 2:
        return Interval(np.nan, np.nan)
    widened = np.sqrt(fewest / (fewest - 1)) * stdtrit(freedom, (1 - confidence) / 2)
    low, high = np.quantile(apart, [ndtr(widened), ndtr(-widened)])
    return Interval(float(low), float(high))


def rate_difference_interval(
    pooled: Pooled, baseline: int, paired: bool, confidence: float = 0.95
) -> Interval:
    """As `bootstrap_interval`, for values of 0 and 1: never empty, also where all are equal.

    From the two clustered intervals by Newcombe's method 10 (1998, "Improved confidence intervals
    for the difference between binomial proportions based on paired data"; Zou and Donner 2008 for
    any two intervals), with the correlation of the paired episodes' rates.
    """
    sides = (slice(None, baseline), slice(baseline, None))
    sums, counts = [pooled.sums[s] for s in sides], [pooled.counts[s] for s in sides]
    (low_a, high_a), (low_b, high_b) = (
        clustered_interval(k, n, confidence) for k, n in zip(sums, counts, strict=True)
    )
    a, b = (k.sum() / n.sum() for k, n in zip(sums, counts, strict=True))
    share = _correlation(*(k / n for k, n in zip(sums, counts, strict=True))) if paired else 0.0
    return Interval(
        float(max(-1.0, b - a - _joined(b - low_b, high_a - a, share))),
        float(min(1.0, b - a + _joined(high_b - b, a - low_a, share))),
    )


def _joined(x: float, y: float, correlation: float) -> float:
    return float(np.sqrt(max(0.0, x**2 - 2 * correlation * x * y + y**2)))


def _correlation(x: Floats, y: Floats) -> float:
    """0 where none can be seen."""
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])


def _draws(episodes: int, rows: int, rng: np.random.Generator) -> Floats:
    shares = np.full(episodes, 1 / episodes)
    return rng.multinomial(episodes, shares, size=rows).astype(np.float64)


def _columns(weights: Floats, before: int, after: int) -> Floats:
    return np.pad(weights, ((0, 0), (before, after)))
