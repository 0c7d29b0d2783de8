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


def edge_field(grey: NDArray[np.float32], sigma_px: float) -> NDArray[np.complex64]:
    """Field (h, w) of unit-bounded complex numbers exp(2i angle) x strength.

    `grey` (h, w) is brightness in grey levels of 255; NaN where unseen, which gives 0 there.
    """
    unseen = np.isnan(grey)
    tone = np.log(np.where(unseen, 0, grey) + np.float32(DARK_OFFSET))
    tone = cv2.GaussianBlur(tone, (0, 0), sigma_px)
    gx = cv2.Scharr(tone, cv2.CV_32F, 1, 0, scale=1 / 32)
    gy = cv2.Scharr(tone, cv2.CV_32F, 0, 1, scale=1 / 32)
    power = gx * gx + gy * gy
    if unseen.any():
        reach = int(np.ceil(4 * sigma_px)) + 1  # OpenCV cuts the Gaussian off at 4 sigma
        kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
        near = cv2.dilate(unseen.astype(np.uint8), kernel) > 0
    else:
        near = unseen
    seen = power[~near]
    noise = float(np.sqrt(np.median(seen))) if seen.size else 0.0
    floor = np.float32(max(CONTRAST_FLOOR, NOISE_FACTOR * noise) ** 2)
    field: NDArray[np.complex64] = ((gx + 1j * gy) ** 2 / (power + floor)).astype(np.complex64)
    field[near] = 0
    return field
