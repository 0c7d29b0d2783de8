"""Gone once through a campaign's records: what its page draws, small however many there are."""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cellpick.report.failure_tree import FailureTree
from cellpick.report.record_fields import count, mapping, number, numbers, rows, words
from cellpick.report.worst_episodes import WorstEpisodes

ERRORS = ("pose_error_mm", "pose_error_deg", "place_error_mm", "place_error_deg")


def _floats() -> array[float]:
    return array("f")


@dataclass
class CaseTally:
    """One row of a suite, or a scene where rows have no names."""

    scenes: set[str] = field(default_factory=set)
    """Names."""
    episodes: int = 0
    """All."""
    done: int = 0
    """Those that ended by themselves."""
    cells: int = 0
    """In the trays; in looks, before the cameras."""
    placed: int = 0
    """Placed right; in looks, found."""
    station_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Simulated seconds by stage, episodes that placed cells or not."""
    errors: dict[str, array[float]] = field(default_factory=dict)
    """By name in `ERRORS`."""
    cycle_s: array[float] = field(default_factory=_floats)
    """Of attempts that placed a cell."""


class Tally:
    """All of a campaign."""

    def __init__(self, records: Iterable[Mapping[str, Any]]) -> None:
        self.cases: dict[str, CaseTally] = {}
        self.statuses: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.computing_s: defaultdict[str, float] = defaultdict(float)
        self.faults: Counter[str] = Counter()
        self.tree = FailureTree()
        self.worst = WorstEpisodes()
        for record in records:
            self._add(record)

    @property
    def episodes(self) -> int:
        """How many were gone through."""
        return sum(self.statuses.values())

    def pooled(self, name: str) -> array[float]:
        """An error, or `cycle_s`, of all cases together."""
        pool = _floats()
        for case in self.cases.values():
            pool.extend(case.cycle_s if name == "cycle_s" else case.errors.get(name, ()))
        return pool

    def _add(self, record: Mapping[str, Any]) -> None:
        case = self.cases.setdefault(_case_of(record), CaseTally())
        case.scenes.add(words(record, "scene"))
        case.episodes += 1
        self.statuses[words(record, "status")] += 1
        self.kinds[words(record, "kind")] += 1
        self.tree.add(record)
        self.worst.add(record)
        for stage in mapping(record, "measured", "stage_s"):
            self.computing_s[stage] += _or_0(number(record, "measured", "stage_s", stage))
        if words(record, "status") == "done":
            case.done += 1
            self._add_figures(case, record)

    def _add_figures(self, case: CaseTally, record: Mapping[str, Any]) -> None:
        look, summary = mapping(record, "first_look"), mapping(record, "summary")
        for name in ERRORS[:2]:
            case.errors.setdefault(name, _floats()).extend(numbers(look, name))
        if words(record, "kind") == "look":
            case.cells += count(look, "cells")
            case.placed += count(look, "found")
            return
        case.cells += count(summary, "cells_total")
        case.placed += count(summary, "placed_ok")
        for name in ("polarity_errors", "drops", "collisions", "safety_violations"):
            self.faults[name] += count(summary, name)
        for stage in mapping(summary, "stage_time_s"):
            case.station_s[stage] += _or_0(number(summary, "stage_time_s", stage))
        for attempt in rows(record, "attempts"):
            for name in ERRORS[2:]:
                if words(attempt, "status") in ("placed", "misplaced"):
                    _keep(case.errors.setdefault(name, _floats()), number(attempt, name))
            if words(attempt, "status") == "placed":
                _keep(case.cycle_s, number(attempt, "cycle_time_s"))


def _case_of(record: Mapping[str, Any]) -> str:
    return words(record, "case") or words(record, "scene") or "no name"


def _keep(values: array[float], value: float) -> None:
    if not math.isnan(value):
        values.append(value)


def _or_0(value: float) -> float:
    return 0.0 if math.isnan(value) else value
