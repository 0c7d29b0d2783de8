"""Figures against limits: what passes, what fails, and which episode shows it worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cellpick.campaign.figures import Figure, figure_of
from cellpick.campaign.limits import Limit
from cellpick.campaign.sample import Sample
from cellpick.campaign.suite import Suite


@dataclass(frozen=True)
class Verdict:
    """One limit of one case."""

    case: str
    """The case's name."""
    figure: str
    """The figure's name."""
    limit: float
    """Least or largest value."""
    rule: str
    """The limit in words."""
    value: float | None
    """The figure; None without data."""
    low: float | None
    """From where it may be, at the suite's confidence."""
    high: float | None
    """To where it may be."""
    unit: str
    """The figure's."""
    status: Literal["pass", "fail", "no_data"]
    """`no_data`: nothing to judge by, which is no pass."""
    reason: str
    """What is not plain from value and limit; empty where all is."""
    seed: int | None
    """Of the episode that shows it worst; None without one."""
    command: str
    """What repeats that episode."""


def judge(suite: Suite, samples: Sequence[Sample]) -> list[Verdict]:
    """Every limit of every case, in the suite's order."""
    found = []
    for case in suite.cases:
        rows = [s for s in samples if s.case == case.name]
        found += [_verdict(case.name, limit, rows, suite.confidence) for limit in case.limits]
    return found


def _verdict(case: str, limit: Limit, samples: Sequence[Sample], confidence: float) -> Verdict:
    figure = figure_of(limit.figure, limit.kind, samples, confidence)
    status, reason = _status(limit, figure, samples)
    worst = _worst(limit, samples)
    return Verdict(
        case=case,
        figure=limit.figure,
        limit=limit.value,
        rule=limit.words,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        unit=figure.unit,
        status=status,
        reason=reason,
        seed=worst.seed if worst else None,
        command=worst.command if worst else "",
    )


def _status(
    limit: Limit, figure: Figure, samples: Sequence[Sample]
) -> tuple[Literal["pass", "fail", "no_data"], str]:
    if figure.value is None:
        return "no_data", "no episode has such a figure"
    judged, bounded = figure.value, ""
    if limit.confidence is not None:
        # the bounds of a two-sided interval are one-sided bounds of half the doubt
        sure = figure_of(limit.figure, limit.kind, samples, 2 * limit.confidence - 1)
        bound = sure.low if limit.kind.more_is_better else sure.high
        if bound is None:
            return "fail", f"{figure.count} values are too few for a bound of that confidence"
        judged, bounded = bound, f"its confidence bound is {bound:.6g}"
    if judged >= limit.value if limit.kind.more_is_better else judged <= limit.value:
        return "pass", ""
    broken = next((s.reason for s in samples if not s.ended), "")
    return "fail", "; ".join(part for part in (bounded, broken) if part)


def _worst(limit: Limit, samples: Sequence[Sample]) -> Sample | None:
    """The episode whose own figure is worst; the first of equals; one that did not end first."""
    broken = [s for s in samples if not s.ended]
    if broken:
        return broken[0]
    own = [(figure_of(limit.figure, limit.kind, [s]).value, s) for s in samples]
    known = [(value, s) for value, s in own if value is not None]
    if not known:
        return samples[0] if samples else None
    sign = 1.0 if limit.kind.more_is_better else -1.0
    return min(known, key=lambda pair: sign * pair[0])[1]
