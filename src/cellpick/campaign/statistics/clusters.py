"""The interval of a rate whose trials come in episodes.

The cells of one episode share its cameras, its arm and their drawn calibration: they fail together.
Taken for independent, they make an interval too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri, stdtrit

from cellpick.campaign.statistics.intervals import Interval, check_share
from cellpick.errors import InputError
from cellpick.evaluate import wilson_interval
from cellpick.geometry import Floats

LEAST_CORRELATION = 0.1
"""Between the cells of one episode, taken even where the data show less; assumed.

Failures are rare, so that a campaign's own data hardly ever show how much they go together: without
any failure they show nothing. docs/statistics.md has the coverage that follows.
"""


def design_effect(
    successes: Sequence[int] | Floats,
    trials: Sequence[int] | Floats,
    confidence: float = 0.95,
    least_correlation: float = LEAST_CORRELATION,
) -> float:
    """By how much the variance of a pooled rate exceeds that of independent trials; 1 at least.

    `successes` and `trials` are per episode. The linearised variance of a ratio (Rao and Scott
    1992, "A simple method for the analysis of clustered binary data"), stretched for its few
    degrees of freedom as Korn and Graubard 1998 do, but never less than what `least_correlation`
    makes of these episodes (Kish 1965, "Survey sampling": 1 + (cells - 1) correlation). Episodes
    without trials count for nothing. Raises `InputError` for counts that are none.
    """
    k, n = checked_episodes(successes, trials)
    check_share("confidence", confidence)
    if not 0 <= least_correlation <= 1:
        raise InputError("not from 0 to 1", key="least_correlation", got=least_correlation)
    k, n = k[n > 0], n[n > 0]
    total = n.sum()
    if total == 0:
        return 1.0
    least = 1 + (float(n @ n) / total - 1) * least_correlation
    rate, m = k.sum() / total, len(n)
    if m < 2 or rate in (0, 1):
        return float(least)
    variance = m / (m - 1) * np.sum((k - rate * n) ** 2) / total**2
    half = (1 - confidence) / 2
    stretch = (stdtrit(m - 1, half) / ndtri(half)) ** 2
    return float(max(least, stretch * variance * total / (rate * (1 - rate))))


def clustered_interval(
    successes: Sequence[int] | Floats,
    trials: Sequence[int] | Floats,
    confidence: float = 0.95,
    least_correlation: float = LEAST_CORRELATION,
) -> Interval:
    """Of the rate of all trials of all episodes; (0, 1) without trials.

    Wilson's for as many successes and trials divided by the design effect: never empty, also where
    all or none succeed (Dean and Pagano 2015, "Evaluating confidence interval methods for binomial
    proportions in clustered surveys"). Raises `InputError` as `design_effect` does.
    """
    k, n = checked_episodes(successes, trials)
    effect = design_effect(k, n, confidence, least_correlation)
    return Interval(*wilson_interval(k.sum() / effect, n.sum() / effect, confidence))


def checked_episodes(
    successes: Sequence[int] | Floats, trials: Sequence[int] | Floats
) -> tuple[Floats, Floats]:
    """Both as arrays (episodes,). Raises `InputError` for what are no counts."""
    k, n = (np.asarray(a, dtype=np.float64) for a in (successes, trials))
    if k.ndim != 1 or k.shape != n.shape:
        rule = "successes and trials need one number an episode"
        raise InputError(rule, got=f"{k.shape} and {n.shape}")
    whole = np.isfinite(k) & np.isfinite(n) & (k == np.floor(k)) & (n == np.floor(n))
    wrong = ~(whole & (k >= 0) & (k <= n))
    if wrong.any():
        at = int(np.argmax(wrong))
        rule = f"episode {at}: successes are whole numbers between 0 and the trials"
        raise InputError(rule, got=(float(k[at]), float(n[at])))
    return k, n
