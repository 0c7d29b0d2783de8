"""Shades a picture sparsely: where a surface is smooth, few pixels tell all the others.

Blocks of pixels on one smooth piece are interpolated between their corners when
these differ little; others are split, down to single pixels. Every pixel has its own primary ray,
so that no edge is lost.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.sensors.samples import spread

Array = NDArray[np.float32]
STEPS = (16, 8, 4, 2)
"""Sides of the blocks in pixels, each half of the one before."""
SMOOTH = 0.12
"""Largest difference between a block's corners, as a share of the brightest: a bilinear block then
errs by a small part of the image noise."""
FLOOR = 0.004
"""Difference that is always small enough: near one grey value in the dark."""

Shade = Callable[[NDArray[np.int64]], Array]
"""Radiance (n, 3) of pixels (n,)."""


class Infill:
    """A picture being filled."""

    def __init__(self, key: NDArray[np.int32], shade: Shade) -> None:
        """`key` (h, w) numbers smooth pieces."""
        self._shape, self._key, self._shade = key.shape, key, shade
        breaks = np.zeros(key.shape, dtype=np.bool_)
        breaks[:, :-1] |= key[:, 1:] != key[:, :-1]
        breaks[:-1] |= key[1:] != key[:-1]
        # rounded up to whole blocks, so that every block is a slice
        h, w = (-(-n // STEPS[0]) * STEPS[0] for n in key.shape)
        self._breaks = np.pad(breaks, ((0, h - key.shape[0]), (0, w - key.shape[1])))
        self._radiance = np.zeros((h, w, 3), dtype=np.float32)
        self._done = np.ones((h, w), dtype=np.bool_)
        self._done[: key.shape[0], : key.shape[1]] = False
        blocks = (h // STEPS[0], w // STEPS[0])
        self._rough = np.zeros(blocks, dtype=np.bool_)
        self._wanted = np.ones(blocks, dtype=np.bool_)
        self._late = np.zeros((h, w), dtype=np.bool_)

    def resume(self, before: Infill, wanted: NDArray[np.bool_]) -> None:
        """Fills only `wanted` largest blocks (rows, columns); all others are those of `before`.

        The light at the border of the wanted blocks is taken to be that of `before`.
        """
        inside = spread(wanted, STEPS[0])
        self._wanted, self._rough = wanted, before._rough.copy()
        self._radiance = before._radiance.copy()
        self._done |= before._done & ~inside
        # corners that blocks above and to the left have in common with the wanted ones
        square = np.ones((2, 2), dtype=np.uint8)
        core = cv2.erode(inside.view(np.uint8), square, anchor=(1, 1)).astype(np.bool_)
        self._late = inside & ~core & before._done
        self._late[: self._shape[0], : self._shape[1]] &= self._key == before._key

    @property
    def radiance(self) -> Array:
        """(h, w, 3) so far."""
        return self._radiance[: self._shape[0], : self._shape[1]]

    @property
    def done(self) -> NDArray[np.bool_]:
        """(h, w) pixels that are filled."""
        return self._done[: self._shape[0], : self._shape[1]]

    def fill(self) -> None:
        """All blocks that are smooth."""
        for step in STEPS:
            self._fill(step)
        self._done |= self._late  # what is not done has not been written either

    def _fill(self, step: int) -> None:
        h, w = self._shape
        candidates = self._candidates(step)
        row, column = np.nonzero(candidates)
        y, x = row * step, column * step
        ys, xs = (
            np.stack([y, np.minimum(y + step, h - 1)]),
            np.stack([x, np.minimum(x + step, w - 1)]),
        )
        corners = (ys[:, None] * w + xs[None]).reshape(4, -1)
        key = self._key.ravel()[corners]
        same = (key == key[0]).all(axis=0)
        row, column, corners = row[same], column[same], corners[:, same]
        self._shade_new(np.unique(corners))
        value = self._radiance[corners // w, corners % w]
        high, low = value.max(axis=0), value.min(axis=0)
        smooth = (high - low <= SMOOTH * high + FLOOR).all(axis=1)
        if step == STEPS[0]:  # a shadow's tip may reach into a block past its corners
            self._rough[self._wanted] = False
            self._rough[row, column] = ~smooth
            smooth &= ~_beside(self._rough, row, column)
        if step == STEPS[-1]:  # across two pixels even a steep ramp is straight
            smooth[:] = True
        self._interpolate(step, value[:, smooth], row[smooth], column[smooth])

    def _shade_new(self, pixels: NDArray[np.int64]) -> None:
        y, x = pixels // self._shape[1], pixels % self._shape[1]
        new = ~self._done[y, x]
        self._radiance[y[new], x[new]] = self._shade(pixels[new])
        self._done[y[new], x[new]] = True

    def _candidates(self, step: int) -> NDArray[np.bool_]:
        """Blocks without a break that are not yet filled."""
        left = ~(_all_in(self._done, step) | ~_all_in(~self._breaks, step))
        wanted = self._wanted.repeat(STEPS[0] // step, axis=0).repeat(STEPS[0] // step, axis=1)
        result: NDArray[np.bool_] = left & wanted
        return result

    def _interpolate(
        self, step: int, value: Array, row: NDArray[np.int64], column: NDArray[np.int64]
    ) -> None:
        h, w = self._shape
        t = np.arange(step)
        # a block at the border is cut off there, and so is its far corner
        fy = (t / np.clip(h - 1 - row * step, 1, step)[:, None]).astype(np.float32)[..., None]
        fx = (t / np.clip(w - 1 - column * step, 1, step)[:, None]).astype(np.float32)[..., None]
        top = value[0][:, None] + fx * (value[1] - value[0])[:, None]
        low = value[2][:, None] + fx * (value[3] - value[2])[:, None]
        block = top[:, None] + fy[:, :, None] * (low - top)[:, None]
        blocks = (self._done.shape[0] // step, step, self._done.shape[1] // step, step)
        self._radiance.reshape(*blocks, 3)[row, :, column] = block
        self._done.reshape(blocks)[row, :, column] = True


def _all_in(marked: NDArray[np.bool_], step: int) -> NDArray[np.bool_]:
    """Whether all of each block of a side, a power of two, is marked."""
    while step > 1:
        rows = marked[::2] & marked[1::2]
        marked, step = rows[:, ::2] & rows[:, 1::2], step // 2
    return marked


def _beside(
    rough: NDArray[np.bool_], row: NDArray[np.int64], column: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(n,) blocks that touch a `rough` one."""
    near = cv2.dilate(rough.view(np.uint8), np.ones((3, 3), dtype=np.uint8))
    return near[row, column].astype(np.bool_)
