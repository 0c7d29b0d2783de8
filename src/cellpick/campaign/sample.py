"""What an episode adds to the figures of its case: counts, times and errors, out of its record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]
Values = tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One episode in numbers; all zero where it did not end."""

    # what a baseline file is held to
    __pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)

    id: str
    """The episode's, equal in every campaign that runs it."""
    case: str
    """Its row of the suite."""
    seed: Count
    """Its seed."""
    kind: Literal["run", "look"]
    """Whether its scene is run, or only looked at."""
    ended: bool
    """Whether it ended by itself: it did not raise, die or take too long."""
    command: str
    """What repeats it."""
    reason: str = ""
    """Why it did not end by itself; empty where it did."""
    cells: Count = 0
    """In the tray."""
    placed: Count = 0
    """Within the tolerances."""
    picked: Count = 0
    """Attempts that lifted a cell."""
    seated: Count = 0
    """Attempts that let a cell go in the module, well or badly: polarity errors are of these."""
    polarity_errors: Count = 0
    """Cells let go in the module the wrong way round."""
    drops: Count = 0
    """Cells lost on the way."""
    collisions: Count = 0
    """Contacts that no grasp or placement wants."""
    safety_violations: Count = 0
    """Contacts of conductors with terminals of two polarities."""
    seen: Count = 0
    """Cells before the cameras of the first look."""
    found: Count = 0
    """Of these, with an estimate."""
    false_cells: Count = 0
    """Estimates of the first look where no cell is."""
    wrong_polarities: Count = 0
    """Cells of the first look whose polarity was told wrongly."""
    station_time_s: Amount = 0.0
    """Of the whole episode."""
    pose_mm: Values = ()
    """Position errors of the first look's estimates that are called ok."""
    pose_deg: Values = ()
    """Their angle errors."""
    place_mm: Values = ()
    """Errors in the slot, of cells let go there."""
    place_deg: Values = ()
    """Their angle errors."""
    cycle_s: Values = ()
    """Station time of each attempt that placed a cell, looks included."""


def samples_of(records: Iterable[Mapping[str, Any]]) -> list[Sample]:
    """The numbers of records."""
    return [sample_of(record) for record in records]


def sample_of(record: Mapping[str, Any]) -> Sample:
    """The numbers of a record (schema `cellpick.episode/1`)."""
    ended = record["status"] == "done"
    base = Sample(
        id=record["id"],
        case=record["case"],
        seed=record["seed"],
        kind=record["kind"],
        ended=ended,
        command=record["command"],
        reason=record["reason"],
    )
    if not ended:
        return base
    return Sample(**{**asdict(base), **_of_look(record["first_look"]), **_of_run(record)})


def _of_look(look: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "seen": look["cells"],
        "found": look["found"],
        "false_cells": look["false"],
        "wrong_polarities": look["polarity"].get("wrong", 0),
        "pose_mm": tuple(look["pose_error_mm"]),
        "pose_deg": tuple(look["pose_error_deg"]),
    }


def _of_run(record: Mapping[str, Any]) -> dict[str, Any]:
    summary, attempts = record["summary"], record["attempts"]
    if record["kind"] == "look":
        return {}
    seated = [a for a in attempts if a["status"] in ("placed", "misplaced")]
    return {
        "cells": summary["cells_total"],
        "placed": summary["placed_ok"],
        "picked": summary["picked"],
        "seated": len(seated),
        **{k: summary[k] for k in ("polarity_errors", "drops", "collisions", "safety_violations")},
        "station_time_s": summary["station_time_s"],
        "place_mm": _present(seated, "place_error_mm"),
        "place_deg": _present(seated, "place_error_deg"),
        "cycle_s": _present([a for a in attempts if a["status"] == "placed"], "cycle_time_s"),
    }


def _present(attempts: list[dict[str, Any]], name: str) -> Values:
    return tuple(a[name] for a in attempts if a[name] is not None)
