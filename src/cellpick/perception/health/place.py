"""Is a camera where its calibration says? If not, the marks place it anew or it is distrusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats
from cellpick.perception.health.correction import (
    LOOSE,
    MOST_ERROR_M,
    Solved,
    corrected,
    restated,
    solve,
)
from cellpick.perception.health.mark_model import CAMERA, residuals
from cellpick.perception.health.mark_reading import MarkReadings
from cellpick.perception.health.pose_filter import Belief, Surprise, jacobian, surprise, updated
from cellpick.structures import (
    CameraCalibration,
    CameraVerdict,
    Capture,
    ReferenceMark,
    SearchTask,
)

FOCAL_SIGMA = 1e-4
"""Share by which calibration may leave the focal length wrong; assumed."""
LEAST_SIGMA = np.array([1e-5] * 3 + [2e-5] * 3 + [1e-6, 1e-6])
"""Errors of a calibration that states none."""
LEAST_OTHERS = 2
"""Marks that are read well, at least, for one that lies otherwise to be left out."""
WANDER = np.array([5e-5] * 3 + [3e-4] * 3 + [1e-4, 0.0])
"""How far a camera that was once found off may go from one look to the next, one standard deviation
(metres, radians, shares): it may be drifting."""


@dataclass
class PlaceMemory:
    """What the looks so far have told of one camera's place."""

    belief: Belief
    """Its unknowns."""
    is_off: bool = False
    """Whether an alarm went off: from then on it is solved anew in each look."""

    @classmethod
    def of(cls, belief: CameraCalibration) -> PlaceMemory:
        """Before any look: what calibration states."""
        return cls(Belief(np.zeros(CAMERA), np.diag(_stated(belief) ** 2), ()))


@dataclass(frozen=True, eq=False)
class Placed:
    """A capture whose camera's place was judged."""

    capture: Capture | None
    """With the calibration to use it with; None when it must not be used."""
    verdict: CameraVerdict
    """`ok`, `corrected` or `distrusted`."""
    reason: str
    """Why it is not ok; empty for ok."""


def judge_place(
    memory: PlaceMemory,
    capture: Capture,
    marks: list[ReferenceMark],
    readings: MarkReadings,
    task: SearchTask,
    rate: float,
) -> Placed:
    """The verdict on the next look; `marks` are those of the readings, one each, and `rate` the
    share of a healthy camera's looks that may alarm. The memory learns from it."""
    prior_sigma, reason = _stated(capture.calibration), "it was not where its calibration says"
    if marks and not memory.is_off:
        seen = residuals(capture, marks, readings)
        before = memory.belief.with_marks(readings.number, _sigmas(marks))
        H = jacobian(before, seen, readings.number)
        found = surprise(before, seen, H, prior_sigma)
        if found.alarms(rate) and _apart(found):
            shown = _without_one(memory.belief, capture, marks, readings, rate)
        else:
            shown = None if found.alarms(rate) else updated(before, seen, H)
        if shown is not None:
            memory.belief = shown
        else:
            memory.is_off, reason = True, _words(found)
            memory.belief = before.forgotten(np.append(LOOSE, prior_sigma[-1]))
    if not memory.is_off:
        return Placed(capture, "ok", "")
    return _solve(memory, capture, marks, readings, task, rate, reason)


def _solve(
    memory: PlaceMemory,
    capture: Capture,
    marks: list[ReferenceMark],
    readings: MarkReadings,
    task: SearchTask,
    rate: float,
    reason: str,
) -> Placed:
    prior = memory.belief.loosened(WANDER).with_marks(readings.number, _sigmas(marks))
    solved = solve(capture, marks, readings, prior, task, rate)
    if not solved.fits:  # it was moved again
        loose = prior.forgotten(np.append(LOOSE, _stated(capture.calibration)[-1]))
        solved = solve(capture, marks, readings, loose, task, rate)
    if why := _useless(solved, len(marks)):
        return Placed(None, "distrusted", f"{reason}; {why}")
    memory.belief = solved.belief
    fixed = restated(corrected(capture, solved.belief.camera), solved.belief, task)
    shift = 1e3 * float(np.linalg.norm(solved.belief.camera[:3]))
    turn = float(np.degrees(np.linalg.norm(solved.belief.camera[3:6])))
    words = f"solved anew from {len(marks)} marks: {shift:.1f} mm and {turn:.2f} degrees off"
    return Placed(fixed, "corrected", f"{reason}; {words}")


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


def _without_one(
    belief: Belief,
    capture: Capture,
    marks: list[ReferenceMark],
    readings: MarkReadings,
    rate: float,
) -> Belief | None:
    """What is believed after a look in which one mark is misread, since something hides a part of
    it, or was moved: by the others, if they are enough and lie as they were touched."""
    if len(marks) < LEAST_OTHERS + 1:
        return None
    best: tuple[float, Belief] | None = None
    for left_out in range(len(marks)):
        rows = np.delete(np.arange(len(marks)), left_out)
        others = [marks[row] for row in rows]
        some = readings.take(rows)
        seen = residuals(capture, others, some)
        before = belief.with_marks(some.number, _sigmas(others))
        H = jacobian(before, seen, some.number)
        found = surprise(before, seen, H, _stated(capture.calibration))
        likely = min(found.camera, found.rest, found.total)
        if not found.alarms(rate) and (best is None or likely > best[0]):
            best = likely, updated(before, seen, H)
    return best[1] if best else None


def _apart(found: Surprise) -> bool:
    """Whether the marks contradict one another, rather than the calibration."""
    return found.rest < min(found.camera, found.total)


def _words(found: Surprise) -> str:
    if _apart(found):
        return "its marks do not lie to one another as they were touched"
    return "its marks are not where its calibration says"
