"""Polarity of cells that lie anyhow: which end's side has the groove, by the light on its flanks.

Along lines on the side the log brightness is split into a smooth course and what the flanks of a
groove add to it. What a groove adds is alike on all lines: their median is blind to a shadow's
edge or a glint on some.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert
from cellpick.perception.heap.rims import towards
from cellpick.perception.heap.zbuffer import ZBuffer
from cellpick.perception.polarity import LIGHT
from cellpick.perception.rectify import pixels_of, sample
from cellpick.structures import Capture, CaptureSet, Groove

ANGLES = np.radians(np.linspace(-60.0, 60.0, 11))
"""Lines along the side that are looked at, from the one nearest to the camera on."""
LEAST_LINES = 3
"""Of them, how many must be seen."""
STEP_M = 0.0003
"""Pitch along them."""
BEYOND_M = 0.0035
"""How much of the side behind the groove is looked at, to know its course."""
SHIFTS_M = np.linspace(-0.0009, 0.0009, 7)
"""Places off the expected one at which the groove is sought: the cell's place is uncertain."""
CLEAR_M = 0.0004
"""Kept away from the bare rim, beside what the picture blurs."""
BLUR_PX = 0.5
"""Standard deviation of a picture's blur."""
DARK = 0.003
"""Share of full scale added before logarithms: noise in the dark is no contrast."""
COURSE = 3
"""Coefficients of the smooth course of the brightness."""

TURNED = 0.31
"""Root mean square step of log brightness for a flank's slope of one; rendered heaps of 18650 and
21700 cells have medians of 0.29 to 0.33 in 2D and 3D cameras."""
SPREAD = 0.5
"""Standard deviation of its logarithm: flanks lie along the light or across it."""
PLAIN = (0.0085, 0.75)
"""The same step where there is no groove, and the standard deviation of its logarithm."""
ASTRAY = (0.01, 0.03, 0.7)
"""Share of views of something else, its step and the standard deviation of its logarithm."""
CAP = 5.0
"""Most that one view can say, in nats: shadows' edges are alike to several cameras."""


class Dents(NamedTuple):
    """What one camera shows where a groove would be, at one end of n cells."""

    shown: Floats
    """(n,) root mean square of what a groove adds to the log brightness."""
    rest: Floats
    """(n,) the same of what neither it nor the smooth course explains."""
    expected: Floats
    """(n,) the former per unit of light that turns with the flanks, for a groove that is there."""
    known: NDArray[np.bool_]
    """(n,) whether enough is seen."""


def groove_odds(look: CaptureSet, Ts_region_cell: Floats, before: list[ZBuffer]) -> Floats:
    """(n,) log odds that the +z end of poses (n, 4, 4) is the positive one; 0 without a groove."""
    groove, odds = look.task.cell.groove, np.zeros(len(Ts_region_cell))
    if groove is None:
        return odds
    sign = 1.0 if groove.face == "+z" else -1.0
    for capture, buffer in zip(look.captures, before, strict=True):
        for side in (1.0, -1.0):
            odds += sign * side * _odds(dents(capture, Ts_region_cell, buffer, look, side))
    return odds


def _odds(seen: Dents) -> Floats:
    """(n,) log odds that the groove is there."""
    plain, wide = PLAIN
    share, step, scatter = ASTRAY
    x = np.log(np.maximum(seen.shown, 1e-5))
    other = share * _normal(x, np.log(step), scatter)
    groove = _normal(x, np.log(np.hypot(TURNED * seen.expected, plain)), SPREAD)
    none = _normal(x, np.log(plain), wide)
    nats = np.log((1 - share) * groove + other) - np.log((1 - share) * none + other)
    result: Floats = np.where(seen.known, np.clip(nats, -CAP, CAP), 0.0)
    return result


def _normal(x: Floats, mean: float | Floats, sigma: float) -> Floats:
    density: Floats = np.exp(-0.5 * ((x - mean) / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma)
    return density


def dents(
    capture: Capture, Ts_region_cell: Floats, before: ZBuffer, look: CaptureSet, side: float
) -> Dents:
    """Of the end towards `side` times z of cells (n, 4, 4)."""
    cell = look.task.cell
    groove, n = cell.groove, len(Ts_region_cell)
    assert groove is not None
    eye = invert(before.T_camera_region)[:3, 3]
    Ts = towards(Ts_region_cell, eye)
    middle = cell.height_m / 2 - groove.offset_m
    ray = eye - Ts[:, :3, 3] - side * middle * Ts[:, :3, 2]
    away = np.linalg.norm(ray, axis=1)
    across = np.sqrt(1 - (np.einsum("ni,ni->n", ray, Ts[:, :3, 2]) / away) ** 2)
    pitch = away / capture.calibration.K[0, 0] / np.maximum(across, 0.1)
    first = groove.offset_m - cell.rim_radius_m
    t = np.arange(-first, groove.width_m / 2 + BEYOND_M, STEP_M)
    light, seen = _light(capture, Ts, before, float(cell.size_m[0]) / 2, side * (middle - t))
    use = t > CLEAR_M + pitch[:, None] - first
    lines = (seen | ~use[:, None]).all(axis=2)
    known = (lines.sum(axis=1) >= LEAST_LINES) & (t[use.argmax(axis=1)] < -groove.width_m / 4)
    log = np.where(use[:, None], np.log(light + np.float32(DARK)), 0.0)
    course = np.linalg.qr(use[..., None] * (t[:, None] / t[-1]) ** np.arange(COURSE))[0]
    log -= (log @ course) @ np.swapaxes(course, 1, 2)
    shape = _shape(groove, t - SHIFTS_M[:, None], np.zeros(1))
    full = np.linalg.norm(shape[0, len(SHIFTS_M) // 2, :, 0])
    shape = _shape(groove, t - SHIFTS_M[:, None], BLUR_PX * pitch) * use[:, None, :, None]
    shape -= course[:, None] @ (np.swapaxes(course, 1, 2)[:, None] @ shape)
    left = np.linalg.norm(shape[:, len(SHIFTS_M) // 2, :, 0], axis=1)
    unit = np.linalg.qr(shape)[0]
    parts = log[:, None] @ unit
    held = np.where(lines[:, None, :, None] | ~known[:, None, None, None], parts, np.nan)
    middle_of = np.nanmedian(held, axis=2) if n else held[:, :, 0]
    energy = (middle_of**2).sum(axis=2)
    best = energy.argmax(axis=1)
    at = np.arange(n)
    whole = (log**2).sum(axis=2) - (parts[at, best] ** 2).sum(axis=2)
    rest = np.nanmedian(np.where(lines | ~known[:, None], whole, np.nan), axis=1)
    count = np.maximum(use.sum(axis=1), 1)
    lit = np.where(lines[..., None] & use[:, None], light, np.nan)
    bright = np.zeros(n)
    if known.any():
        bright[known] = np.nanmedian(lit[known].reshape(int(known.sum()), -1), axis=1)
    expected = left / full * np.sqrt(full**2 / count) * bright / (bright + DARK)
    return Dents(
        np.sqrt(energy[at, best] / count), np.sqrt(np.maximum(rest, 0) / count), expected, known
    )


def _light(
    capture: Capture, Ts: Floats, before: ZBuffer, radius_m: float, z: Floats
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Linear light (n, lines, m) on sides at places (m,) along z, and where it is seen."""
    x, y = radius_m * np.cos(ANGLES), radius_m * np.sin(ANGLES)
    grid = np.broadcast_to(z, (len(ANGLES), len(z)))
    p = np.stack([*(np.broadcast_to(a[:, None], grid.shape) for a in (x, y)), grid], -1)
    p = p.reshape(-1, 3)
    u, v, _ = pixels_of(capture.calibration, before.T_camera_region @ Ts, p)
    u, v = np.nan_to_num(u, nan=-1e4), np.nan_to_num(v, nan=-1e4)
    h, w = capture.image.shape[:2]
    seen = (u >= 0) & (u <= w - 1) & (v >= 0) & (v <= h - 1) & before.open(Ts, p)
    colour = sample(capture.image, u, v, cv2.INTER_LINEAR)
    light: NDArray[np.float32] = LIGHT[colour].mean(axis=-1)
    shape = (len(Ts), *grid.shape)
    return light.reshape(shape), seen.reshape(shape)


def _shape(groove: Groove, t: Floats, blur_m: Floats) -> Floats:
    """(n, s, m, 2) slope of the flanks and its square at places (s, m) from the middle, blurred."""
    sigma = np.maximum(blur_m, 1e-5)[:, None, None]
    fine = np.linspace(-0.5, 0.5, 25) * groove.width_m
    slope = groove.inset(fine)[1]
    step = fine[1] - fine[0]
    away = t[None, ..., None] - fine
    weight = np.exp(-0.5 * (away / np.hypot(sigma, step)[..., None]) ** 2)
    weight /= np.sqrt(2 * np.pi) * np.hypot(sigma, step)[..., None] / step
    return np.stack([weight @ slope, weight @ (slope**2)], -1)
