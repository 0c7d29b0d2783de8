"""Is a picture fit for measuring? Light, cover, sharpness and contrast, and the depth on marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert, transform
from cellpick.perception.health.mark_depth import (
    DepthOnMarks,
    depth_beside_marks,
    depth_noise,
    depth_on_marks,
    middle,
)
from cellpick.perception.health.mark_model import corners_of
from cellpick.perception.health.mark_reading import MarkReadings, square_px
from cellpick.perception.health.mark_search import believed_corners
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
GLANCE_PX = 160
"""Columns, or up to twice as many, of the thinned picture by which light and range are judged."""
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
LEAST_ON_A_MARK = 20
"""Fewer readings on a mark say nothing of their noise."""
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
    capture: Capture,
    readings: MarkReadings,
    expected: Sequence[int],
    quality: tuple[float, float],
) -> list[PictureFault]:
    """All that is wrong; `expected` are the numbers of the marks that the camera should see, and
    `quality` that of its depth on the marks that it shows."""
    found = [*_light_faults(capture), *_mark_faults(readings)]
    if len(expected) >= 2 and not len(readings):
        words = f"none of the {len(expected)} marks in its view is seen"
        found.append(PictureFault(True, words))
    if capture.depth is not None and len(readings):
        share, noise = quality
        if share < DEPTH_SHARE:
            words = f"depth on {100 * share:.0f} % of its marks only"
            found.append(PictureFault(False, words))
        elif noise > DEPTH_NOISE:
            words = f"its depth is {noise:.1f} times as noisy as stated"
            found.append(PictureFault(False, words))
    return found


def widened(capture: Capture, readings: MarkReadings, quality: tuple[float, float]) -> Capture:
    """A degraded capture with the errors that its own marks show, `quality` that of the depth on
    them; depth that is mostly lost is left out."""
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
        share, noise = quality
        depth = depth if share >= DEPTH_SHARE else None
        sigma_m *= max(noise, 1.0) if np.isfinite(noise) else 1.0
    belief = replace(belief, pixel_sigma_px=sigma_px, depth_sigma_m=sigma_m)
    return replace(capture, calibration=belief, depth=depth)


def expected_marks(capture: Capture, task: SearchTask) -> tuple[int, ...]:
    """Numbers of the marks that the believed camera should see whole, past the cells."""
    if not task.marks:
        return ()
    pixels = believed_corners(capture, task.marks, 8)
    size = np.array([capture.calibration.width_px, capture.calibration.height_px]) - 1
    with np.errstate(invalid="ignore"):
        whole = ((pixels >= FRAME_PX) & (pixels <= size - FRAME_PX)).all(axis=(1, 2))
        whole &= square_px(pixels) * 6 / 8 >= LEAST_EXPECTED_PX
    corners = np.array([corners_of(mark.side_m * 8 / 6) for mark in task.marks])
    Ts = np.array([mark.T_base_mark for mark in task.marks])
    whole &= ~_hidden(capture.T_base_camera[:3, 3], transform(Ts, corners), task)
    return tuple(mark.number for mark, seen in zip(task.marks, whole, strict=True) if seen)


def depth_quality(
    capture: Capture, readings: MarkReadings, marks: Sequence[ReferenceMark]
) -> tuple[float, float]:
    """Share of the marks' pixels with depth, and its noise over the stated one (inf for none).

    Marks beyond the farthest reading say nothing: they lie outside the camera's range. Small ones
    say nothing of noise: all of their readings are next to a step of brightness. Where that may
    be why the others are noisy, the table beside the marks tells. With none left, nothing speaks
    against the depth.
    """
    large = square_px(readings.corners_px) >= LEAST_EXPECTED_PX
    farthest = _farthest(capture)
    Ts = np.array([mark.T_base_mark for mark in marks]).reshape(-1, 4, 4)
    Ts_camera_mark = invert(capture.T_base_camera) @ Ts
    near = [int(k) for k in np.flatnonzero(Ts_camera_mark[:, 2, 3] <= farthest)]
    seen = depth_on_marks(capture, readings.corners_px, Ts_camera_mark)
    found = [_noise(capture, seen, Ts_camera_mark, k) for k in near]
    shares = [share for share, _ in found]
    ratios = [ratio for k, (_, ratio) in zip(near, found, strict=True) if large[k]]
    share = float(np.median(shares)) if shares else 1.0
    noise = _typical(ratios)
    if noise > DEPTH_NOISE and np.isfinite(noise):
        read_m = noise * max(_stated(capture, Ts_camera_mark, k) for k in near)
        beside = depth_beside_marks(capture, readings.corners_px, Ts_camera_mark, read_m)
        noise = min(noise, _typical([_noise(capture, beside, Ts_camera_mark, k)[1] for k in near]))
    return share, noise


def _noise(
    capture: Capture, seen: DepthOnMarks, Ts_camera_mark: Floats, k: int
) -> tuple[float, float]:
    """Share of the pixels of mark k with depth, and its noise over the stated one; inf for too
    few."""
    stated = _stated(capture, Ts_camera_mark, k)
    off, by_turn = seen.of(k)
    noise = depth_noise(off, by_turn, capture.calibration, stated)
    enough = len(noise) >= LEAST_ON_A_MARK
    ratio = 1.48 * middle(np.abs(noise)) / stated if enough else np.inf
    return len(noise) / max(len(off), 1), ratio


def _stated(capture: Capture, Ts_camera_mark: Floats, k: int) -> float:
    """The noise of a reading on mark k by the camera's data sheet."""
    belief, z = capture.calibration, float(Ts_camera_mark[k, 2, 3])
    # even an ideal camera's readings are rounded
    rounding = float(np.spacing(np.float32(abs(z))))
    return float(np.hypot(belief.depth_sigma_m * (z / belief.depth_reference_m) ** 2, rounding))


def _typical(ratios: Sequence[float]) -> float:
    """The median of those that are known; 1 of none."""
    known = [ratio for ratio in ratios if np.isfinite(ratio)] or ratios
    return float(np.median(known)) if known else 1.0


def _farthest(capture: Capture) -> float:
    """Depth of the farthest readings; infinite where there are too few to tell."""
    if capture.depth is None:
        return float("inf")
    step = thinning(capture)
    depth = capture.depth[::step, ::step]
    known = depth[np.isfinite(depth)]
    if len(known) * step**2 < LEAST_READINGS:
        return float("inf")
    return float(np.quantile(known, 0.99))


def thinning(capture: Capture) -> int:
    """One pixel in so many along rows and columns leaves enough to judge a whole picture by."""
    return max(1, capture.calibration.width_px // GLANCE_PX)


def _light_faults(capture: Capture) -> list[PictureFault]:
    step = thinning(capture)
    picture = np.ascontiguousarray(capture.image[::step, ::step])
    darkest_channel = np.minimum(np.minimum(picture[..., 0], picture[..., 1]), picture[..., 2])
    bright = float((darkest_channel >= SATURATED).mean())
    patches = cv2.resize(picture, PATCHES, interpolation=cv2.INTER_AREA)
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


def _hidden(p_camera: Floats, corners: Floats, task: SearchTask) -> NDArray[np.bool_]:
    """(m,) whether the cells of the region may stand between a camera and the corners (m, 4, 3) of
    marks."""
    T_region_base = invert(task.T_base_region)
    start, end = transform(T_region_base, p_camera[None])[0], transform(T_region_base, corners)
    high = np.append(task.region_size_m[:2] / 2, task.cell.height_m)
    low = np.append(-task.region_size_m[:2] / 2, -1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (np.stack([low, high])[:, None, None] - start) / (end - start)
    enter, leave = np.nanmin(t, axis=0).max(axis=-1), np.nanmax(t, axis=0).min(axis=-1)
    hidden: NDArray[np.bool_] = ((enter < leave) & (leave > 0) & (enter < 1)).any(axis=-1)
    return hidden
