"""What is worth knowing of one episode, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cellpick.report.cell_fates import fate_of
from cellpick.report.record_fields import count, mapping, number, rows, words


def inputs_told(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Swept key and value, without the last bits of a number."""
    inputs = mapping(record, "inputs")
    return [(key, f"{v:.6g}" if isinstance(v, float) else str(v)) for key, v in inputs.items()]


def facts(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and text of what else is worth knowing of an episode."""
    told = [
        ("Vision", _seen(mapping(record, "first_look"))),
        ("Pose error", _error(record, "pose_error_mm")),
        ("Place error", _error(record, "place_error_mm")),
        ("Cameras", _cameras(mapping(record, "summary", "cameras"))),
    ]
    return [(name, text) for name, text in told if text]


def _seen(look: Mapping[str, Any]) -> str:
    if not look:
        return ""
    statuses = mapping(look, "statuses")
    words_of = [f"{count(statuses, name)} {name}" for name in statuses]
    if false := count(look, "false"):
        words_of.append(f"{false} false")
    found = f"{count(look, 'found')} of {count(look, 'cells')} cells found"
    return f"{found}: {', '.join(words_of)}" if words_of else found


def _error(record: Mapping[str, Any], name: str) -> str:
    p95 = number(record, "summary", name, "p95")
    most = number(record, "summary", name, "max")
    return "" if math.isnan(p95 + most) else f"p95 {p95:.2f} mm, largest {most:.2f} mm"


def _cameras(cameras: Mapping[str, Any]) -> str:
    bad = [
        f"{name}: {words(cameras, name, 'reason')}"
        for name in cameras
        if words(cameras, name, "reason")
    ]
    return "; ".join(bad)


def attempts_told(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Tone and words of each attempt, in their order."""
    told = []
    for attempt in rows(record, "attempts"):
        placed = words(attempt, "status") == "placed"
        fate = "placed" if placed else ", ".join(fate_of(attempt))
        told.append(("good" if placed else "bad", f"{count(attempt, 'number')}: {fate}"))
    return told
