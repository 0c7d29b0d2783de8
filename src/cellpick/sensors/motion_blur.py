"""Motion blur: what a moving camera sees during an exposure, averaged."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.sensors.lens import Lens

Array = NDArray[np.float32]
STILL_PX = 0.1
"""Shifts below this many pixels blur nothing that could be seen."""
INTERPOLATION = ((cv2.INTER_CUBIC, 5 / 7), (cv2.INTER_LINEAR, 2 / 7))
"""Between pixels, at the fraction f: the linear one adds f (1 - f) to the spread in square pixels,
OpenCV's cubic one (its parameter is -0.75) takes 2 f^2 (1 - f)^2 off it: over all f, nothing."""
MOST_STEPS = 128
"""Bound on the instants that an exposure is averaged over."""


def flow(lens: Lens, depth: Array, twist: Floats) -> Array:
    """(h, w, 2) speed of the picture in pixels a second, right and down.

    `twist` (6,) is the camera's own, linear then angular, in its frame; `depth` (h, w) along its
    z, infinite where nothing is hit. A point p at rest moves by -(v + w x p) in the camera.
    """
    h, w = lens.shape
    ray = lens.directions.reshape(h, w, 3)
    x, y = ray[..., 0], ray[..., 1]
    v, turn = np.asarray(twist[:3], np.float32), np.asarray(twist[3:], np.float32)
    near = np.float32(1) / depth
    # w x (x, y, 1), and the share of it that the division by z adds
    along = v[2] * near + turn[0] * y - turn[1] * x
    dx = x * along - v[0] * near - (turn[1] - turn[2] * y)
    dy = y * along - v[1] * near - (turn[2] * x - turn[0])
    # the lens's own slope turns ray slopes into pixels, distortion included
    x_v, x_u = np.gradient(x)
    y_v, y_u = np.gradient(y)
    scale = 1 / (x_u * y_v - x_v * y_u)
    return np.stack([(y_v * dx - x_v * dy) * scale, (x_u * dy - y_u * dx) * scale], axis=-1)


def smear(radiance: Array, shift: Array) -> Array:
    """Radiance (h, w, 3) averaged over a picture shift (h, w, 2) that it is half way through.

    As many instants as the longest shift has pixels, and one more; each pixel goes its own way.
    """
    longest = float(np.sqrt((shift**2).sum(axis=-1)).max(initial=0.0))
    if longest < STILL_PX:
        return radiance
    steps = min(int(np.ceil(longest)) + 1, MOST_STEPS)
    # equal steps vary less than the whole way does: stretched to its variance
    parts = ((np.arange(steps) + 0.5) / steps - 0.5) / np.sqrt(1 - 1 / steps**2)
    h, w = shift.shape[:2]
    u, v = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    total = np.zeros_like(radiance)
    for part in parts.astype(np.float32):
        places = u - part * shift[..., 0], v - part * shift[..., 1]
        for method, weight in INTERPOLATION:
            moved = cv2.remap(radiance, *places, method, borderMode=cv2.BORDER_REPLICATE)
            total += np.float32(weight / steps) * moved
    return total
