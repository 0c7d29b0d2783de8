"""Places in pixels: what is seen there, and what share of the pixel each stands for."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.sensors.paint import Coat
from cellpick.sensors.raycast import Hits

Array = NDArray[np.float32]
SQUARE_PX = 8
"""Side of the largest squares of pixels that share what comes on top of the infill."""


@dataclass(frozen=True, eq=False)
class Samples:
    """n places in pixels, and what is seen there."""

    row: NDArray[np.int64]
    """(n,) row of the pixel in a list of pixels."""
    pixel: NDArray[np.int64]
    """(n,) the pixel itself, row by row."""
    directions: Array
    """(n, 3) rays in the world frame."""
    hits: Hits
    """What they meet."""
    coat: Coat
    """Materials there."""
    share: Array
    """(n,) part of the pixel that each stands for."""


def joined(a: Samples, b: Samples) -> Samples:
    """All places of both."""
    return Samples(
        np.concatenate([a.row, b.row]),
        np.concatenate([a.pixel, b.pixel]),
        np.concatenate([a.directions, b.directions]),
        a.hits.joined(b.hits),
        a.coat.joined(b.coat),
        np.concatenate([a.share, b.share]),
    )


def summed(light: Array, share: Array, row: NDArray[np.int64], count: int) -> Array:
    """Sum (count, 3) of `light` (n, 3) by `share` (n,) in each `row` (n,)."""
    out = np.empty((count, 3), dtype=np.float32)
    for channel in range(3):
        out[:, channel] = np.bincount(row, light[:, channel] * share, minlength=count)
    return out


def border_pixels(piece: NDArray[np.int32], outlined: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(h, w) pixels that the border of a visible piece crosses.

    They are on an outline, and not all round them is one piece. Where pieces change without an
    outline, bodies run through each other.
    """
    kernel = np.ones((3, 3), dtype=np.uint8)
    label = piece.astype(np.float32)
    changes = cv2.dilate(label, kernel) != cv2.erode(label, kernel)
    near = cv2.dilate(outlined.view(np.uint8), kernel).astype(np.bool_)
    result: NDArray[np.bool_] = changes & (outlined | ~near)
    return result


def shares(piece: NDArray[np.int32]) -> Array:
    """Share (n, k) of the places from the second on that are on the same piece.

    It stands at the first place on that piece; elsewhere 0.
    """
    k = piece.shape[1]
    share = np.zeros(piece.shape, dtype=np.float32)
    for j in range(k):
        new = (piece[:, :j] != piece[:, j : j + 1]).all(axis=1)
        same = piece[:, max(j, 1) :] == piece[:, j : j + 1]
        share[:, j] = new * same.sum(axis=1) / (k - 1)
    return share


def any_in(marked: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """Whether anything is marked in each square of a side; those at the border may be cut off."""
    h, w = (-(-n // side) * side for n in marked.shape)
    whole = np.pad(marked, ((0, h - marked.shape[0]), (0, w - marked.shape[1])))
    squares = whole.reshape(h // side, side, w // side, side)
    result: NDArray[np.bool_] = np.logical_or.reduce(squares, axis=(1, 3))
    return result


def spread(marked: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """All pixels of the squares of a side that are marked."""
    result: NDArray[np.bool_] = marked.repeat(side, axis=0).repeat(side, axis=1)
    return result
