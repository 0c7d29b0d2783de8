"""A test that ends as soon as the verdict is clear: Wald's sequential probability ratio test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cellpick.campaign.statistics.clusters import checked_episodes
from cellpick.campaign.statistics.intervals import check_share
from cellpick.errors import InputError
from cellpick.geometry import Floats


@dataclass(frozen=True)
class SprtVerdict:
    """Where a sequential test stands."""

    verdict: Literal["pass", "fail", "continue", "undecided"]
    """`undecided`: all planned episodes are counted, and what they show lies between the rates."""
    evidence: float
    """Log-likelihood ratio of p1 over p0, after the last episode counted."""
    used: int
    """Episodes counted: later ones change nothing."""
    saved: int
    """Planned episodes that the verdict made needless; 0 while it goes on."""


@dataclass(frozen=True)
class Sprt:
    """Is the success rate p0, which shall pass, or only p1, which shall fail?

    Wald 1945, "Sequential tests of statistical hypotheses". Its bounds are taken as 1 / alpha and
    beta, which no error rate exceeds (Wald's approximations (1 - beta) / alpha and beta / (1 -
    alpha) hold for the sum of the two only). A planned number that ends it first makes no error, it
    leaves it undecided: how often, `sprt_rates` says.
    """

    p0: float
    """Success rate that shall pass."""
    p1: float
    """Lower success rate that shall fail."""
    alpha: float = 0.01
    """Largest chance that p0 fails: a false alarm."""
    beta: float = 0.05
    """Largest chance that p1 passes: a miss."""
    design_effect: float = 1.0
    """Of the trials within an episode; 1 where a trial is an episode. It divides the evidence."""

    def __post_init__(self) -> None:
        for name in ("p0", "p1", "alpha", "beta"):
            check_share(name, getattr(self, name))
        if self.p1 >= self.p0:
            raise InputError("p1, which shall fail, lies below p0", got=(self.p1, self.p0))
        if not (math.isfinite(self.design_effect) and self.design_effect >= 1):
            rule = "a design effect is 1 at least"
            raise InputError(rule, key="design_effect", got=self.design_effect)

    @property
    def bounds(self) -> tuple[float, float]:
        """Evidence at which it passes (at or below the first) or fails (at or above the second)."""
        return math.log(self.beta), -math.log(self.alpha)

    @property
    def steps(self) -> tuple[float, float]:
        """What one success and one failure add to the evidence."""
        failure = math.log((1 - self.p1) / (1 - self.p0))
        return (
            math.log(self.p1 / self.p0) / self.design_effect,
            failure / self.design_effect,
        )

    def judge(
        self,
        successes: Sequence[int] | Floats,
        trials: Sequence[int] | Floats,
        planned: int | None = None,
    ) -> SprtVerdict:
        """After episodes with so many successes of so many trials, in the order planned.

        That order must not depend on their outcome: not the order in which they finish. Episodes
        after the verdict change nothing. Raises `InputError` for counts that are none.
        """
        k, n = checked_episodes(successes, trials)
        if planned is not None and planned < 1:
            raise InputError("at least one planned episode", key="planned", got=planned)
        k, n = k[:planned], n[:planned]
        success, failure = self.steps
        evidence = np.cumsum(k * success + (n - k) * failure)
        low, high = self.bounds
        ended = np.flatnonzero((evidence <= low) | (evidence >= high))
        used = int(ended[0]) + 1 if len(ended) else len(k)
        last = float(evidence[used - 1]) if used else 0.0
        if len(ended):
            saved = max(0, planned - used) if planned is not None else 0
            return SprtVerdict("fail" if last > 0 else "pass", last, used, saved)
        over = planned is not None and used >= planned
        return SprtVerdict("undecided" if over else "continue", last, used, 0)
