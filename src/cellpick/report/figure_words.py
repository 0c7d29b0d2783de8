"""Figures of a campaign in words: titles, units, limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cellpick.report.record_fields import NONE, as_number, number, words

TITLES = {
    "success_rate": "Placed right",
    "found_rate": "Found",
    "errors": "Without a result",
    "polarity_errors": "Polarity errors",
    "polarity_error_rate": "Polarity error rate",
    "drops": "Drops",
    "drop_rate": "Drop rate",
    "safety_violations": "Safety violations",
    "collisions": "Collisions",
    "false_cells": "False cells",
    "wrong_polarities": "Polarities told wrongly",
    "place_error_mm": "Place error",
    "place_error_deg": "Place angle error",
    "pose_error_mm": "Pose error",
    "pose_error_deg": "Pose angle error",
    "cycle_time_s": "Cycle time",
    "place_error_mm_p95": "Place error, p95",
    "place_error_deg_p95": "Place angle error, p95",
    "pose_error_mm_p95": "Pose error, p95",
    "pose_error_deg_p95": "Pose angle error, p95",
    "cycle_time_s_p95": "Cycle time, p95",
    "place_error_mm_mean": "Place error, mean",
    "place_error_deg_mean": "Place angle error, mean",
    "pose_error_mm_mean": "Pose error, mean",
    "pose_error_deg_mean": "Pose angle error, mean",
    "cycle_time_s_mean": "Cycle time, mean",
    "picks_per_hour": "Cells an hour",
}
"""In the order of the page."""
RATE_OF = {"polarity_errors": "polarity_error_rate", "drops": "drop_rate"}
"""The share that tells how sure a count is."""
_PER_HOUR = "1/h"
_ROUNDING = 1e-9
"""What rounding leaves of differences; no figure of a station is that small."""
_NOTHING = {"mm": 1e-4, "deg": 1e-5, "s": 1e-4}
"""What is smaller is a physics engine's rest, and shown as 0."""


def title(key: str) -> str:
    """What a figure is called."""
    return TITLES.get(key, key.replace("_", " ").capitalize())


def in_order(keys: set[str]) -> list[str]:
    """Known figures in the page's order, then the others by name."""
    known = [key for key in TITLES if key in keys]
    return known + sorted(keys - set(known))


def amount(value: Any, unit: str) -> str:
    """A value with its unit; a dash where there is none."""
    bare = bare_amount(value, unit)
    return bare if bare == NONE else f"{bare} {unit_words(unit)}".rstrip()


def unit_words(unit: str) -> str:
    """A unit as it is shown."""
    return {"share": "%", _PER_HOUR: "an hour"}.get(unit, unit)


def bare_amount(value: Any, unit: str) -> str:
    """A value as it is shown in its unit, shares in per cent; a dash where there is none."""
    found = as_number(value)
    if math.isnan(found):
        return NONE
    if abs(found) < _NOTHING.get(unit, _ROUNDING):
        return "0"
    if unit == "share":
        return _percent(100 * found)
    if abs(found) >= 1000 or (unit == "" and found == round(found)):
        return f"{found:.0f}"
    return f"{found:.3g}"


def interval(figure: Mapping[str, Any]) -> str:
    """The interval of a figure; empty where it has none."""
    unit = words(figure, "unit")
    low, high = number(figure, "low"), number(figure, "high")
    if math.isnan(low) and math.isnan(high):
        return ""
    if math.isnan(low):
        return f"{bare_amount(high, unit)} or less"
    if math.isnan(high):
        return f"{bare_amount(low, unit)} or more"
    return f"{bare_amount(low, unit)} to {bare_amount(high, unit)}"


def _percent(value: float) -> str:
    """With one decimal, or with as many as tell nearly all from all and nearly none from none."""
    if value == 100:
        return "100"
    for digits in range(1, 6):
        text = f"{value:.{digits}f}"
        if float(text) not in (0.0, 100.0):
            return text
    return text
