"""A campaign beside its baseline, figure by figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cellpick.campaign.sample import Sample
from cellpick.campaign.statistics import ALPHA, Comparison, compare, holm

SEED = 0
"""Of the exchanges that the tests draw: the same data always get the same verdict."""
Of = Callable[[Sample], Sequence[float]]


@dataclass(frozen=True)
class Compared:
    """A figure whose mean over all values is compared."""

    better: Literal["higher", "lower"]
    unit: str
    """`share` for a rate, empty for a count an episode."""
    values: Of
    """Of one episode that ended."""


COMPARED = {
    "success_rate": Compared("higher", "share", lambda s: _hits(s.placed, s.cells)),
    "polarity_error_rate": Compared("lower", "share", lambda s: _hits(s.polarity_errors, s.seated)),
    "drop_rate": Compared("lower", "share", lambda s: _hits(s.drops, s.picked)),
    "safety_violations": Compared("lower", "", lambda s: _of_runs(s, s.safety_violations)),
    "collisions": Compared("lower", "", lambda s: _of_runs(s, s.collisions)),
    "place_error_mm": Compared("lower", "mm", lambda s: s.place_mm),
    "place_error_deg": Compared("lower", "deg", lambda s: s.place_deg),
    "pose_error_mm": Compared("lower", "mm", lambda s: s.pose_mm),
    "pose_error_deg": Compared("lower", "deg", lambda s: s.pose_deg),
    "cycle_time_s": Compared("lower", "s", lambda s: s.cycle_s),
    "found_rate": Compared("higher", "share", lambda s: _hits(s.found, s.seen)),
    "false_cells": Compared("lower", "", lambda s: [s.false_cells]),
    "wrong_polarities": Compared("lower", "", lambda s: [s.wrong_polarities]),
    "errors": Compared("lower", "", lambda s: [float(not s.ended)]),
}
"""Name -> what is compared. Means, since they tell a change from fewer episodes than percentiles
do; counts are those of an episode."""


def regressions(
    baseline: Sequence[Sample], current: Sequence[Sample], alpha: float = ALPHA
) -> dict[str, Comparison]:
    """Every figure of all shared cases together, as one family whose false alarms are `alpha`.

    Paired by episode where the episodes are the same, else unpaired within each case. An episode
    that did not end is compared by `errors` and, as one without a success, by the rates.
    """
    cases = {s.case for s in baseline} & {s.case for s in current}
    sides = [[s for s in side if s.case in cases] for side in (baseline, current)]
    strata = {s.id: s.case for side in sides for s in side}
    found = {
        name: compare(
            _values(name, sides[0]),
            _values(name, sides[1]),
            np.random.default_rng(SEED),
            better=what.better,
            strata=strata,
            alpha=alpha,
        )
        for name, what in COMPARED.items()
    }
    return holm(found, alpha)


def _values(name: str, samples: Sequence[Sample]) -> dict[str, Sequence[float]]:
    what = COMPARED[name]
    if name == "errors":
        return {s.id: what.values(s) for s in samples}
    return {s.id: what.values(s) if s.ended else _lost(name, s) for s in samples}


def _lost(name: str, sample: Sample) -> list[float]:
    """Of an episode that did not end: one cell that was not placed, and not found."""
    placed = name == "success_rate" and sample.kind == "run"
    return [0.0] if placed or name == "found_rate" else []


def _hits(hits: int, trials: int) -> list[float]:
    # the judge counts attempts, and a cell may be attempted twice
    return [1.0] * min(hits, trials) + [0.0] * max(0, trials - hits)


def _of_runs(sample: Sample, number: float) -> list[float]:
    return [number] if sample.kind == "run" else []
