"""Polarity: the likelihood of what every camera shows, under a pose and under the pose turned.

In each window where the two hypotheses' drawings differ, a hypothesis says which pixels are of one
material. The brightness of each material there is unknown but for a broad prior (metals glint), and
integrated out: a linear Gaussian model (Bishop 2006, "Pattern Recognition and Machine Learning",
3.4-3.5). A hypothesis that needs no contrast where there is none is the simpler one and wins; one
that explains a contrast that is there wins by the smaller residual.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
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


def channels(colour: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Log brightness and log red over blue (...) of colours (..., 3) in sRGB levels of 255."""
    level = linear(colour / np.float32(255)) + np.float32(DARK_OFFSET)
    tint = np.log(level[..., 0] / level[..., 2])
    tint[colour.max(-1) >= SATURATED] = np.nan
    return np.log(level.mean(-1)), tint


def linear(srgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light of sRGB values 0 to 1 (IEC 61966-2-1)."""
    bent = ((np.maximum(srgb, 0) + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    result: NDArray[np.float32] = np.where(srgb <= 0.04045, srgb / np.float32(12.92), bent)
    return result


def log_odds(views: Sequence[NDArray[np.float32]], windows: Windows) -> Floats:
    """(n,) log of P(first) / P(second) of n cells from c views (n, m, 3) of the windows' pixels.

    NaN pixels count as unseen.
    """
    n = views[0].shape[0] if views else 0
    total = np.zeros((n, windows.count))
    kinds = [np.bincount(side.window, minlength=windows.count) for side in windows.expected]
    plainer = [kinds[0] < kinds[1], kinds[1] < kinds[0]]
    caps = [np.where(plain, CAP_ABSENCE, CAP_VIEW) for plain in plainer]
    caps_all = [np.where(plain, CAP_WINDOW_ABSENCE, CAP_WINDOW) for plain in plainer]
    share = min(1.0, windows.pixel_area_m2 / CORRELATION_M**2)
    for view in views:
        ratio = np.zeros((n, windows.count))
        for channel, values in enumerate(channels(view)):
            first, second = (
                evidence(values, side, windows.count, channel, share) for side in windows.expected
            )
            ratio += first - second
        ratio[~readable(view, windows)] = 0
        total += capped(ratio, *caps)
    result: Floats = capped(total, *caps_all).sum(1)
    return result


def capped(nats: Floats, upper: float | Floats, lower: float | Floats) -> Floats:
    """Log odds when the observation may mislead: with probability exp(-upper) it speaks for the
    first hypothesis by mistake, with exp(-lower) for the second; both caps above log 2."""
    x = np.exp(np.clip(nats, -50, 50))
    a, b = np.exp(-np.asarray(upper)), np.exp(-np.asarray(lower))
    result: Floats = np.log(((1 - b) * x + b) / ((1 - a) + a * x))
    return result


def readable(view: NDArray[np.float32], windows: Windows) -> NDArray[np.bool_]:
    """(n, w) whether a camera's pixels (n, m, 3) of a window are neither clipped nor dark."""
    seen = np.isfinite(view[..., 0])
    clipped = (view.max(-1) >= SATURATED).astype(np.float64)
    light = linear(np.where(seen, view.mean(-1), 0) / np.float32(255))
    member = (windows.window[:, None] == np.arange(windows.count)).astype(np.float64)
    count = np.maximum(seen @ member, 1)
    result: NDArray[np.bool_] = (clipped @ member < MOST_CLIPPED * count) & (
        light @ member > LEAST_LIGHT * count
    )
    return result


def evidence(
    values: NDArray[np.float32], side: Expectation, count: int, channel: int, share: float
) -> Floats:
    """Log marginal likelihood (n, w) of one channel's values (n, m) under one hypothesis."""
    seen = np.isfinite(values)
    y = np.where(seen, values, 0).astype(np.float64)
    size = share * (seen @ side.member)
    sum_y = share * (y @ side.member)
    sum_yy = share * ((y * y) @ side.member)
    mean = sum_y / np.maximum(size, 1e-9)
    within = np.maximum(sum_yy - size * mean**2, 0)
    in_window = (side.window[:, None] == np.arange(count)).astype(np.float64)
    weight = size @ in_window
    variance = (within @ in_window) / np.maximum(weight, 1e-9) + NOISE_FLOOR[channel] ** 2
    inner = (
        -0.5
        * weight
        * (np.log(variance) + (within @ in_window) / np.maximum(weight, 1e-9) / variance)
    )
    means = means_evidence(mean, size, variance, side, in_window, channel)
    result: Floats = inner + means
    return result


def means_evidence(
    mean: Floats,
    size: Floats,
    variance: Floats,
    side: Expectation,
    in_window: Floats,
    channel: int,
) -> Floats:
    """Log likelihood (n, w) of the classes' means (n, g), a common offset integrated out.

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
