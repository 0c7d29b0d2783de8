"""What became of each cell that an episode did not place, as far as its record tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cellpick.report.record_fields import count, part, rows, words

Fate = tuple[str, ...]
"""From the coarsest word down to the cause."""
FULL: Fate = ("left over: the module is full",)
MOST_CELLS = 100_000
"""No tray has more: a broken record must not fill the memory."""
_STATUS = {
    "not_picked": "not picked up",
    "not_attempted": "gripped nothing, on purpose",
    "misplaced": "in the module, but wrong",
    "dropped": "dropped",
}


def fates(record: Mapping[str, Any]) -> list[Fate]:
    """One fate a cell that was in the tray and was not placed.

    The station's names for cells may change between looks, so that more names fail than cells;
    then the last ones count. A cell without an attempt is told by the recovery that skipped it,
    by why the station stopped, or by the look that missed it, in this order.
    """
    summary = part(record, "summary")
    total, slots = count(summary, "cells_total"), part(summary, "slots_total")
    left = min(max(total - count(summary, "placed_ok"), 0), MOST_CELLS)
    if not left:
        return []
    spare = min(left, max(total - count(summary, "slots_total"), 0)) if slots is not None else 0
    tried = [fate_of(attempt) for attempt in _last_attempts(rows(record, "attempts"))]
    found = [FULL] * spare
    found += tried[len(tried) - min(len(tried), left - spare) :]
    for fate in _untried(record):
        if len(found) >= left:
            break
        found.append(fate)
    return found + [("never attempted", "no reason recorded")] * (left - len(found))


def made_good(record: Mapping[str, Any]) -> list[Fate]:
    """One fate a failed attempt whose cell was placed by a later one."""
    attempts = rows(record, "attempts")
    failed = [attempt for attempt in attempts if words(attempt, "status") != "placed"]
    if not failed:
        return []
    placed = {words(a, "cell") for a in attempts if words(a, "status") == "placed"}
    return [fate_of(attempt) for attempt in failed if words(attempt, "cell") in placed]


def fate_of(attempt: Mapping[str, Any]) -> Fate:
    """Status, cause, and what the station noticed of one attempt that did not place its cell."""
    status, cause = words(attempt, "status"), words(attempt, "cause")
    event, reason = words(attempt, "event"), words(attempt, "reason")
    noticed = ": ".join(part for part in (event.replace("_", " "), reason) if part)
    path = (_STATUS.get(status, status or "no status"), cause.replace("_", " "), noticed)
    return tuple(step for step in path if step)


def _last_attempts(attempts: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The last attempt at each cell that no attempt placed, oldest first."""
    placed = {words(a, "cell") for a in attempts if words(a, "status") == "placed"}
    serials = {words(a, "serial") for a in attempts if words(a, "status") == "placed"} - {""}
    last: dict[str, Mapping[str, Any]] = {}
    for attempt in attempts:
        name = words(attempt, "cell")
        if name not in placed and words(attempt, "serial") not in serials:
            last.pop(name, None)
            last[name] = attempt
    return list(last.values())


def _untried(record: Mapping[str, Any]) -> Iterator[Fate]:
    """Reasons for cells without an attempt, the surest first."""
    tried = {words(attempt, "cell") for attempt in rows(record, "attempts")}
    skipped = {
        words(step, "key"): step
        for step in rows(record, "summary", "recoveries")
        if words(step, "action") == "skip" and words(step, "key") not in tried
    }
    for step in skipped.values():
        event, reason = words(step, "event").replace("_", " "), words(step, "reason")
        yield tuple(p for p in ("never attempted", f"skipped: {event}", reason) if p)
    stopped = words(record, "summary", "stopped")
    event, _, reason = stopped.partition(": ")
    while stopped:
        path = ("never attempted", f"the station stopped: {event.replace('_', ' ')}", reason)
        yield tuple(p for p in path if p)
    look = part(record, "first_look")
    for _ in range(count(look, "cells") - count(look, "found")):
        yield ("never attempted", "not found in the first look")
