"""The dots that an infrared projector throws: one fixed pseudo-random pattern a device."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
FINE = 2.0
"""Grid points of the pattern a standard deviation of a dot."""
JITTER = 0.45
"""How far a dot stands off the regular grid, in pitches: even density, no repeats; assumed."""
REACH = 1.35
"""How far beyond the imagers' view the pattern goes, which a projector beside them must."""
LARGEST = 8192
"""Bound on the pattern's grid along each side."""


class Dots:
    """A pattern over directions: light as a function of x/z and y/z seen from the projector."""

    def __init__(
        self,
        half_view: tuple[float, float],
        pitch_rad: float,
        dot_rad: float,
        rng: np.random.Generator,
    ) -> None:
        """`half_view` are the tangents of the half angles that the imagers see."""
        self._half = np.array(half_view) * REACH
        size = np.minimum(np.ceil(2 * self._half * FINE / dot_rad), LARGEST).astype(int)
        self._step = 2 * self._half / size
        across, down = (int(max(1, np.ceil(2 * half / pitch_rad))) for half in self._half)
        grid = np.stack(np.meshgrid(np.arange(across), np.arange(down)), axis=-1).reshape(-1, 2)
        place = (grid + 0.5 + rng.uniform(-JITTER, JITTER, grid.shape)) * pitch_rad
        column, row = np.minimum(place / self._step, size - 1).astype(int).T
        light = np.zeros((size[1], size[0]), dtype=np.float32)
        np.add.at(light, (row, column), rng.uniform(0.5, 1.5, len(row)).astype(np.float32))
        sigma_x, sigma_y = (float(dot_rad / step) for step in self._step)
        light = cv2.GaussianBlur(light, (0, 0), sigma_x, sigmaY=sigma_y)
        self._light: Array = (light / max(float(light.mean()), 1e-12)).astype(np.float32)

    def light(self, x: Array, y: Array) -> Array:
        """Light (h, w) at directions `x` = x/z and `y` = y/z (h, w), of mean 1; 0 beyond."""
        u = (x + np.float32(self._half[0])) / np.float32(self._step[0]) - np.float32(0.5)
        v = (y + np.float32(self._half[1])) / np.float32(self._step[1]) - np.float32(0.5)
        seen = cv2.remap(self._light, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        return np.asarray(seen, dtype=np.float32)
