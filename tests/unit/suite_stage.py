"""Records and suites made up, whole enough for figures, limits and baselines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cellpick.campaign import Episode, EpisodeResult
from cellpick.campaign.episode import blank_record

SUITE = """
name: made_up
seeds: 4
thresholds: {success_rate: 0.9, place_error_mm_p95: 1.0, polarity_errors: 0}
cases:
  - {name: boxes, scene: prismatic_tray, set: {tray.rows: 1}}
  - {name: rounds, scene: cylindrical_tray}
  - {name: heap, scene: bulk_bin, thresholds: {found_rate: 0.5}}
"""


def write_suite(folder: Path, text: str = SUITE) -> Path:
    path = folder / "made_up.yaml"
    path.write_text(text)
    return path


def run(
    episode: Episode, *, cells: int = 4, placed: int = 4, place_mm: float = 0.3, **more: Any
) -> dict[str, Any]:
    """A run whose placed cells all err by `place_mm`; `more` goes into its summary."""
    record = blank_record(episode)
    record["summary"] = {
        "cells_total": cells,
        "slots_total": cells,
        "placed_ok": placed,
        "picked": cells,
        "polarity_errors": 0,
        "drops": cells - placed,
        "collisions": 0,
        "safety_violations": 0,
        "station_time_s": 5.0 * cells,
        **more,
    }
    fates = ["placed"] * placed + ["dropped"] * (cells - placed)
    record["attempts"] = [
        {
            "status": fate,
            "cycle_time_s": 5.0,
            "place_error_mm": place_mm if fate == "placed" else None,
            "place_error_deg": 0.01 if fate == "placed" else None,
        }
        for fate in fates
    ]
    record["first_look"] = first_look(cells, cells)
    record["measured"] = {"wall_time_s": 10.0}
    return record


def look(episode: Episode, *, cells: int = 10, found: int = 10, **more: Any) -> dict[str, Any]:
    record = blank_record(episode)
    record |= {"kind": "look", "first_look": first_look(cells, found, **more)}
    record["measured"] = {"wall_time_s": 5.0}
    return record


def first_look(cells: int, found: int, false: int = 0, wrong: int = 0) -> dict[str, Any]:
    return {
        "cells": cells,
        "found": found,
        "false": false,
        "statuses": {"ok": found},
        "polarity": {"right": found - wrong, "wrong": wrong},
        "pose_error_mm": [0.2] * found,
        "pose_error_deg": [0.1] * found,
    }


def usual(episode: Episode) -> dict[str, Any]:
    """What an episode of the made-up suite leaves where all is well: noise alone, by its seed."""
    if episode.scene == "bulk_bin":
        return look(episode)
    noise = np.random.default_rng(episode.seed).normal(0, 0.02)
    return run(episode, place_mm=round(float(0.3 + noise), 6))


class Stand:
    """An engine that makes records up; `of` says how, and `ran` remembers which."""

    of = staticmethod(usual)
    ran: list[Episode] = []

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers

    def run(self, episodes: Iterable[Episode]) -> Iterator[EpisodeResult]:
        for episode in episodes:
            type(self).ran.append(episode)
            yield EpisodeResult(type(self).of(episode))
