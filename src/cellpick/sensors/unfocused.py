"""What a lens out of focus does to decoded depth: patterns lose contrast, edges are lost."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
NOISE = 2.0
"""Noise that an amount of 1 adds, in units of a sharp camera's; assumed."""
SPREAD = 0.003
"""Radius within which readings mix, as a share of the image's width, at an amount of 1; assumed."""
EDGE_M = 0.004
"""Range of depths under the mixing kernel from which a pixel decodes nothing."""


def unfocused(depth: Array, amount: float, sigma_m: float, rng: np.random.Generator) -> Array:
    """Depth (h, w) of a camera, sharp with noise `sigma_m`, whose focus slipped by `amount`."""
    radius = max(1, round(SPREAD * amount * depth.shape[1]))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    low = cv2.erode(np.nan_to_num(depth, nan=0.0), kernel)
    high = cv2.dilate(np.nan_to_num(depth, nan=0.0), kernel)
    noise = rng.standard_normal(depth.shape, dtype=np.float32) * (NOISE * amount * sigma_m)
    return np.where(high - low > EDGE_M, np.nan, depth + noise).astype(np.float32)
