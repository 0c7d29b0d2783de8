"""One shaded sample for all that lie close together on the same piece of the same material."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


UNSEEN = -2
"""A piece that no pixel sees."""


@dataclass(frozen=True, eq=False)
class Groups:
    """n samples in g groups."""

    first: NDArray[np.int64]
    """(g,) one sample of each group."""
    of: NDArray[np.int64]
    """(n,) group of each sample."""


@dataclass(frozen=True, eq=False)
class Known:
    """Pixels (n,) of a picture whose light is known."""

    radiance: Array
    """(n, 3) of the piece's own material."""
    done: NDArray[np.bool_]
    """(n,) where it is known."""
    piece: NDArray[np.int32]
    """(n,) smooth piece."""

    def at(
        self, pixels: NDArray[np.int64], piece: NDArray[np.int32]
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Light (m, 3) of `piece` (m,) in `pixels` (m,), where it is known (m,)."""
        found: NDArray[np.bool_] = self.done[pixels] & (self.piece[pixels] == piece)
        return self.radiance[pixels], found


def grouped(
    pixels: NDArray[np.int64],
    width: int,
    piece: NDArray[np.int32],
    material: NDArray[np.int32],
    side: NDArray[np.int64],
) -> Groups:
    """Groups of samples (n,) by square of pixels, smooth piece and material.

    `width` is that of the image in pixels, `side` (n,) that of the squares.
    """
    row, column = pixels // width // side * side, pixels % width // side * side
    key = (row * width + column) * (int(piece.max(initial=0)) + 2) + piece + 1
    key = key * (int(material.max(initial=0)) + 1) + material
    _, first, of = np.unique(key, return_index=True, return_inverse=True)
    return Groups(first, of)
