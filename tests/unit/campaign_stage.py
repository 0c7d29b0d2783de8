"""Records as episodes leave them, made up."""

from __future__ import annotations

from typing import Any

from cellpick.campaign import Episode
from cellpick.campaign.episode import blank_record


def run_record(episode: Episode, placed: int, cells: int = 12, **summary: Any) -> dict[str, Any]:
    """A run that placed some of its cells."""
    record = blank_record(episode)
    record["summary"] = {
        "schema": "cellpick.summary/1",
        "scene": episode.scene,
        "seed": episode.seed,
        "version": record["version"],
        "cells_total": cells,
        "slots_total": cells,
        "placed_ok": placed,
        "picked": cells,
        "polarity_errors": 0,
        "drops": cells - placed,
        "collisions": 0,
        "safety_violations": 0,
        "station_time_s": 60.0,
        "failures": {"dropped": cells - placed} if placed < cells else {},
        "place_error_mm": {"p50": 0.2, "p95": 0.4, "max": 0.5},
        **summary,
    }
    record["attempts"] = [
        {
            "number": k + 1,
            "status": "placed" if k < placed else "dropped",
            "place_error_mm": 0.2,
            "place_error_deg": 0.1,
            "cycle_time_s": 5.0,
            "contacts": [],
        }
        for k in range(cells)
    ]
    record["first_look"] = _seen(cells, cells)
    record["measured"] = {"wall_time_s": 20.0, "stage_s": {"motion": 10.0}}
    return record


def look_record(episode: Episode, found: int, cells: int = 60) -> dict[str, Any]:
    """A scene for looks alone."""
    record = blank_record(episode)
    record["kind"] = "look"
    record["first_look"] = _seen(found, cells)
    return record


def _seen(found: int, cells: int) -> dict[str, Any]:
    return {
        "cells": cells,
        "found": found,
        "false": 0,
        "statuses": {"ok": found},
        "polarity": {"right": found},
        "pose_error_mm": [0.1, 0.2, 0.3],
        "pose_error_deg": [],
    }
