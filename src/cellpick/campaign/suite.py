"""A benchmark suite: cases, read and checked whole before any of them runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellpick.campaign.figure_kinds import FIGURES
from cellpick.campaign.plan import Plan
from cellpick.campaign.suite_case import Case, cases_of
from cellpick.campaign.suite_file import SequentialSpec, SuiteSpec
from cellpick.errors import InputError
from cellpick.scene import data_folder
from cellpick.scene.documents import read_yaml, validated
from cellpick.scene.library import find_file


@dataclass(frozen=True)
class Suite:
    """Cases and what must hold in them."""

    name: str
    """The suite's, which its baselines carry."""
    description: str
    """What it is for."""
    confidence: float
    """Of the intervals that are shown."""
    sequential: SequentialSpec | None
    """When it may stop early; None: never."""
    cases: tuple[Case, ...]
    """In the file's order, grids multiplied out."""

    def plan(self) -> Plan:
        """All episodes: the first seed of every case, then the second, and so on."""
        queues = [case.episodes for case in self.cases]
        longest = max(map(len, queues))
        episodes = [queue[i] for i in range(longest) for queue in queues if i < len(queue)]
        return Plan("suite", self.name, self.document(), tuple(episodes))

    def document(self) -> dict[str, Any]:
        """What is run; not what must hold, so that other limits may judge finished episodes."""
        return {"name": self.name, "cases": [_case_document(case) for case in self.cases]}


def load_suite(name_or_path: str | Path) -> Suite:
    """A suite given by path or by a shipped name, its scenes resolved.

    Raises `InputError` for the first thing that is wrong, in the suite or in one of its scenes.
    """
    folder = data_folder("benchmarks/suites")
    path = find_file("suite", str(name_or_path), folder, Path.cwd(), None, None)
    spec = validated(SuiteSpec, read_yaml(path), str(path))
    rates = spec.sequential
    if rates is not None and rates.bad >= rates.good:
        rule, accepted = "the bad rate lies below the good one", f"less than {rates.good:g}"
        key = "sequential.bad"
        raise InputError(rule, source=str(path), key=key, got=rates.bad, accepted=accepted)
    cases = cases_of(spec, path)
    _refuse_unjudged(spec, cases, str(path))
    return Suite(spec.name or path.stem, spec.description, spec.confidence, spec.sequential, cases)


def _refuse_unjudged(spec: SuiteSpec, cases: tuple[Case, ...], source: str) -> None:
    """A limit that no case is judged by would pass without a word."""
    judged = {limit.figure for case in cases for limit in case.limits}
    for name in spec.thresholds:
        if name not in judged:
            rule = "every case is for looks alone, and none has such a figure"
            accepted = ", ".join(n for n, kind in FIGURES.items() if kind.of_looks)
            raise InputError(rule, source=source, key=f"thresholds.{name}", accepted=accepted)


def _case_document(case: Case) -> dict[str, Any]:
    return {
        "name": case.name,
        "scene": case.scene,
        "values": dict(case.values),
        "seeds": list(case.seeds),
        "looks_only": case.looks_only,
    }
