"""Ends a suite as soon as its success rate is clear, by Wald's sequential test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cellpick.campaign.plan import Plan
from cellpick.campaign.sample import Sample, sample_of
from cellpick.campaign.statistics import Sprt, SprtVerdict
from cellpick.campaign.statistics.clusters import LEAST_CORRELATION
from cellpick.campaign.suite import Suite
from cellpick.errors import InputError


class EarlyStop:
    """Follows a suite whose episodes may end in any order. Raises `InputError` if it may not stop.

    The test takes the episodes in the order planned, so that what is slow is no different from what
    is quick; those that ended out of turn wait for the others.
    """

    def __init__(self, suite: Suite, plan: Plan) -> None:
        if suite.sequential is None:
            raise InputError(
                "the suite does not say when it may stop early",
                source=suite.name,
                key="sequential",
                accepted="rates `good` and `bad`, such as {good: 0.995, bad: 0.95}",
            )
        self._cells = {case.name: case.cells for case in suite.cases if not case.looks_only}
        self._order = [e.id for e in plan.episodes if e.case in self._cells]
        if not self._order:
            rule = "a suite of looks alone has no success rate to stop by"
            raise InputError(rule, source=suite.name, key="sequential")
        numbers = [self._cells[e.case] for e in plan.episodes if e.case in self._cells]
        crowd = sum(n * n for n in numbers) / sum(numbers)
        self._test = Sprt(
            p0=suite.sequential.good,
            p1=suite.sequential.bad,
            alpha=suite.sequential.alpha,
            beta=suite.sequential.beta,
            design_effect=1 + (crowd - 1) * LEAST_CORRELATION,
        )
        self._samples: dict[str, Sample] = {}
        self._unseen = {case.name for case in suite.cases}

    def observe(self, record: Mapping[str, Any]) -> bool:
        """Count a record; False as soon as the verdict is clear and every case has run once."""
        self._samples[record["id"]] = sample_of(record)
        self._unseen.discard(record["case"])
        return bool(self._unseen) or self.verdict.verdict == "continue"

    @property
    def verdict(self) -> SprtVerdict:
        """After the episodes so far."""
        hits, trials = [], []
        for name in self._order:
            sample = self._samples.get(name)
            if sample is None:
                break
            hits.append(sample.placed)
            trials.append(sample.cells if sample.ended else self._cells[sample.case])
        return self._test.judge(hits, trials, len(self._order))

    @property
    def rates(self) -> dict[str, float]:
        """What the test tells apart, and how surely."""
        test = self._test
        return {"good": test.p0, "bad": test.p1, "alpha": test.alpha, "beta": test.beta}
