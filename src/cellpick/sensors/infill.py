"""Shades a picture sparsely: where a surface is smooth, few pixels tell all the others.

Blocks of pixels on one smooth piece of one material are interpolated between their corners when
these differ little; others are split, down to single pixels. Every pixel has its own primary ray,
so that no edge is lost.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
STEPS = (8, 4, 2)
"""Sides of the blocks in pixels."""
SMOOTH = 0.12
"""Largest difference between a block's corners, as a share of the brightest: a bilinear block then
errs by a small part of the image noise."""
FLOOR = 0.004
"""Difference that is always small enough: near one grey value in the dark."""

Shade = Callable[[NDArray[np.int64]], Array]
"""Radiance (n, 3) of pixels (n,)."""


class Infill:
    """A picture being filled."""

    def __init__(self, key: NDArray[np.int32], broken: NDArray[np.bool_], shade: Shade) -> None:
        """`key` (h, w) numbers smooth pieces; `broken` (h, w) pixels are like no other."""
        self._shape, self._key, self._shade = key.shape, key, shade
        self._breaks = broken.copy()
        self._breaks[:, :-1] |= key[:, 1:] != key[:, :-1]
        self._breaks[:-1] |= key[1:] != key[:-1]
        self.radiance = np.zeros((key.size, 3), dtype=np.float32)
        """(h * w, 3) so far."""
        self.done = np.zeros(key.size, dtype=np.bool_)
        """(h * w,) pixels that are filled."""

    def fill(self) -> None:
        """All blocks that are smooth."""
        for step in STEPS:
            self._fill(step)

    def shade(self, pixels: NDArray[np.int64]) -> None:
        """Single pixels (n,)."""
        self.radiance[pixels] = self._shade(pixels)
        self.done[pixels] = True

    def _fill(self, step: int) -> None:
        h, w = self._shape
        row, column = np.nonzero(self._candidates(step))
        y0, x0 = row * step, column * step
        y1, x1 = np.minimum(y0 + step, h - 1), np.minimum(x0 + step, w - 1)
        corners = np.stack([y0 * w + x0, y0 * w + x1, y1 * w + x0, y1 * w + x1], axis=1)
        key = self._key.ravel()[corners]
        same = (key == key[:, :1]).all(axis=1)
        corners, y0, x0, y1, x1 = corners[same], y0[same], x0[same], y1[same], x1[same]
        wanted = np.unique(corners)
        self.shade(wanted[~self.done[wanted]])
        value = self.radiance[corners]
        high, low = value.max(axis=1), value.min(axis=1)
        smooth = (high - low <= SMOOTH * high + FLOOR).all(axis=1)
        self._interpolate(step, value[smooth], y0[smooth], x0[smooth])

    def _candidates(self, step: int) -> NDArray[np.bool_]:
        """Blocks without a break that are not yet filled."""
        h, w = self._shape
        rows, columns = -(-h // step), -(-w // step)
        pad = ((0, rows * step - h), (0, columns * step - w))
        blocks = (rows, step, columns, step)
        bad = np.pad(self._breaks, pad).reshape(blocks)
        done = np.pad(self.done.reshape(h, w), pad, constant_values=True).reshape(blocks)
        result: NDArray[np.bool_] = np.logical_not(bad.any(axis=(1, 3)) | done.all(axis=(1, 3)))
        return result

    def _interpolate(
        self, step: int, value: Array, y0: NDArray[np.int64], x0: NDArray[np.int64]
    ) -> None:
        h, w = self._shape
        t = np.arange(step)
        # a block at the border is cut off there, and so is its far corner
        fy = (t / np.minimum(step, np.maximum(h - 1 - y0, 1))[:, None]).astype(np.float32)
        fx = (t / np.minimum(step, np.maximum(w - 1 - x0, 1))[:, None]).astype(np.float32)
        top = value[:, None, 0] + fx[..., None] * (value[:, 1] - value[:, 0])[:, None]
        low = value[:, None, 2] + fx[..., None] * (value[:, 3] - value[:, 2])[:, None]
        block = top[:, None] + fy[:, :, None, None] * (low - top)[:, None]
        y, x = y0[:, None] + t, x0[:, None] + t
        inside = (y < h)[:, :, None] & (x < w)[:, None]
        pixels = (y[:, :, None] * w + x[:, None])[inside]
        self.radiance[pixels] = block[inside]
        self.done[pixels] = True
