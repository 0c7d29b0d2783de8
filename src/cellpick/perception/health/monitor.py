"""The health of all cameras, look by look: what each picture is good for, and why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from cellpick.geometry import Floats
from cellpick.perception.health.arrival import fingerprint, missing_cameras, staleness
from cellpick.perception.health.correction import (
    LOOSE,
    MOST_ERROR_M,
    Solved,
    corrected,
    restated,
    solve,
)
from cellpick.perception.health.mark_model import CAMERA, residuals
from cellpick.perception.health.mark_reading import MarkReadings, read_marks
from cellpick.perception.health.picture import picture_faults, widened
from cellpick.perception.health.pose_filter import Belief, Surprise, jacobian, surprise, updated
from cellpick.structures import (
    CameraCalibration,
    CameraStatus,
    CameraVerdict,
    Capture,
    CaptureSet,
    ReferenceMark,
    SearchTask,
)

FALSE_ALARM_RATE = 1e-4
"""Alarms of a healthy camera a look, at most: of the tests on marks."""
FOCAL_SIGMA = 1e-4
"""Share by which calibration may leave the focal length wrong; assumed."""
LEAST_SIGMA = np.array([1e-5] * 3 + [2e-5] * 3 + [1e-6, 1e-6])
"""Errors of a calibration that states none."""
WANDER = np.array([5e-5] * 3 + [3e-4] * 3 + [1e-4, 0.0])
"""How far a camera that was once found off may go from one look to the next, one standard deviation
(metres, radians, shares): it may be drifting."""


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

    belief: Belief
    is_off: bool = False
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
        memory = self._recall(capture.calibration)
        stale = staleness(capture, look.triggered_s, memory.picture)
        memory.picture = fingerprint(capture)
        if stale:
            return None, "distrusted", stale
        task = look.task
        known = {mark.number: mark for mark in task.marks}
        readings = read_marks(capture, tuple(known)) if known else _no_marks()
        marks = [known[int(number)] for number in readings.number]
        faults = picture_faults(capture, readings, marks, task)
        reasons = [fault.reason for fault in faults]
        if any(fault.grave for fault in faults):
            return None, "distrusted", "; ".join(reasons)
        if faults:
            capture = widened(capture, readings, marks)
        return self._place(memory, capture, marks, readings, task, reasons)

    def _place(
        self,
        memory: _Memory,
        capture: Capture,
        marks: list[ReferenceMark],
        readings: MarkReadings,
        task: SearchTask,
        reasons: list[str],
    ) -> tuple[Capture | None, CameraVerdict, str]:
        """The verdict on the camera's place, when its picture is fit for use."""
        prior_sigma = _stated(capture.calibration)
        if marks and not memory.is_off:
            seen = residuals(capture, marks, readings)
            before = memory.belief.with_marks(readings.number, _sigmas(marks))
            H = jacobian(before, seen, readings.number)
            found = surprise(before, seen, H, prior_sigma)
            if not found.alarms(self.rate):
                memory.belief = updated(before, seen, H)
            else:
                memory.is_off = True
                memory.belief = before.forgotten(np.append(LOOSE, prior_sigma[-1]))
                reasons = [_words(found), *reasons]
        if not memory.is_off:
            return capture, "degraded" if reasons else "ok", "; ".join(reasons)
        return self._solve(memory, capture, marks, readings, task, reasons)

    def _solve(
        self,
        memory: _Memory,
        capture: Capture,
        marks: list[ReferenceMark],
        readings: MarkReadings,
        task: SearchTask,
        reasons: list[str],
    ) -> tuple[Capture | None, CameraVerdict, str]:
        """The verdict on a camera that is not where calibration says."""
        reasons = reasons or ["it is not where its calibration says"]
        wandered = memory.belief.loosened(WANDER)
        prior = wandered.with_marks(readings.number, _sigmas(marks))
        solved = solve(capture, marks, readings, prior, task, self.rate)
        if not solved.fits:  # it was moved again, or a mark was
            loose = prior.forgotten(np.append(LOOSE, _stated(capture.calibration)[-1]))
            solved = solve(capture, marks, readings, loose, task, self.rate)
        if why := _useless(solved, len(marks)):
            return None, "distrusted", "; ".join([*reasons, why])
        memory.belief = solved.belief
        fixed = restated(corrected(capture, solved.belief.camera), solved.belief, task)
        shift = 1e3 * float(np.linalg.norm(solved.belief.camera[:3]))
        turn = float(np.degrees(np.linalg.norm(solved.belief.camera[3:6])))
        words = f"solved anew from {len(marks)} marks: {shift:.1f} mm and {turn:.2f} degrees off"
        return fixed, "corrected", "; ".join([*reasons, words])

    def _recall(self, belief: CameraCalibration) -> _Memory:
        if belief.camera not in self._memory:
            start = Belief(np.zeros(CAMERA), np.diag(_stated(belief) ** 2), ())
            self._memory[belief.camera] = _Memory(start)
        return self._memory[belief.camera]


def _useless(solved: Solved, marks: int) -> str:
    if not solved.fits:
        return "no place of it explains its marks"
    if solved.error_m > MOST_ERROR_M:
        return f"{marks} marks place it only to {1e3 * solved.error_m:.1f} mm"
    return ""


def _stated(belief: CameraCalibration) -> Floats:
    """(8,) standard deviations of a calibration's errors."""
    sigma = [belief.translation_sigma_m] * 3 + [belief.rotation_sigma_rad] * 3
    result: Floats = np.maximum([*sigma, FOCAL_SIGMA, belief.depth_scale_sigma], LEAST_SIGMA)
    return result


def _sigmas(marks: list[ReferenceMark]) -> Floats:
    """(m, 4) standard deviations of the marks' shifts and turns."""
    rows = [[mark.sigma_m] * 3 + [mark.sigma_m / mark.side_m] for mark in marks]
    return np.array(rows).reshape(-1, 4) + 1e-7


def _words(found: Surprise) -> str:
    if found.rest < min(found.camera, found.total):
        return "its marks do not lie to one another as they were touched"
    return "its marks are not where its calibration says"


def _no_marks() -> MarkReadings:
    none = np.zeros(0)
    return MarkReadings(
        none.astype(np.int64), np.zeros((0, 4, 2)), np.zeros((0, 4, 2)), none, none, none
    )
