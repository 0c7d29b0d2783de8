"""Figures of a campaign in words: titles, units, limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cellpick.report.record_fields import NONE, as_number, number, words

TITLES = {
    "success_rate": "Placed right",
    "found_rate": "Found",
    "polarity_errors": "Polarity errors",
    "drops": "Drops",
    "collisions": "Collisions",
    "safety_violations": "Safety violations",
    "false_detections": "False detections",
    "pose_error_mm_p95": "Pose error, p95",
    "pose_error_deg_p95": "Pose angle error, p95",
    "place_error_mm_p95": "Place error, p95",
    "place_error_deg_p95": "Place angle error, p95",
    "cycle_time_s_p95": "Cycle time, p95",
    "picks_per_hour": "Cells an hour",
}
"""In the order of the page."""
_SHARES = ("share", "1", "ratio")
_COUNTS = ("", "count", "cells", "episodes")


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
    if bare == NONE or unit in _COUNTS:
        return bare
    return f"{bare} {'%' if unit in _SHARES else unit}"


def bare_amount(value: Any, unit: str) -> str:
    """A value as it is shown in its unit, shares in per cent; a dash where there is none."""
    found = as_number(value)
    if math.isnan(found):
        return NONE
    if unit in _SHARES:
        return f"{100 * found:.1f}"
    if found == round(found) and abs(found) < 1e15 and unit in _COUNTS:
        return f"{found:.0f}"
    return f"{found:.0f}" if abs(found) >= 1000 else f"{found:.3g}"


def interval(figure: Mapping[str, Any]) -> str:
    """The interval of a figure; empty where it has none."""
    unit = words(figure, "unit")
    low, high = number(figure, "low"), number(figure, "high")
    if math.isnan(low) and math.isnan(high):
        return ""
    if math.isnan(low):
        return f"at most {amount(high, unit)}"
    if math.isnan(high):
        return f"at least {amount(low, unit)}"
    return f"{bare_amount(low, unit)} to {bare_amount(high, unit)}"
