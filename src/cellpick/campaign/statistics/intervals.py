"""Intervals of a rate whose trials are independent of each other."""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy.special import betaincinv
from scipy.stats import binomtest

from cellpick.errors import InputError
from cellpick.evaluate import wilson_interval


class Interval(NamedTuple):
    """From where to where a figure may be, in the figure's unit."""

    low: float
    high: float


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Of a rate; (0, 1) without trials. `cellpick.evaluate.wilson_interval` has the formula."""
    return Interval(*wilson_interval(*checked_counts(successes, trials, confidence), confidence))


def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Of a rate; covers at least as often as it says, hence wider than Wilson's.

    (0, 1) without trials. Clopper and Pearson 1934, as SciPy has it.
    """
    k, n = checked_counts(successes, trials, confidence)
    if n == 0:
        return Interval(0.0, 1.0)
    found = binomtest(int(k), int(n)).proportion_ci(confidence, method="exact")
    return Interval(float(found.low), float(found.high))


def upper_limit(
    events: int, trials: int, confidence: float = 0.95, design_effect: float = 1.0
) -> float:
    """Rate that is exceeded with a probability of 1 - `confidence` at most; 1 without trials.

    "No polarity error in n": about 3 / n. Clopper and Pearson's one-sided limit; with a design
    effect (`clusters.design_effect`) that of as many events and trials divided by it, after Korn
    and Graubard 1998, "Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data".
    """
    k, n = checked_counts(events, trials, confidence)
    if not (math.isfinite(design_effect) and design_effect >= 1):
        raise InputError("a design effect is 1 at least", key="design_effect", got=design_effect)
    if k == n:
        return 1.0
    k, n = k / design_effect, n / design_effect
    return float(betaincinv(k + 1, n - k, confidence))


def checked_counts(successes: float, trials: float, confidence: float) -> tuple[float, float]:
    """The counts. Raises `InputError` where they are none, or the confidence is not in (0, 1)."""
    whole = math.isfinite(successes) and math.isfinite(trials)
    if not whole or successes != int(successes) or trials != int(trials):
        raise InputError("counts are whole numbers", got=(successes, trials))
    if not 0 <= successes <= trials:
        raise InputError("successes lie between 0 and the trials", got=(successes, trials))
    check_share("confidence", confidence)
    return successes, trials


def check_share(name: str, value: float) -> None:
    """Raises `InputError` for what is not a probability strictly between 0 and 1."""
    if not 0 < value < 1:
        raise InputError("not between 0 and 1", key=name, got=value)
