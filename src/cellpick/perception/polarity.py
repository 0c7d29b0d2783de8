"""Polarity: the likelihood of what every camera shows, under a pose and under the pose turned.

In each window where the two hypotheses' drawings differ, a hypothesis says which pixels are of one
material. The brightness of each material there is unknown but for a broad prior (metals glint), and
integrated out: a linear Gaussian model (Bishop 2006, "Pattern Recognition and Machine Learning",
3.4-3.5). A hypothesis that needs no contrast where there is none is the simpler one and wins; one
that explains a contrast that is there wins by the smaller residual.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.rectify import View
from cellpick.perception.windows import Expectation, Windows

DARK_OFFSET = 0.01
"""Share of full scale added before logarithms: noise in the dark is no contrast."""
CORRELATION_M = 0.0025
"""Side of the square of surface that counts as one independent sample: shading, blur and a rest of
misplacement are alike within it."""
NOISE_FLOOR = (0.08, 0.05)
"""Least standard deviation of log brightness and of log colour within one material."""
SPREAD_MATT = (0.3, 0.1)
"""Prior standard deviation of a matt material's log brightness and log colour."""
SPREAD_METAL = (0.8, 0.15)
"""The same of a metal."""
CAP_VIEW = 4.0
"""Most that one window in one camera can say, in nats: a glint or dirt may imitate anything."""
CAP_ABSENCE = 2.0
"""The same where it speaks for the plainer drawing: blur and glare can hide a feature, too."""
SATURATED = 250.0
"""Grey level from which a channel may have been clipped."""
MOST_CLIPPED = 0.7
"""Share of clipped pixels beyond which a window says nothing in that camera."""
LEAST_LIGHT = 0.02
"""Mean linear brightness below which a window says nothing in that camera."""
CAP_WINDOW = 7.0
"""Most that one window can say over all cameras."""
CAP_WINDOW_ABSENCE = 5.0
"""The same where it speaks for the plainer drawing."""


def linear(srgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light of sRGB values 0 to 1 (IEC 61966-2-1)."""
    bent = ((np.maximum(srgb, 0) + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    result: NDArray[np.float32] = np.where(srgb <= 0.04045, srgb / np.float32(12.92), bent)
    return result


LIGHT = linear(np.arange(256, dtype=np.float32) / np.float32(255))
"""Linear light of each 8-bit level."""
LOG_LEVEL = np.log(LIGHT + np.float32(DARK_OFFSET))
"""Its logarithm with the offset."""


def log_odds(views: Sequence[View], windows: Windows) -> Floats:
    """(n,) log of P(first) / P(second) of n cells from c views of the windows' pixels; none
    without views."""
    if not views:
        return np.zeros(0)
    tallies = np.stack([tally(view, windows) for view in views], axis=1)
    kinds = [np.bincount(side.window, minlength=windows.count) for side in windows.expected]
    plainer = [kinds[0] < kinds[1], kinds[1] < kinds[0]]
    caps = [np.where(plain, CAP_ABSENCE, CAP_VIEW) for plain in plainer]
    caps_all = [np.where(plain, CAP_WINDOW_ABSENCE, CAP_WINDOW) for plain in plainer]
    share = min(1.0, windows.pixel_area_m2 / CORRELATION_M**2)
    light, clipped, of_channel = tallies[0], tallies[1], (tallies[2:5], tallies[5:8])
    ratio = np.zeros((*light.shape[:2], windows.count))
    for channel, sums in enumerate(of_channel):
        first, second = (
            evidence(share * sums, side, windows.count, channel) for side in windows.expected
        )
        ratio += first - second
    ratio[~readable(of_channel[0][0], clipped, light, windows)] = 0
    result: Floats = capped(capped(ratio, *caps).sum(0), *caps_all).sum(1)
    return result


def tally(view: View, windows: Windows) -> Floats:
    """(8, n, a) sums over the seen pixels of each atom in one camera: linear light, pixels that
    may have been clipped, and of log brightness and of log red over blue (which a clipped pixel
    does not tell) the number, the sum and the sum of squares."""
    red, green, blue = view.colour
    parts = np.empty((8, *view.seen.shape), np.float32)
    light, clipped, known, tone, tone2, told, tint, tint2 = parts
    light[:] = (cv2.LUT(red, LIGHT) + cv2.LUT(green, LIGHT) + cv2.LUT(blue, LIGHT)) / 3
    known[:] = view.seen
    clipped[:] = view.seen & (np.maximum(np.maximum(red, green), blue) >= SATURATED)
    np.subtract(known, clipped, out=told)
    np.log(light + np.float32(DARK_OFFSET), out=tone)
    np.subtract(cv2.LUT(red, LOG_LEVEL), cv2.LUT(blue, LOG_LEVEL), out=tint)
    for value, square, of in ((light, None, known), (tone, tone2, known), (tint, tint2, told)):
        value *= of
        if square is not None:
            np.multiply(value, value, out=square)
    sums: Floats = (parts @ windows.atom).astype(np.float64)
    return sums


def capped(nats: Floats, upper: float | Floats, lower: float | Floats) -> Floats:
    """Log odds when the observation may mislead: with probability exp(-upper) it speaks for the
    first hypothesis by mistake, with exp(-lower) for the second; both caps above log 2."""
    x = np.exp(np.clip(nats, -50, 50))
    a, b = np.exp(-np.asarray(upper)), np.exp(-np.asarray(lower))
    result: Floats = np.log(((1 - b) * x + b) / ((1 - a) + a * x))
    return result


def readable(seen: Floats, clipped: Floats, light: Floats, windows: Windows) -> NDArray[np.bool_]:
    """(c, n, w) whether a camera's pixels of a window are neither clipped nor dark, from their
    number, that of the clipped ones and their light in each atom (c, n, a)."""
    in_window = one_hot(windows.window_of_atom, windows.count)
    count = np.maximum(seen @ in_window, 1)
    result: NDArray[np.bool_] = (clipped @ in_window < MOST_CLIPPED * count) & (
        light @ in_window > LEAST_LIGHT * count
    )
    return result


def one_hot(row: NDArray[np.intp], count: int) -> Floats:
    """(m, count) 1 in the column that each row names."""
    matrix: Floats = (row[:, None] == np.arange(count)).astype(np.float64)
    return matrix


def evidence(sums: Floats, side: Expectation, count: int, channel: int) -> Floats:
    """Log marginal likelihood (..., w) of one channel under one hypothesis, from the number, sum
    and sum of squares (3, ..., a) of the atoms' independent pixels."""
    size, sum_y, sum_yy = sums @ side.of_atom
    mean = sum_y / np.maximum(size, 1e-9)
    within = np.maximum(sum_yy - size * mean**2, 0)
    in_window = one_hot(side.window, count)
    weight = size @ in_window
    scatter = (within @ in_window) / np.maximum(weight, 1e-9)
    variance = scatter + NOISE_FLOOR[channel] ** 2
    inner = -0.5 * weight * (np.log(variance) + scatter / variance)
    result: Floats = inner + means_evidence(mean, size, variance, side, in_window, channel)
    return result


def means_evidence(
    mean: Floats,
    size: Floats,
    variance: Floats,
    side: Expectation,
    in_window: Floats,
    channel: int,
) -> Floats:
    """Log likelihood (..., w) of the classes' means (..., g), a common offset integrated out.

    Counted against means known exactly, so that classes cost what they cannot predict.
    """
    level = side.palette + DARK_OFFSET
    wanted = np.log(level.mean(1)) if channel == 0 else np.log(level[:, 0] / level[:, 2])
    spread = SPREAD_MATT[channel] + side.metallic * (SPREAD_METAL[channel] - SPREAD_MATT[channel])
    seen = size > 0.5
    noise = (variance @ in_window.T) / np.maximum(size, 1e-9)
    v = spread**2 + noise
    precision = np.where(seen, 1 / v, 0)
    off = mean - wanted
    total = precision @ in_window
    offset = (precision * off) @ in_window / np.maximum(total, 1e-12)
    square = precision * (off - offset @ in_window.T) ** 2
    classes = np.where(seen, square + np.log(v / noise), 0) @ in_window
    common = np.where(total > 0, np.log(np.maximum(total, 1e-12)), 0)
    result: Floats = -0.5 * (classes + common)
    return result
