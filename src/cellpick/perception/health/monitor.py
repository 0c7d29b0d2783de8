"""The health of all cameras, look by look: what each picture is good for, and why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from cellpick.perception.health.arrival import fingerprint, missing_cameras, staleness
from cellpick.perception.health.mark_reading import MarkReadings, read_marks
from cellpick.perception.health.picture import (
    depth_quality,
    expected_marks,
    picture_faults,
    widened,
)
from cellpick.perception.health.place import PlaceMemory, judge_place
from cellpick.structures import CameraStatus, CameraVerdict, Capture, CaptureSet

FALSE_ALARM_RATE = 1e-4
"""Alarms of a healthy camera a look, at most: of the tests on marks."""


@dataclass(frozen=True, eq=False)
class Examined:
    """A look after its cameras were examined."""

    look: CaptureSet
    """Only captures that may be used, with the calibrations to use them with."""
    cameras: tuple[CameraStatus, ...]
    """One a camera that was triggered, in order of their names."""


@dataclass
class _Memory:
    """What is remembered of one camera."""

    place: PlaceMemory
    picture: int | None = None


@dataclass
class CameraMonitor:
    """Remembers the looks of one run; a fresh one judges a look by itself."""

    rate: float = FALSE_ALARM_RATE
    """False alarms of a healthy camera a look."""
    _memory: dict[str, _Memory] = field(default_factory=dict)

    def examine(self, look: CaptureSet) -> Examined:
        """Judges the cameras of the next look."""
        usable, statuses = [], []
        for name in missing_cameras(look):
            statuses.append(CameraStatus(name, "missing", "it gave no picture"))
        for capture in look.captures:
            kept, verdict, reason = self._judge(capture, look)
            statuses.append(CameraStatus(capture.calibration.camera, verdict, reason))
            if kept is not None:
                usable.append(kept)
        statuses.sort(key=lambda status: status.camera)
        return Examined(replace(look, captures=tuple(usable)), tuple(statuses))

    def _judge(
        self, capture: Capture, look: CaptureSet
    ) -> tuple[Capture | None, CameraVerdict, str]:
        name, task = capture.calibration.camera, look.task
        if name not in self._memory:
            self._memory[name] = _Memory(PlaceMemory.of(capture.calibration))
        memory = self._memory[name]
        picture = fingerprint(capture)
        stale = staleness(capture, look.triggered_s, picture, memory.picture)
        memory.picture = picture
        if stale:
            return None, "distrusted", stale
        known = {mark.number: mark for mark in task.marks}
        expected = expected_marks(capture, task)
        readings = read_marks(capture, task.marks, expected) if known else _no_marks()
        marks = [known[int(number)] for number in readings.number]
        quality = depth_quality(capture, readings, marks)
        faults = picture_faults(capture, readings, expected, quality)
        reasons = [fault.reason for fault in faults]
        if any(fault.grave for fault in faults):
            return None, "distrusted", "; ".join(reasons)
        if faults:
            capture = widened(capture, readings, quality)
        placed = judge_place(memory.place, capture, marks, readings, task, self.rate)
        reason = "; ".join(part for part in (placed.reason, *reasons) if part)
        verdict = "degraded" if placed.verdict == "ok" and faults else placed.verdict
        return placed.capture, verdict, reason


def _no_marks() -> MarkReadings:
    none = np.zeros(0)
    return MarkReadings(
        none.astype(np.int64), np.zeros((0, 4, 2)), np.zeros((0, 4, 2)), none, none, none
    )
