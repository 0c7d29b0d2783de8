"""What a sequential test does at a given true rate, exactly, for independent trials."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cellpick.campaign.statistics.sequential import Sprt
from cellpick.errors import InputError


class SprtRates(NamedTuple):
    """Over all that can happen."""

    fails: float
    """Chance of `fail`: the false-alarm rate at p0, the power at p1."""
    passes: float
    """Chance of `pass`: the miss rate at p1."""
    undecided: float
    """Chance that the planned number ends it first."""
    trials: float
    """Expected number until it ends."""


def sprt_rates(sprt: Sprt, rate: float, planned: int) -> SprtRates:
    """At the true success `rate`, ended after `planned` trials, each an episode of its own.

    The chances of all numbers of failures are carried from trial to trial (Aroian 1968, "Sequential
    analysis, direct method"). Raises `InputError` for a rate outside [0, 1] or no trial.
    """
    if not 0 <= rate <= 1:
        raise InputError("not from 0 to 1", key="rate", got=rate)
    if planned < 1:
        raise InputError("at least one planned trial", key="planned", got=planned)
    success, failure = sprt.steps
    low, high = sprt.bounds
    failures = np.arange(planned + 1)
    chances = np.zeros(planned + 1)
    chances[0] = 1.0
    passes = fails = trials = 0.0
    for n in range(1, planned + 1):
        trials += chances.sum()
        chances = chances * rate + np.concatenate([[0.0], chances[:-1]]) * (1 - rate)
        evidence = (n - failures) * success + failures * failure
        passed, failed = evidence <= low, evidence >= high
        passes, fails = passes + chances[passed].sum(), fails + chances[failed].sum()
        chances = np.where(passed | failed, 0.0, chances)
    return SprtRates(float(fails), float(passes), float(chances.sum()), float(trials))
