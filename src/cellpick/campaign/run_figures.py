"""Figures of one run: what a sweep's keys may act on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from statistics import fmean
from typing import Any, Literal

from cellpick.campaign.sample import Sample

Value = Callable[[Mapping[str, Any], Sample], tuple[float, float]]
"""Of a record and its sample: the figure, NaN where the run has none, and what it is made from."""


@dataclass(frozen=True)
class RunFigure:
    """One figure; equal in name, unit and meaning to the figure of many runs where there is one."""

    form: Literal["share", "count", "amount"]
    """A share is of cells or runs; a count of events; an amount has a unit."""
    unit: str
    """`share` for a share, empty for a count."""
    more_is_better: bool
    """Its sense."""
    of_looks: bool
    """Whether a scene that is only looked at has it too."""
    shown: bool
    """Whether it is shown where the sweep names no figures and it varies."""
    meaning: str
    """In words."""
    lacks: str
    """What runs did that ended and have none, in words that follow their number."""
    value: Value
    """How a run has it."""


def _success(record: Mapping[str, Any], sample: Sample) -> tuple[float, float]:
    summary = record["summary"]
    if not sample.ended:
        return 0.0, 1.0
    if sample.kind == "look":
        return nan, 0.0
    due = min(summary["cells_total"], summary.get("slots_total", summary["cells_total"]))
    return (sample.placed / due, due) if due else (nan, 0.0)


def _found(record: Mapping[str, Any], sample: Sample) -> tuple[float, float]:
    if not sample.ended:
        return 0.0, 1.0
    return (sample.found / sample.seen, sample.seen) if sample.seen else (nan, 0.0)


def _per_hour(record: Mapping[str, Any], sample: Sample) -> tuple[float, float]:
    time_s = sample.station_time_s
    return (3600 * sample.placed / time_s, 1.0) if time_s > 0 else (nan, 0.0)


def _errors(record: Mapping[str, Any], sample: Sample) -> tuple[float, float]:
    return float(not sample.ended), 1.0


def _count(field: str, of_looks: bool, shown: bool, meaning: str) -> RunFigure:
    def value(record: Mapping[str, Any], sample: Sample) -> tuple[float, float]:
        there = sample.ended and (of_looks or sample.kind == "run")
        return (float(getattr(sample, field)), 1.0) if there else (nan, 0.0)

    return RunFigure("count", "", False, of_looks, shown, meaning, "are looks", value)


def _amount(
    field: str, of: str, unit: str, of_looks: bool, shown: bool, meaning: str, lacks: str
) -> RunFigure:
    def value(record: Mapping[str, Any], sample: Sample) -> tuple[float, float]:
        values: Sequence[float] = getattr(sample, field)
        if not values:
            return nan, 0.0
        return (_p95(values) if of == "p95" else fmean(values)), len(values)

    how = "95th percentile of a run's cells" if of == "p95" else "mean of a run's cells"
    told = f"{meaning}, {how}"
    return RunFigure("amount", unit, False, of_looks, shown, told, lacks, value)


def _p95(values: Sequence[float]) -> float:
    """As `numpy.percentile`, in a tenth of its time for a few values."""
    kept = sorted(values)
    below = 0.95 * (len(kept) - 1)
    low = int(below)
    high = min(low + 1, len(kept) - 1)
    return kept[low] + (below - low) * (kept[high] - kept[low])


UNPLACED = "let no cell go in a slot"
UNFOUND = "had no estimate called ok in the first look"

RUN_FIGURES = {
    "success_rate": RunFigure(
        *("share", "share", True, False, True),
        "share of a run's cells placed well, of those that there is a slot for",
        *("had no cells", _success),
    ),
    "found_rate": RunFigure(
        *("share", "share", True, True, True, "share of a run's cells found by the first look"),
        *("had no cells", _found),
    ),
    **{
        f"{name}_{of}": _amount(field, of, unit, looks, of == "p95", meaning, lacks)
        for name, field, unit, looks, meaning, lacks in (
            ("place_error_mm", "place_mm", "mm", False, "error in the slot", UNPLACED),
            ("place_error_deg", "place_deg", "deg", False, "angle error in the slot", UNPLACED),
            ("pose_error_mm", "pose_mm", "mm", True, "error of the first look's poses", UNFOUND),
            (
                *("pose_error_deg", "pose_deg", "deg", True),
                *("angle error of the first look's poses", UNFOUND),
            ),
        )
        for of in ("p95", "mean")
    },
    **{
        f"cycle_time_s_{of}": _amount(
            *("cycle_s", of, "s", False, of == "mean", "station time a placed cell"),
            "placed no cell",
        )
        for of in ("mean", "p95")
    },
    "picks_per_hour": RunFigure(
        *("amount", "1/h", True, False, True, "a run's cells placed by its station time"),
        *("took no time", _per_hour),
    ),
    "drops": _count("drops", False, True, "cells lost on the way, a run"),
    "polarity_errors": _count(
        "polarity_errors", False, True, "cells seated the wrong way round, a run"
    ),
    "collisions": _count(
        "collisions", False, True, "contacts that no grasp or placement wants, a run"
    ),
    "safety_violations": _count(
        *("safety_violations", False, True),
        "conductors that touched terminals of both polarities, a run",
    ),
    "false_cells": _count(
        "false_cells", True, True, "estimates of the first look where no cell is, a run"
    ),
    "wrong_polarities": _count(
        "wrong_polarities", True, True, "polarities told wrongly by the first look, a run"
    ),
    "errors": RunFigure(
        *("share", "share", False, True, True),
        *("share of the runs that raised, died or took too long", "", _errors),
    ),
}
"""Name -> figure, in the order in which pages show them."""


def figures_of_kind(looks_only: bool) -> list[str]:
    """Names of those that runs, or scenes for looks alone, have."""
    return [name for name, figure in RUN_FIGURES.items() if figure.of_looks or not looks_only]
