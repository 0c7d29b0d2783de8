"""The episodes to look at first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cellpick.report.record_fields import count, mapping, number, numbers, part, rows, words

SHOWN = 10
OF_ONE_KIND = 2
"""Episodes that failed alike, before others that did less harm have their turn."""


@dataclass(frozen=True)
class Worst:
    """One of them."""

    harm: tuple[float, ...]
    """Grows with what went wrong, the gravest first: safety, polarity, no result, not placed,
    drops and collisions, error."""
    kind: str
    """What alike failures have in common."""
    what: str
    """In words."""
    record: Mapping[str, Any]
    """The whole episode."""


class WorstEpisodes:
    """Keeps few while many pass by."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Worst]] = {}

    def add(self, record: Mapping[str, Any]) -> None:
        """Keep it if it is one of the worst of its kind so far; an earlier one wins a tie."""
        worst = _judged(record)
        alike = self._kept.setdefault(worst.kind, [])
        if len(alike) < SHOWN or worst.harm > alike[-1].harm:
            alike.append(worst)
            alike.sort(key=lambda w: w.harm, reverse=True)
            del alike[SHOWN:]

    def chosen(self) -> list[Worst]:
        """Up to `SHOWN`, the worst first, not more than `OF_ONE_KIND` alike while others are."""
        first = [w for alike in self._kept.values() for w in alike[:OF_ONE_KIND]]
        later = [w for alike in self._kept.values() for w in alike[OF_ONE_KIND:]]
        for group in (first, later):
            group.sort(key=lambda w: w.harm, reverse=True)
        return sorted([*first, *later][:SHOWN], key=lambda w: w.harm, reverse=True)


def _judged(record: Mapping[str, Any]) -> Worst:
    if words(record, "status") != "done":
        status, reason = words(record, "status"), words(record, "reason")
        what = ": ".join(step for step in (status or "no status", reason) if step)
        return Worst((0, 0, 1, 1, 0, 0), f"{status} {reason.split(':')[0]}", what, record)
    if words(record, "kind") == "look":
        return _judged_look(record)
    return _judged_run(record)


def _judged_run(record: Mapping[str, Any]) -> Worst:
    summary = mapping(record, "summary")
    slots = part(summary, "slots_total")
    total = count(summary, "cells_total")
    goal = total if slots is None else min(total, count(summary, "slots_total"))
    left = max(goal - count(summary, "placed_ok"), 0)
    shorts, swapped = count(summary, "safety_violations"), count(summary, "polarity_errors")
    drops, hits = count(summary, "drops"), count(summary, "collisions")
    error = _largest(number(row, "place_error_mm") for row in rows(record, "attempts"))
    causes = mapping(summary, "failures")
    cause = max(causes, key=lambda name: count(causes, name), default="")
    told = [
        _amount(left, f"of {goal} not placed", f"of {goal} not placed"),
        _amount(shorts, "safety violation", "safety violations"),
        _amount(swapped, "polarity error", "polarity errors"),
        _amount(drops, "drop", "drops"),
        _amount(hits, "collision", "collisions"),
    ]
    told += [f"{name.replace('_', ' ')} \u00d7 {count(causes, name)}" for name in causes]
    if stopped := words(summary, "stopped"):
        told.append(f"stopped: {stopped}")
    what = " \u00b7 ".join(t for t in told if t) or _good("all cells placed", "place", error)
    harm = (shorts, swapped, 0, left / goal if goal else 0.0, drops + hits, error)
    return Worst(harm, cause if left else "flawless", what, record)


def _judged_look(record: Mapping[str, Any]) -> Worst:
    look = mapping(record, "first_look")
    total, ok = count(look, "cells"), count(look, "statuses", "ok")
    left, false = max(total - ok, 0), count(look, "false")
    wrong = count(look, "polarity", "wrong")
    error = _largest(numbers(look, "pose_error_mm"))
    told = [
        _amount(
            left, f"of {total} cells not found for sure", f"of {total} cells not found for sure"
        ),
        _amount(false, "false detection", "false detections"),
        _amount(wrong, "polarity wrong", "polarities wrong"),
    ]
    what = " \u00b7 ".join(t for t in told if t) or _good("all cells found", "pose", error)
    harm = (0, wrong, 0, (left + false) / total if total else float(false), 0, error)
    return Worst(harm, "look" if left or false or wrong else "flawless", what, record)


def _amount(value: int, one: str, many: str) -> str:
    return f"{value} {one if value == 1 else many}" if value else ""


def _good(what: str, error_name: str, error_mm: float) -> str:
    return f"{what}, largest {error_name} error {error_mm:.2f} mm"


def _largest(values: Any) -> float:
    return max((value for value in values if not math.isnan(value)), default=0.0)
