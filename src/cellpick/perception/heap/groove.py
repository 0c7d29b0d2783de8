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
from scipy.special import erfc

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
MANY_LINES = 6
"""With fewer a view says less: where little is seen shadows' edges are near."""
STEP_M = 0.0003
"""Pitch along them."""
BEYOND_M = 0.0025
"""How much of the side behind the groove is looked at, to know its course."""
SHIFTS_M = np.linspace(-0.0012, 0.0012, 9)
"""Places off the expected one at which the groove is sought: the cell's place is uncertain."""
CLEAR_M = 0.0004
"""Kept away from the bare rim, beside what the picture blurs."""
MOST_CLEAR_M = 0.0005
"""Most that is kept away from it for the doubt of its place."""
BLUR_PX = 0.5
"""Standard deviation of a picture's blur."""
DOUBTFUL = 1.5
"""Factor on the stated doubt of a place along the axis: ends that shadows feign are not in it."""
LEAST_DOUBT_M = 0.0002
"""Standard deviation of a groove's place on the can; assumed."""
DARK = 0.003
"""Share of full scale added before logarithms: noise in the dark is no contrast."""
COURSE = 3
"""Coefficients of the smooth course of the brightness."""
LEAST_SINE = 0.1
"""Of the angle between ray and axis: along the side nothing is resolved."""
FINE = 25
"""Places across a groove by which its blurred shape is summed up."""

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
    expected: Floats
    """(n,) the same of the slope of a groove's flanks, as far as the picture resolves them."""
    known: NDArray[np.bool_]
    """(n,) whether enough is seen."""
    lines: NDArray[np.int64]
    """(n,) lines that are seen."""


def groove_odds(
    look: CaptureSet, Ts_region_cell: Floats, doubt_m: Floats, before: list[ZBuffer]
) -> Floats:
    """(n,) log odds that the +z end of poses (n, 4, 4) is the positive one; 0 without a groove.

    `doubt_m` (n,) is the standard deviation of the place along the axis.
    """
    groove, odds = look.task.cell.groove, np.zeros(len(Ts_region_cell))
    if groove is None or not len(odds):
        return odds
    beyond = erfc(SHIFTS_M[-1] / (np.sqrt(2) * np.hypot(DOUBTFUL * doubt_m, LEAST_DOUBT_M)))
    sign = 1.0 if groove.face == "+z" else -1.0
    for capture, buffer in zip(look.captures, before, strict=True):
        for side in (1.0, -1.0):
            seen = dents(capture, Ts_region_cell, doubt_m, buffer, look, groove, side)
            odds += sign * side * _odds(seen, beyond)
    # where the groove was not looked at, no view of any camera says anything
    result: Floats = np.sign(odds) * np.log((1 - beyond) * np.exp(np.abs(odds)) + beyond)
    return result


def _odds(seen: Dents, beyond: Floats) -> Floats:
    """(n,) log odds that the groove is there; it lies where it is not sought with a probability
    (n,) `beyond`."""
    plain, wide = PLAIN
    share, step, scatter = ASTRAY
    x = np.log(np.maximum(seen.shown, 1e-5))
    other = share * _normal(x, np.log(step), scatter)
    groove = _normal(x, np.log(np.hypot(TURNED * seen.expected, plain)), SPREAD)
    none = _normal(x, np.log(plain), wide)
    groove = (1 - beyond) * groove + beyond * none
    nats = np.log((1 - share) * groove + other) - np.log((1 - share) * none + other)
    cap = CAP * np.minimum(seen.lines / MANY_LINES, 1.0)
    result: Floats = np.where(seen.known, np.clip(nats, -cap, cap), 0.0)
    return result


def _normal(x: Floats, mean: float | Floats, sigma: float) -> Floats:
    density: Floats = np.exp(-0.5 * ((x - mean) / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma)
    return density


def dents(
    capture: Capture,
    Ts_region_cell: Floats,
    doubt_m: Floats,
    before: ZBuffer,
    look: CaptureSet,
    groove: Groove,
    side: float,
) -> Dents:
    """Of the end towards `side` times z of cells (n, 4, 4), `doubt_m` (n,) uncertain along it."""
    cell = look.task.cell
    eye = invert(before.T_camera_region)[:3, 3]
    Ts = towards(Ts_region_cell, eye)
    middle = cell.height_m / 2 - groove.offset_m
    pitch = _pitch(capture, eye - Ts[:, :3, 3] - side * middle * Ts[:, :3, 2], Ts[:, :3, 2])
    rim = cell.rim_radius_m - groove.offset_m
    t = np.arange(rim, groove.width_m / 2 + BEYOND_M, STEP_M)
    light, seen = _light(capture, Ts, before, float(cell.size_m[0]) / 2, side * (middle - t))
    use: NDArray[np.bool_] = (
        t > rim + (CLEAR_M + pitch + np.minimum(doubt_m, MOST_CLEAR_M))[:, None]
    )
    lines = np.asarray((seen | ~use[:, None]).all(axis=2), np.bool_)
    # half of the flank towards the rim must be left
    flank = int(np.searchsorted(t, -groove.width_m / 4))
    known: NDArray[np.bool_] = use[:, flank] & (lines.sum(axis=1) >= LEAST_LINES)
    held = lines[..., None] & use[:, None] & known[:, None, None]
    count = np.maximum(use.sum(axis=1), 1)
    energy, shape = _explained(light, held, use, _shapes(groove, t, BLUR_PX * pitch))
    bright = _medians(np.where(held, light, np.nan).reshape(len(Ts), -1), known)
    expected = np.sqrt(shape / count) * bright / (bright + DARK)
    return Dents(np.sqrt(energy / count), expected, known, lines.sum(axis=1))


def _explained(
    light: NDArray[np.float32], held: NDArray[np.bool_], use: NDArray[np.bool_], shapes: Floats
) -> tuple[Floats, Floats]:
    """Sum of squares (n,) of log `light` (n, lines, m) that a groove of `shapes` (n, s, m, 2)
    explains beyond a smooth course, at the best of its places; the same (n,) of its slope."""
    power = np.linspace(-1, 1, use.shape[1])[:, None] ** np.arange(COURSE)
    course = np.linalg.qr(use[..., None] * power)[0]
    across = np.swapaxes(course, 1, 2)
    log = np.where(use[:, None], np.log(light + np.float32(DARK)), 0.0)
    log -= (log @ course) @ across
    shapes = shapes * use[:, None, :, None]
    shapes -= course[:, None] @ (across[:, None] @ shapes)
    parts = np.swapaxes(log[:, None] @ np.linalg.qr(shapes)[0], 1, 2)
    lines = np.asarray(held.any(axis=2), np.bool_)
    told = np.where(lines[..., None, None], parts, np.nan)
    middle = _medians(told, np.asarray(lines.any(axis=1), np.bool_))
    slope = (shapes[:, len(SHIFTS_M) // 2, :, 0] ** 2).sum(axis=1)
    return (middle**2).sum(axis=2).max(axis=1), slope


def _medians(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """Medians (n, ...) over the second axis of values (n, k, ...) that are not NaN; 0 where not
    `known` (n,)."""
    out = np.zeros((len(values), *values.shape[2:]))
    if known.any():
        out[known] = np.nanmedian(values[known], axis=1)
    return out


def _pitch(capture: Capture, ray: Floats, axis: Floats) -> Floats:
    """(n,) size of a pixel along unit axes (n, 3) of places that are seen along rays (n, 3)."""
    away = np.linalg.norm(ray, axis=1)
    cosine = np.einsum("ni,ni->n", ray, axis) / away
    foreshortened = np.maximum(np.sqrt(1 - np.minimum(cosine**2, 1.0)), LEAST_SINE)
    pitch: Floats = away / capture.calibration.K[0, 0] / foreshortened
    return pitch


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


def _shapes(groove: Groove, t: Floats, blur_m: Floats) -> Floats:
    """(n, s, m, 2) slope of the flanks and its square, blurred by `blur_m` (n,), at places (m,)
    from the expected middle, for grooves at each of `SHIFTS_M`."""
    fine = np.linspace(-0.5, 0.5, FINE) * groove.width_m
    step = fine[1] - fine[0]
    sigma = np.hypot(blur_m, step)[:, None, None, None]
    away = (t - SHIFTS_M[:, None])[..., None] - fine
    weight = np.exp(-0.5 * (away / sigma) ** 2) * step / (np.sqrt(2 * np.pi) * sigma)
    slope = groove.inset(fine)[1]
    shapes: Floats = weight @ np.stack([slope, slope**2], -1)
    return shapes
