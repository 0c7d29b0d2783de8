"""A campaign beside its baseline: better, worse, or no evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isclose
from typing import Literal

import numpy as np

from cellpick.campaign.statistics.effects import bootstrap_interval, rate_difference_interval
from cellpick.campaign.statistics.exchange import (
    Chance,
    chance,
    free_exchanges,
    paired_exchanges,
)
from cellpick.campaign.statistics.intervals import Interval, check_share
from cellpick.campaign.statistics.pooled import Pooled, Statistic
from cellpick.campaign.statistics.sides import Sides, Values, matched
from cellpick.campaign.statistics.student import student_p
from cellpick.errors import InputError

ALPHA = 0.01
"""Chance of a `better` or `worse` where nothing has changed, for all comparisons of a family
together. Half of them are `worse`: ten reruns of unchanged code raise no alarm in 95 of 100."""
RESAMPLES = 9999
LEAST_PAIRS = 12
"""That differ, for exchanges within pairs: fewer cannot give p below 0.0005, which many comparisons
at once need. Instead, Student's test of positive values, or free exchanges of the same episodes;
pairs that are alike make those cautious."""
FEW_WAYS = 4000
"""Of unpaired exchanges; fewer cannot give p below 0.0005 either."""
Direction = Literal["higher", "lower"]
Test = Literal["exchange", "student"]
EXCHANGE: Test = "exchange"


@dataclass(frozen=True)
class Comparison:
    """What became of one figure."""

    verdict: Literal["better", "worse", "no evidence"]
    reason: str
    """Why the data cannot tell, where they cannot; else empty."""
    baseline: float
    """The figure, in its values' unit; NaN without values."""
    current: float
    effect: float
    """Current less baseline."""
    interval: Interval
    """Of the effect, at 95 %; NaN without values, or if it is no rate and one episode is all."""
    p: float
    """Two-sided; 1 without values."""
    p_adjusted: float
    """For all comparisons of its family, by `holm`; before that, `p`."""
    least_p: float
    """Smallest p that these values could have given, however they had fallen to the two sides."""
    test: Test
    """Exchanges assume nothing of the values; Student's test serves where there are too few."""
    pairing: Literal["paired", "unpaired"]
    episodes: tuple[int, int]
    """Episodes with values that were compared, of the baseline and of the current campaign."""
    better: Direction


def compare(
    baseline: Values,
    current: Values,
    rng: np.random.Generator,
    *,
    statistic: Statistic = "mean",
    better: Direction = "higher",
    strata: Mapping[str, str] | None = None,
    alpha: float = ALPHA,
    resamples: int = RESAMPLES,
) -> Comparison:
    """One figure of all values together, tested by exchanging whole episodes.

    Paired by id where at least half of either side's episodes are on the other side too (the rest
    are left out); else unpaired, exchanged within `strata` (id -> case; a case of one side alone is
    left out). Few episodes, up to 11 pairs or about 7 on each side, are tested by `student_p` if
    their values are positive, else by free exchanges. Values that are not finite are left out: a
    failure that must count is a 0 in a rate. Raises `InputError` for an unknown statistic or
    direction, for a bad level and for values that are no list of numbers.
    """
    check_share("alpha", alpha)
    if better not in ("higher", "lower"):
        raise InputError("no such direction", key="better", got=better, accepted="higher, lower")
    if resamples < 1:
        raise InputError("at least one resample", key="resamples", got=resamples)
    sides = matched(baseline, current, strata or {})
    a, b = len(sides.baseline), len(sides.current)
    pooled = Pooled([*sides.baseline, *sides.current], statistic)
    found = np.repeat([0.0, 1.0], [a, b])
    before, now = (float(pooled.figure(w[None])[0]) for w in (1 - found, found))
    # the two are summed in another order: what rounding alone parts is the same
    effect = 0.0 if isclose(before, now, rel_tol=1e-12) else now - before
    chances, test, interval = Chance(1.0, 1.0), EXCHANGE, Interval(np.nan, np.nan)
    if a and b:
        chances, test = _tested(sides, pooled, effect, resamples, rng)
        if statistic == "mean" and pooled.binary:
            interval = rate_difference_interval(pooled, a, sides.paired)
        else:
            interval = bootstrap_interval(pooled, a, sides.paired, resamples, rng)
    comparison = Comparison(
        verdict="no evidence",
        reason="",
        baseline=before,
        current=now,
        effect=effect,
        interval=interval,
        p=chances.p,
        p_adjusted=chances.p,
        least_p=chances.least,
        test=test,
        pairing="paired" if sides.paired else "unpaired",
        episodes=(a, b),
        better=better,
    )
    return judged(comparison, chances.p, alpha, 1)


def judged(comparison: Comparison, p_adjusted: float, alpha: float, family: int) -> Comparison:
    """The same with the verdict that its adjusted p gives in a family of so many comparisons."""
    verdict: Literal["better", "worse", "no evidence"] = "no evidence"
    if p_adjusted <= alpha and comparison.effect != 0:
        rose = comparison.effect > 0
        verdict = "better" if rose == (comparison.better == "higher") else "worse"
    a, b = comparison.episodes
    reason = ""
    if a == b == 0:
        reason = "no values that could be compared"
    elif a == 0 or b == 0:
        reason = f"no values in {'the baseline' if a == 0 else 'the current campaign'}"
    elif comparison.least_p == 1 and comparison.effect == 0:
        reason = "nothing differs"
    elif comparison.least_p * family > alpha:
        reason = f"too little data: p cannot be below {comparison.least_p:.2g}"
    return replace(comparison, verdict=verdict, reason=reason, p_adjusted=p_adjusted)


def _tested(
    sides: Sides, pooled: Pooled, effect: float, resamples: int, rng: np.random.Generator
) -> tuple[Chance, Test]:
    found = np.repeat([0.0, 1.0], [len(sides.baseline), len(sides.current)])
    if sides.paired:
        pairs = zip(sides.baseline, sides.current, strict=True)
        differs = np.array([not np.array_equal(np.sort(x), np.sort(y)) for x, y in pairs])
        if differs.sum() == 0 or differs.sum() >= LEAST_PAIRS:
            return chance(pooled, paired_exchanges(differs, resamples, rng), found), EXCHANGE
    free = free_exchanges(sides.baseline_strata, sides.current_strata, resamples, rng)
    if sides.paired or free.ways < FEW_WAYS:
        p = student_p(sides, pooled, effect)
        if p is not None:
            return Chance(p, 0.0), "student"
    return chance(pooled, free, found), EXCHANGE
