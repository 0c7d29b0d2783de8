"""Is a picture fit for measuring? Light, cover, sharpness and contrast, and the depth on marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from cellpick.geometry import Floats, invert, project, transform
from cellpick.perception.health.mark_model import corners_of, depth_noise
from cellpick.perception.health.mark_reading import MarkReadings, square_px
from cellpick.structures import Capture, ReferenceMark, SearchTask

SATURATED = 254
"""Level from which a pixel counts as saturated."""
BRIGHT_SHARE = (0.15, 0.35)
"""Share of saturated pixels from which a camera is degraded, and distrusted; shiny lids alone
saturate 1 percent."""
DARK_LEVEL = 38
"""Level (2 percent of the light of saturation) below which a patch shows nothing."""
DARK_SHARE = (0.08, 0.2)
"""Share of dark patches from which a camera is degraded, and distrusted."""
PATCHES = (32, 24)
"""Columns and rows of patches."""
SHARP_PX = 0.75
"""Most blur of a sharp picture's edges."""
READING_SHARE = 0.5
"""Error of a soft edge's reading as a share of what it is softer than a sharp one; assumed."""
BLUR_PX = (0.9, 4.0)
"""Blur of marks from which a camera is degraded, and distrusted."""
CONTRAST = (0.70, 0.30)
"""Contrast of marks, (white - black) / (white + black), below which a camera is degraded, and
distrusted; clean windows give 0.84 to 0.87."""
DEPTH_NOISE = 2.5
"""Noise of the depth on marks, in units of the stated one, from which a camera is degraded."""
DEPTH_SHARE = 0.3
"""Share of pixels with depth on marks below which the depth is not used."""
LEAST_READINGS = 1000
"""Fewer readings in a whole picture say nothing of the camera's range."""
LEAST_EXPECTED_PX = 3.0
"""Side of a mark's squares from which it is expected to be found; nine in ten are at 2.6 px."""
FRAME_PX = 3.0
"""A mark is expected where it lies this far inside the picture, with its white."""


@dataclass(frozen=True)
class PictureFault:
    """What is wrong with a picture."""

    grave: bool
    """Whether it must not be used at all."""
    reason: str
    """In words."""


def picture_faults(
    capture: Capture, readings: MarkReadings, marks: Sequence[ReferenceMark], task: SearchTask
) -> list[PictureFault]:
    """All that is wrong; `marks` are those of the readings, one each."""
    found = [*_light_faults(capture), *_mark_faults(readings)]
    expected = expected_marks(capture, task)
    if len(expected) >= 2 and not len(readings):
        words = f"none of the {len(expected)} marks in its view is seen"
        found.append(PictureFault(True, words))
    if capture.depth is not None and len(readings):
        share, noise = depth_quality(capture, readings, marks)
        if share < DEPTH_SHARE:
            words = f"depth on {100 * share:.0f} % of its marks only"
            found.append(PictureFault(False, words))
        elif noise > DEPTH_NOISE:
            words = f"its depth is {noise:.1f} times as noisy as stated"
            found.append(PictureFault(False, words))
    return found


def widened(capture: Capture, readings: MarkReadings, marks: Sequence[ReferenceMark]) -> Capture:
    """A degraded capture with the errors that its own marks show; depth that is mostly lost is
    left out."""
    belief, depth = capture.calibration, capture.depth
    if not len(readings):
        return replace(
            capture, calibration=replace(belief, pixel_sigma_px=3 * belief.pixel_sigma_px)
        )
    softer_px = max(float(np.median(readings.blur_px)) - SHARP_PX, 0.0)
    fainter = max(CONTRAST[0] / max(float(np.median(_contrast(readings))), 0.05), 1.0)
    sigma_px = belief.pixel_sigma_px * fainter + READING_SHARE * softer_px
    sigma_m = belief.depth_sigma_m
    if depth is not None:
        share, noise = depth_quality(capture, readings, marks)
        depth = depth if share >= DEPTH_SHARE else None
        sigma_m *= max(noise, 1.0) if np.isfinite(noise) else 1.0
    belief = replace(belief, pixel_sigma_px=sigma_px, depth_sigma_m=sigma_m)
    return replace(capture, calibration=belief, depth=depth)


def expected_marks(capture: Capture, task: SearchTask) -> tuple[int, ...]:
    """Numbers of the marks that the believed camera should see whole, past the cells."""
    belief, T_camera_base = capture.calibration, invert(capture.T_base_camera)
    size = np.array([belief.width_px, belief.height_px]) - 1
    expected = []
    for mark in task.marks:
        corners = transform(mark.T_base_mark, corners_of(mark.side_m * 8 / 6))
        pixels = project(transform(T_camera_base, corners), belief.K, belief.distortion)
        inside = (pixels >= FRAME_PX).all() and (pixels <= size - FRAME_PX).all()
        inside &= square_px(pixels[None])[0] * 6 / 8 >= LEAST_EXPECTED_PX
        if inside and not _hidden(capture.T_base_camera[:3, 3], corners, task):
            expected.append(mark.number)
    return tuple(expected)


def depth_quality(
    capture: Capture, readings: MarkReadings, marks: Sequence[ReferenceMark]
) -> tuple[float, float]:
    """Share of the marks' pixels with depth, and its noise over the stated one (inf for none).

    Marks beyond the farthest reading say nothing: they lie outside the camera's range. With none
    left, nothing speaks against the depth.
    """
    belief = capture.calibration
    shares, ratios = [], []
    farthest = _farthest(capture)
    for k, mark in enumerate(marks):
        T_camera_mark = invert(capture.T_base_camera) @ mark.T_base_mark
        if T_camera_mark[2, 3] > farthest:
            continue
        z = T_camera_mark[2, 3]
        # even an ideal camera's readings are rounded
        rounding = float(np.spacing(np.float32(abs(z))))
        stated = np.hypot(belief.depth_sigma_m * (z / belief.depth_reference_m) ** 2, rounding)
        off, noise = depth_noise(capture, readings.corners_px[k], T_camera_mark, stated)
        shares.append(len(noise) / max(len(off), 1))
        if len(noise) >= 20:
            ratios.append(1.48 * float(np.median(np.abs(noise))) / stated)
    if not shares:
        return 1.0, 1.0
    return float(np.median(shares)), float(np.median(ratios)) if ratios else float("inf")


def _farthest(capture: Capture) -> float:
    """Depth of the farthest readings; infinite where there are too few to tell."""
    known = np.zeros(0) if capture.depth is None else capture.depth[np.isfinite(capture.depth)]
    if len(known) < LEAST_READINGS:
        return float("inf")
    return float(np.quantile(known, 0.99))


def _light_faults(capture: Capture) -> list[PictureFault]:
    bright = float((capture.image.min(axis=2) >= SATURATED).mean())
    patches = cv2.resize(capture.image, PATCHES, interpolation=cv2.INTER_AREA)
    dark = float((patches.max(axis=2) < DARK_LEVEL).mean())
    found = []
    if bright > BRIGHT_SHARE[0]:
        words = f"{100 * bright:.0f} % of its picture is saturated: over-exposed"
        found.append(PictureFault(bright > BRIGHT_SHARE[1], words))
    if dark > DARK_SHARE[0]:
        words = f"{100 * dark:.0f} % of its picture is dark: covered"
        found.append(PictureFault(dark > DARK_SHARE[1], words))
    return found


def _mark_faults(readings: MarkReadings) -> list[PictureFault]:
    if not len(readings):
        return []
    blur, contrast = float(np.median(readings.blur_px)), float(np.median(_contrast(readings)))
    found = []
    if blur > BLUR_PX[0]:
        words = f"edges of its marks are {blur:.1f} px soft: out of focus"
        found.append(PictureFault(blur > BLUR_PX[1], words))
    if contrast < CONTRAST[0]:
        words = f"its marks have a contrast of {contrast:.2f}: veiled, a dirty lens"
        found.append(PictureFault(contrast < CONTRAST[1], words))
    return found


def _contrast(readings: MarkReadings) -> Floats:
    result: Floats = (readings.white - readings.black) / (readings.white + readings.black)
    return result


def _hidden(p_camera: Floats, corners: Floats, task: SearchTask) -> bool:
    """Whether the cells of the region may stand between a camera and a mark's corners (4, 3)."""
    T_region_base = invert(task.T_base_region)
    start, end = transform(T_region_base, p_camera[None])[0], transform(T_region_base, corners)
    high = np.append(task.region_size_m[:2] / 2, task.cell.height_m)
    low = np.append(-task.region_size_m[:2] / 2, -1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (np.stack([low, high])[:, None] - start) / (end - start)
    enter, leave = np.nanmin(t, axis=0).max(axis=-1), np.nanmax(t, axis=0).min(axis=-1)
    return bool(((enter < leave) & (leave > 0) & (enter < 1)).any())
