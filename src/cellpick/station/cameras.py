"""What the station makes of its cameras' health: events for the log, and when it is blind."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cellpick.station.looking import Look
from cellpick.station.runlog import CameraEvent, RunLog
from cellpick.structures import CameraStatus, CameraVerdict, CellEstimates

USABLE: frozenset[CameraVerdict] = frozenset({"ok", "degraded", "corrected"})
"""Verdicts of cameras whose pictures are used."""


def camera_events(log: RunLog, look: Look, time_s: float) -> list[CameraEvent]:
    """An event for each camera whose verdict is not that of the look before."""
    before: dict[str, CameraVerdict] = {event.camera: event.verdict for event in log.cameras}
    number = len(log.looks) + 1
    return [
        CameraEvent(number, time_s, status.camera, status.verdict, status.reason)
        for status in look.estimates.cameras
        if status.verdict != before.get(status.camera, "ok")
    ]


def blindness(estimates: CellEstimates, left: int) -> str:
    """Why a look tells nothing of the tray, in words; empty when it does.

    `left` cells stood in the tray by what was seen before: with cameras out and no cell seen, that
    the tray is empty is not to be believed.
    """
    cameras = estimates.cameras
    out = [status for status in cameras if status.verdict not in USABLE]
    if cameras and len(out) == len(cameras):
        return f"no camera can be used: {_words(out)}"
    if out and left and not len(estimates):
        return f"none of {left} cells is seen, with cameras out: {_words(out)}"
    return ""


def camera_records(log: RunLog) -> dict[str, dict[str, Any]]:
    """By camera: looks by verdict, and the first reason why it was not ok."""
    looks = [*log.looks, *([log.module_look] if log.module_look is not None else [])]
    records: dict[str, dict[str, Any]] = {}
    for number, look in enumerate(looks, start=1):
        for status in look.estimates.cameras:
            entry = records.setdefault(
                status.camera, {"looks": Counter(), "first_look": None, "reason": ""}
            )
            entry["looks"][status.verdict] += 1
            if status.verdict != "ok" and entry["first_look"] is None:
                entry["first_look"], entry["reason"] = number, status.reason
    return {name: {**entry, "looks": dict(entry["looks"])} for name, entry in records.items()}


def _words(out: list[CameraStatus]) -> str:
    return "; ".join(f"{status.camera} {status.verdict}: {status.reason}" for status in out)
