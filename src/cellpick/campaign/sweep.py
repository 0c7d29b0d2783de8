"""A sweep file: which keys of a scene vary, over what, by which design, with how many seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr

from cellpick.campaign.designs import DESIGNS, Axis, Design, count_of
from cellpick.campaign.episode import Episode, Kind
from cellpick.campaign.overrides import override_text, refuse_lost
from cellpick.campaign.plan import Plan
from cellpick.campaign.run_figures import RUN_FIGURES, figures_of_kind
from cellpick.campaign.scene_files import Files, files_as_they_are
from cellpick.campaign.scene_path import from_here
from cellpick.errors import InputError
from cellpick.scene import data_folder, load_scene, resolve_scene
from cellpick.scene.accepted import did_you_mean
from cellpick.scene.documents import Strict, read_yaml, validated
from cellpick.scene.library import find_file

SCHEMA = "cellpick.sweep/1"
MOST_EPISODES = 2_000_000
"""A plan is kept in memory; a larger one is a slip of the pen more often than a wish."""
RESOLVED = 200
"""Points up to this many are resolved with all their models before anything runs."""


class Range(Strict):
    """What a continuous key may be."""

    low: float
    """Its least value."""
    high: float
    """Its greatest."""
    steps: Annotated[int, Field(ge=2, le=1000)] = 5
    """Levels of it in a grid."""
    scale: Literal["linear", "log"] = "linear"
    """How levels and draws lie between the ends."""


class SweepFile(Strict):
    """The document."""

    name: Annotated[str, Field(max_length=100, pattern=r"^[\w.-]*$")] = ""
    """Of the sweep, and of its folder; the file's name where there is none."""
    description: str = ""
    """For the report."""
    scene: str
    """Name of a shipped scene, or a path, which starts at the sweep's folder."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Keys of the scene that all episodes change alike."""
    keys: Annotated[dict[str, Range | list[Any]], Field(min_length=1)]
    """Key of the scene -> its levels, or a range."""
    design: Design = "grid"
    """How the keys' values are combined."""
    points: Annotated[int, Field(ge=1, le=1_000_000)] = 64
    """How many combinations a random, sobol or saltelli design draws."""
    seeds: Annotated[int, Field(ge=1, le=100_000)] = 1
    """Each combination runs once with each of the seeds 0 to this number less one."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Of the design itself."""
    figures: list[str] = Field(default_factory=list)
    """What the effects are told of; none: all figures that the scene has and that vary."""
    _files: Files = PrivateAttr(default_factory=dict)
    _purpose: str = PrivateAttr("pick")

    @property
    def files(self) -> Files:
        """What its scenes were read from; nothing where it was not loaded from a file."""
        return self._files

    def kind(self, values: Mapping[str, Any]) -> Kind:
        """Of the episodes of a combination."""
        return "look" if values.get("purpose", self._purpose) == "look" else "run"


def load_sweep(name_or_path: str | Path) -> SweepFile:
    """A checked sweep, given by path or by a shipped name.

    Its scene's path starts at the file's folder and is given from the working folder. What the
    scene says of each key is checked here too, before any episode runs. Raises `InputError` naming
    file, key, what came and what is accepted.
    """
    folder = data_folder("benchmarks/sweeps")
    path = find_file("sweep", str(name_or_path), folder, Path.cwd(), None, None)
    sweep = validated(SweepFile, read_yaml(path), str(path))
    given = {"name": sweep.name or path.stem, "scene": from_here(sweep.scene, path)}
    sweep = sweep.model_copy(update=given)
    _check_values(sweep, str(path))
    refuse_lost(sweep.set, sweep.keys, str(path), "")
    count = count_of(sweep.design, _axes(sweep), sweep.points) * sweep.seeds
    if count > MOST_EPISODES:
        raise InputError(
            "more episodes than a sweep may have",
            source=str(path),
            got=count,
            accepted=f"at most {MOST_EPISODES}",
        )
    bare = load_scene(sweep.scene, overrides_of(sweep.set))
    _check_figures(sweep, figures_of_kind(bare.purpose == "look"), str(path))
    sweep._purpose = bare.purpose
    files = _files_of_the_scenes(sweep, combinations(sweep), str(path))
    sweep._files = files_as_they_are(files)
    return sweep


def combinations(sweep: SweepFile) -> list[dict[str, Any]]:
    """The swept keys' values, a mapping a combination, in the design's order; levels may repeat."""
    table = DESIGNS[sweep.design](_axes(sweep), sweep.points, sweep.seed)
    return [dict(zip(sweep.keys, row, strict=True)) for row in table]


def _axes(sweep: SweepFile) -> list[Axis]:
    return [
        Axis.of_levels(values)
        if isinstance(values, list)
        else Axis.of_range(values.low, values.high, values.steps, values.scale)
        for values in sweep.keys.values()
    ]


def sweep_plan(sweep: SweepFile) -> Plan:
    """All episodes: combination by combination, seed by seed."""
    return Plan(
        kind="sweep",
        name=sweep.name,
        spec={"schema": SCHEMA, **sweep.model_dump(mode="json")},
        episodes=episodes_of(sweep),
    )


def sweep_of(spec: Mapping[str, Any]) -> SweepFile:
    """The sweep of a document that `sweep_plan` made."""
    content = {key: value for key, value in spec.items() if key != "schema"}
    sweep = validated(SweepFile, content, "campaign.json")
    _check_figures(sweep, list(RUN_FIGURES), "campaign.json")
    return sweep


def overrides_of(*values: Mapping[str, Any]) -> tuple[str, ...]:
    """`key=value`, as of `--set`."""
    return tuple(override_text(key, value) for keys in values for key, value in keys.items())


def episodes_of(sweep: SweepFile) -> tuple[Episode, ...]:
    """Combination by combination, seed by seed."""
    # draws among levels repeat themselves
    once = {overrides_of(sweep.set, values): values for values in combinations(sweep)}
    return tuple(
        Episode(
            *(sweep.scene, seed, overrides, sweep.name, values, sweep.files, sweep.kind(values))
        )
        for overrides, values in once.items()
        for seed in range(sweep.seeds)
    )


def _check_values(sweep: SweepFile, source: str) -> None:
    for key, values in sweep.keys.items():
        at = f"keys.{key}"
        if isinstance(values, list):
            if not values:
                accepted = "at least one level, or a range of low and high"
                raise InputError("an empty list", source=source, key=at, accepted=accepted)
            continue
        if not values.low < values.high:
            got = f"low {values.low}, high {values.high}"
            raise InputError("low must be below high", source=source, key=at, got=got)
        if values.scale == "log" and values.low <= 0:
            raise InputError("a log scale needs low above 0", source=source, key=at, got=values.low)


def _check_figures(sweep: SweepFile, accepted: Sequence[str], source: str) -> None:
    for k, name in enumerate(sweep.figures):
        rule = ""
        if name not in RUN_FIGURES:
            rule = f"no such figure of a run{did_you_mean(name, accepted)}"
        elif name not in accepted:
            rule = "the scene is for looks alone and has no such figure"
        elif name in sweep.figures[:k]:
            rule = "a figure is named twice"
        if rule:
            told = ", ".join(accepted)
            key = f"figures.{k}"
            raise InputError(rule, source=source, key=key, got=name, accepted=told)


def _files_of_the_scenes(
    sweep: SweepFile, points: Sequence[Mapping[str, Any]], source: str
) -> set[Path]:
    """All that the scenes of a sweep are read from; refuses what a scene refuses."""
    files: set[Path] = set()
    for values in points if len(points) <= RESOLVED else _extremes(points):
        overrides = overrides_of(sweep.set, values)
        try:
            files.update(resolve_scene(load_scene(sweep.scene, overrides)).files)
        except InputError as error:
            _refuse_fractions(sweep, values, error, source)
            at = ", ".join(overrides)
            raise InputError(f"the scene refuses {at}: {error}", source=source) from error
    return files


def _refuse_fractions(
    sweep: SweepFile, values: Mapping[str, Any], error: InputError, source: str
) -> None:
    """Of a range over a key of whole numbers: what each has an equal share in is a list."""
    key = error.key or ""
    whole = (error.accepted or "").startswith("a whole number")
    if whole and isinstance(sweep.keys.get(key), Range):
        raise InputError(
            "a range has fractions, and the scene takes whole numbers here",
            source=source,
            key=f"keys.{key}",
            got=values[key],
            accepted="a list of whole numbers",
        ) from error


def _extremes(points: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The first point, those where a number is least or greatest, and one for each other level.

    What is no number may name a file, and these are all that are named.
    """
    yield points[0]
    for key in points[0]:
        values = [point[key] for point in points]
        if all(isinstance(value, (int, float)) for value in values):
            yield points[values.index(min(values))]
            yield points[values.index(max(values))]
        else:
            yield from {str(point[key]): point for point in points}.values()
