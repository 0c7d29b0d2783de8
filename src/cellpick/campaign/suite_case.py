"""The cases of a suite, each checked with its scene before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from cellpick.campaign.episode import Episode, Kind
from cellpick.campaign.limits import Limit, limits_of
from cellpick.campaign.overrides import override_text, refuse_lost
from cellpick.campaign.scene_files import Files, files_as_they_are
from cellpick.campaign.scene_path import from_here
from cellpick.campaign.seeds import seeds_of
from cellpick.campaign.suite_file import CaseSpec, SuiteSpec
from cellpick.errors import InputError
from cellpick.scene import SceneModels, load_scene, resolve_scene

MOST_CASES = 1000
"""Each has its limits and its row in every table."""


@dataclass(frozen=True)
class Case:
    """A scene with its overrides, how often it runs and what must hold."""

    name: str
    """Unique in its suite."""
    scene: str
    """Name of a shipped scene, or a path from the working folder."""
    values: Mapping[str, Any]
    """Scene key -> value."""
    seeds: tuple[int, ...]
    """One episode each."""
    limits: tuple[Limit, ...]
    """What must hold."""
    looks_only: bool
    """Whether its scene is for looks alone."""
    cells: int
    """In its tray."""
    files: Files
    """What the scene was read from: a file that was changed since is noticed."""

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """In the order of the seeds."""
        overrides = tuple(override_text(key, value) for key, value in self.values.items())
        kind: Kind = "look" if self.looks_only else "run"
        return tuple(
            Episode(self.scene, seed, overrides, self.name, dict(self.values), self.files, kind)
            for seed in self.seeds
        )


def cases_of(spec: SuiteSpec, path: Path) -> tuple[Case, ...]:
    """All cases of a suite file, its grids multiplied out; raises `InputError` naming the case."""
    count = sum(prod(map(len, case.grid.values())) for case in spec.cases)
    if count > MOST_CASES:
        raise InputError(
            "more cases than a suite may have",
            source=str(path),
            got=count,
            accepted=f"at most {MOST_CASES}; a sweep may have more",
        )
    cases = [
        _case(spec, path, i, name, values)
        for i, case in enumerate(spec.cases)
        for name, values in _variants(case)
    ]
    _refuse_twins(cases, str(path))
    return tuple(cases)


def _variants(case: CaseSpec) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and values of each combination of the grid; the case itself without one."""
    for chosen in product(*case.grid.values()):
        swept = dict(zip(case.grid, chosen, strict=True))
        name = ", ".join([case.name, *(override_text(k, v) for k, v in swept.items())])
        yield name, case.set | swept


def _case(spec: SuiteSpec, path: Path, index: int, name: str, values: dict[str, Any]) -> Case:
    case, key = spec.cases[index], f"cases.{index}"
    # a grid may vary what is set
    refuse_lost((k for k in case.set if k not in case.grid), case.grid, str(path), f"{key}.")
    scene = from_here(case.scene, path)
    seeds = seeds_of(spec.seeds if case.seeds is None else case.seeds, str(path), f"{key}.seeds")
    bare = Case(name, scene, values, seeds, (), False, 0, {})
    models = _checked(bare, f"{path}: case {name!r}")
    looks_only = models.spec.purpose == "look"
    return replace(
        bare,
        limits=limits_of(spec, index, looks_only, str(path)),
        looks_only=looks_only,
        cells=models.cell_count,
        files=files_as_they_are(models.files),
    )


def _checked(case: Case, source: str) -> SceneModels:
    try:
        return resolve_scene(load_scene(case.scene, case.episodes[0].overrides))
    except InputError as error:
        raise InputError(
            error.rule, source=source, key=error.key, got=error.got, accepted=error.accepted
        ) from error


def _refuse_twins(cases: list[Case], source: str) -> None:
    names = [case.name for case in cases]
    for name in names:
        if names.count(name) > 1:
            raise InputError("two cases have one name", source=source, got=name)
