"""What a lens out of focus does to decoded depth: patterns lose contrast, edges are lost."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.scene.cameras import CameraSpec
from cellpick.sensors.defocus import circles

Array = NDArray[np.float32]
NOISE = 0.5
"""Noise that a circle of confusion of a pixel adds, in units of a sharp camera's; assumed."""
EDGE_M = 0.004
"""Range of depths within a circle of confusion from which a pixel decodes nothing."""


def circle_px(spec: CameraSpec, depth: Array) -> float:
    """Diameter of the circle of confusion at the median of the depths (h, w)."""
    if np.isnan(depth).all():
        return 0.0
    middle = np.full((1, 1), np.nanmedian(depth), dtype=np.float32)
    return abs(float(circles(middle, spec)[0, 0]))


def unfocused(
    depth: Array, circle_diameter_px: float, sigma_m: float, rng: np.random.Generator
) -> Array:
    """Depth (h, w) of a camera, sharp with noise `sigma_m`, whose focus slipped."""
    radius = max(1, round(circle_diameter_px / 2))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    low = cv2.erode(np.nan_to_num(depth, nan=0.0), kernel)
    high = cv2.dilate(np.nan_to_num(depth, nan=0.0), kernel)
    noise = rng.standard_normal(depth.shape, dtype=np.float32)
    noisy = depth + noise * np.float32(NOISE * circle_diameter_px * sigma_m)
    return np.where(high - low > EDGE_M, np.nan, noisy).astype(np.float32)
