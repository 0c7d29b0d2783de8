"""Figures of many episodes together, each with its interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellpick.campaign.figure_kinds import FIGURES, FigureKind
from cellpick.campaign.intervals import Bounds, percentile_bounds, ratio_bounds
from cellpick.campaign.sample import Sample, samples_of
from cellpick.campaign.statistics.clusters import clustered_interval

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Figure:
    """One figure of a case, over all of its episodes."""

    value: float | None
    """None where there is nothing that it could be made from."""
    low: float | None
    """From where it may be at the interval's confidence; None where the data set no such end."""
    high: float | None
    """To where it may be."""
    count: int
    """What it is made from: trials, values, or for a count episodes."""
    unit: str
    """`share` for a rate, empty for a count."""


def figures_of(
    records: Iterable[Mapping[str, Any]], confidence: float = CONFIDENCE
) -> dict[str, Figure]:
    """The figures of episode records together, name -> figure, with two-sided intervals.

    Episodes are independent, the cells of one are not: the intervals know which cells share one.
    An episode that did not end counts as the largest of its case with no cell placed or found.
    Only looks: only the figures that a look has.
    """
    return figures_of_samples(samples_of(records), confidence)


def figures_of_samples(
    samples: Sequence[Sample], confidence: float = CONFIDENCE
) -> dict[str, Figure]:
    """As `figures_of`, out of what is kept of the records."""
    runs = any(s.kind == "run" for s in samples) or not samples
    wanted = {name: kind for name, kind in FIGURES.items() if runs or kind.of_looks}
    return {name: figure_of(name, kind, samples, confidence) for name, kind in wanted.items()}


def figure_of(
    name: str, kind: FigureKind, samples: Sequence[Sample], confidence: float = CONFIDENCE
) -> Figure:
    """One figure of the samples."""
    if name == "errors":
        return _count([int(not s.ended) for s in samples])
    if kind.form == "count":
        return _count([getattr(s, kind.hits) for s in samples if s.ended and _has(kind, s)])
    if kind.form == "rate":
        return _rate(*hits_and_trials(kind, samples), confidence)
    ended = [s for s in samples if s.ended and _has(kind, s)]
    if kind.form == "p95":
        values = [np.asarray(getattr(s, kind.hits), dtype=np.float64) for s in ended]
        return _figure(percentile_bounds(values, 0.95, confidence), kind.unit)
    hits = np.array([getattr(s, kind.hits) for s in ended], dtype=np.float64)
    hours = np.array([getattr(s, kind.trials) / 3600 for s in ended], dtype=np.float64)
    return _figure(ratio_bounds(hits, hours, confidence), kind.unit)


def hits_and_trials(kind: FigureKind, samples: Sequence[Sample]) -> tuple[list[int], list[int]]:
    """Of a rate, one number an episode that has it."""
    rows = [s for s in samples if _has(kind, s)]
    hits = [getattr(s, kind.hits) if s.ended else 0 for s in rows]
    trials = [getattr(s, kind.trials) for s in rows]
    if kind.more_is_better:
        largest: dict[str, int] = {}
        for sample, number in zip(rows, trials, strict=True):
            largest[sample.case] = max(largest.get(sample.case, 1), number)
        trials = [n if s.ended else largest[s.case] for s, n in zip(rows, trials, strict=True)]
    return hits, trials


def _has(kind: FigureKind, sample: Sample) -> bool:
    return kind.of_looks or sample.kind == "run"


def _count(numbers: Sequence[int]) -> Figure:
    return Figure(float(sum(numbers)) if numbers else None, None, None, len(numbers), "")


def _rate(hits: Sequence[int], trials: Sequence[int], confidence: float) -> Figure:
    total = sum(trials)
    if total == 0:
        return Figure(None, None, None, 0, "share")
    low, high = clustered_interval(hits, trials, confidence)
    return Figure(sum(hits) / total, low, high, total, "share")


def _figure(bounds: Bounds, unit: str) -> Figure:
    return Figure(bounds.value, bounds.low, bounds.high, bounds.count, unit)
