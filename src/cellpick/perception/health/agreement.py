"""Finds the cells with cameras that agree: one that stands alone is left out and the cells are
found again; where none can be named, the cells are as uncertain as the cameras disagree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cellpick.geometry import Floats
from cellpick.perception.core.sightings import Sightings
from cellpick.perception.health.disagreement import RATE, Comparison, Suspicion, compare
from cellpick.perception.health.monitor import Examined
from cellpick.perception.tables import joined
from cellpick.structures import CameraStatus, CaptureSet, CellEstimates, EstimateStatus

MARGIN = 18.4
"""Chi-square by which one explanation has to beat another: odds of 1 in 10 000."""


@dataclass(frozen=True, eq=False)
class Located:
    """Cells that were found, with what each camera says of them."""

    estimates: CellEstimates
    """n cells."""
    seen: Sightings
    """Of the same cells, in the same order."""
    cameras: tuple[str, ...]
    """(c,) names of the cameras, in the order of `seen`."""
    beside: tuple[CellEstimates, ...] = ()
    """More cells, on which the cameras' agreement is not judged."""


Locate = Callable[[CaptureSet], Located]
"""Finds the cells of a look."""


def agreed(examined: Examined, locate: Locate) -> CellEstimates:
    """The cells of an examined look, found with cameras that agree, and every camera's verdict."""
    look, statuses = examined.look, examined.cameras
    found = locate(look)
    comparison = compare(found.seen)
    while comparison.alarms:
        outlier = _outlier(look, found, comparison, locate)
        if outlier is None:
            estimates, statuses = _disputed(found, comparison, statuses)
            return replace(joined(estimates, found.beside), cameras=statuses)
        look, found, statuses = outlier.look, outlier.found, _told(statuses, outlier.status)
        comparison = compare(found.seen)
    return replace(joined(found.estimates, found.beside), cameras=statuses)


@dataclass(frozen=True, eq=False)
class _Outlier:
    """A look without the camera, or the depth of it, that stood alone."""

    look: CaptureSet
    found: Located
    status: CameraStatus


def _outlier(
    look: CaptureSet, found: Located, comparison: Comparison, locate: Locate
) -> _Outlier | None:
    """The one whose absence, and no other's, lets the rest agree; None where none can be named."""
    # two pictures alone agree at some height whatever is wrong along the line between them
    if len(found.cameras) < 3:
        return None
    if comparison.blind:
        name = found.cameras[comparison.blind[0]]
        rest = _without(look, name)
        words = "it does not show the cells where the other cameras see them"
        return _Outlier(rest, locate(rest), CameraStatus(name, "distrusted", words))
    row = _depth_alone(comparison)
    if row is not None:
        name = found.cameras[row]
        rest = _without_depth(look, name)
        words = f"{_apart(comparison.of_depth[row])}: its depth is not used"
        return _Outlier(rest, locate(rest), CameraStatus(name, "degraded", words))
    fits = []
    for row, name in enumerate(found.cameras):
        rest = _without(look, name)
        again = locate(rest)
        after = compare(again.seen)
        if not after.alarms and len(again.estimates):
            words = "the other cameras agree with one another and not with it"
            status = CameraStatus(name, "distrusted", words)
            fits.append((comparison.suspicions[row], _Outlier(rest, again, status)))
    fits.sort(key=lambda fit: -fit[0].explains)
    if len(fits) > 1:  # where edges were taken for others, no error of a camera explains them
        best, next_best = fits[0][0], fits[1][0]
        if best.rest < RATE or best.explains < next_best.explains + MARGIN:
            return None
    return fits[0][1] if fits else None


def _depth_alone(comparison: Comparison) -> int | None:
    """The camera whose depth, and nothing else, explains the disagreement."""
    gains = [s.explains for s in comparison.of_depth]
    best = int(np.argmax(gains))
    others = [s.explains for s in comparison.suspicions]
    others += [g for k, g in enumerate(gains) if k != best]
    fits = comparison.of_depth[best].rest >= RATE
    return best if fits and gains[best] > max(others) + MARGIN else None


def _disputed(
    found: Located, comparison: Comparison, statuses: tuple[CameraStatus, ...]
) -> tuple[CellEstimates, tuple[CameraStatus, ...]]:
    """The cells as uncertain as the suspects are apart, and the suspects named."""
    every = (*comparison.suspicions, *comparison.of_depth)
    most = max(s.explains for s in every)
    suspects = [s for s in every if s.explains > most - MARGIN]
    rows = sorted({s.row for s in suspects})
    if len(rows) < 2:  # nothing tells that the most suspect one is the only one
        rows = list(range(len(found.cameras)))
    for k in rows:
        rest = [found.cameras[j] for j in rows if j != k]
        words = f"it and {', '.join(rest)} see the cells in other places"
        if not rest:
            words = "its picture and its depth see the cells in other places"
        statuses = _told(statuses, CameraStatus(found.cameras[k], "degraded", words))
    return _doubted(found, suspects), statuses


def _doubted(found: Located, suspects: list[Suspicion]) -> CellEstimates:
    """Cells that may not be acted on, whose predicted error is no smaller than the largest of the
    suspects' errors."""
    estimates, n = found.estimates, len(found.estimates)
    shifts = np.stack([_shift(found, s) for s in suspects])
    worst = shifts[np.linalg.norm(shifts[..., :3], axis=-1).argmax(axis=0), np.arange(n)]
    covariance = estimates.covariance + worst[:, :, None] * worst[:, None, :]
    doubts: dict[EstimateStatus, EstimateStatus] = {"ok": "uncertain", "ambiguous": "uncertain"}
    before = list(zip(estimates.status, estimates.reason, strict=True))
    return replace(
        estimates,
        covariance=covariance,
        status=tuple(doubts.get(status, status) for status, _ in before),
        reason=tuple(
            "the cameras disagree about its place" if status in doubts else reason
            for status, reason in before
        ),
    )


def _shift(found: Located, suspicion: Suspicion) -> Floats:
    """(n, 6) motion of the cells by a camera's error, its depth's left out."""
    k = suspicion.row
    result: Floats = found.seen.by_camera[:, k] @ suspicion.error[:6]
    return result + found.seen.by_depth[:, k] @ suspicion.error[6:9]


def _apart(suspicion: Suspicion) -> str:
    return f"its depth is {1e3 * abs(suspicion.error[6]):.1f} mm off what the pictures show"


def _told(statuses: tuple[CameraStatus, ...], new: CameraStatus) -> tuple[CameraStatus, ...]:
    """The statuses with a camera's new one, which keeps its earlier reason."""
    return tuple(
        replace(new, reason="; ".join(filter(None, (old.reason, new.reason))))
        if old.camera == new.camera
        else old
        for old in statuses
    )


def _without(look: CaptureSet, camera: str) -> CaptureSet:
    kept = tuple(c for c in look.captures if c.calibration.camera != camera)
    return replace(look, captures=kept)


def _without_depth(look: CaptureSet, camera: str) -> CaptureSet:
    kept = tuple(
        replace(c, depth=None) if c.calibration.camera == camera else c for c in look.captures
    )
    return replace(look, captures=kept)
