"""Flying pixels: readings in the band round a depth edge that lie between its two sides."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
STEEP = 5.0
"""Slope (depth change over lateral distance) from which two pixels lie across a depth edge."""


def with_flying(
    noisy: Array,
    depth: Array,
    half_width_px: float,
    share: float,
    pixel_rad: float,
    rng: np.random.Generator,
) -> Array:
    """`noisy` (h, w) with `share` of the readings near edges of `depth` mixed from both sides.

    In a band of less than a pixel, only that part of the pixels beside an edge may mix.
    """
    uniform = rng.random((2, *depth.shape), dtype=np.float32)
    radius = int(np.ceil(half_width_px))
    if radius == 0 or share == 0:
        return noisy
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    low = cv2.erode(np.where(np.isnan(depth), np.float32(np.inf), depth), kernel)
    high = cv2.dilate(np.where(np.isnan(depth), np.float32(0), depth), kernel)
    # where nothing is seen, low is infinite: never an edge, as no comparison with NaN holds
    slope = STEEP * pixel_rad * depth * (2 * radius)
    flies = (high - low > slope) & (uniform[0] < share * min(1.0, half_width_px / radius))
    out: Array = noisy.copy()
    out[flies] = low[flies] + uniform[1][flies] * (high - low)[flies]
    return out
