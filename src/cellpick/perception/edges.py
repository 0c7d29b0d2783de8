"""Edge fields: where brightness changes and along which line, blind to which side is brighter.

A gradient's angle is doubled (Bigun and Granlund 1987, "Optimal orientation detection of linear
symmetry"), so that the two sides of a thin stroke add up and a glint that inverts a contrast
changes nothing; its length is saturated, so that a strong edge counts like a clear one.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

DARK_OFFSET = 12.0
"""Grey levels added before the logarithm: keeps dark noise from looking like contrast."""
CONTRAST_FLOOR = 0.04
"""Log-brightness step per pixel at which an edge counts half."""
NOISE_FACTOR = 3.0
"""The floor is at least this multiple of the median gradient, which is that of noise."""
SAMPLES = 5_000
"""Pixels from which that median is taken, about."""
TONES = np.log(np.arange(256) + DARK_OFFSET).astype(np.float32)
"""Tone of each grey level."""


def tone_of(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(h, w) logarithm of a picture's brightness."""
    return np.asarray(cv2.LUT(grey, TONES), np.float32)


def edge_field(tone: NDArray[np.float32], sigma_px: float) -> NDArray[np.complex64]:
    """Field (h, w) of unit-bounded complex numbers exp(2i angle) x strength.

    `tone` (h, w) is a picture's as `tone_of` gives it; NaN where unseen, which gives 0 there.
    """
    near = around(np.isnan(tone), int(np.ceil(4 * sigma_px)) + 1)  # OpenCV cuts at 4 sigma
    smooth = tone.copy()
    cv2.patchNaNs(smooth, 0.0)
    cv2.GaussianBlur(smooth, (0, 0), sigma_px, dst=smooth)
    gx = cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 32)
    gy = cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 32)
    xx, yy = gx * gx, gy * gy
    power = np.add(xx, yy, out=smooth)
    power += floor_of(power, near)
    power[near] = np.inf
    field = np.empty((*tone.shape, 2), np.float32)
    np.divide(np.subtract(xx, yy, out=xx), power, out=field[..., 0])
    np.divide(np.multiply(gx, 2 * gy, out=gx), power, out=field[..., 1])
    return field.view(np.complex64)[..., 0]


def floor_of(power: NDArray[np.float32], near: NDArray[np.bool_]) -> np.float32:
    """Squared gradient at which an edge counts half, from the pixels that are not `near`."""
    thin = max(1, int(np.sqrt(power.size / SAMPLES)))
    seen = power[::thin, ::thin][~near[::thin, ::thin]]
    noise = float(np.sqrt(np.median(seen))) if seen.size else 0.0
    result: np.float32 = np.square(np.float32(max(CONTRAST_FLOOR, NOISE_FACTOR * noise)))
    return result


def around(unseen: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Pixels whose square neighbourhood of this reach holds one that is unseen."""
    if not unseen.any():
        return unseen
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    near: NDArray[np.bool_] = cv2.dilate(unseen.view(np.uint8), kernel).view(np.bool_)
    return near
