"""Text on pictures: level, or along a cell."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats

Image = NDArray[np.uint8]
"""(h, w, 3) RGB."""
Colour = tuple[int, int, int]
"""RGB."""

_PLATE: Colour = (24, 26, 28)
_PAD_PX = 3
_LONG = 1.5


def label_place(outline: Floats) -> tuple[Floats, float]:
    """Where (2,) and at what angle in radians a label hides least of a face with this outline.

    Along the longer side, near the edge that is lower in the picture; level on a round or square
    face. The outline (n, 2) is in pixels.
    """
    middle = outline.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov((outline - middle).T))
    along = axes[:, 1] if values[1] > _LONG**2 * values[0] else np.array([1.0, 0.0])
    along = along if along[0] >= 0 else -along
    across = np.array([-along[1], along[0]])
    half = float(((outline - middle) @ across).max())
    return middle + 0.62 * half * across, float(np.arctan2(along[1], along[0]))


def write_along(
    image: Image, text: str, at: Floats, angle_rad: float, colour: Colour, size: float
) -> None:
    """Write `text` with its middle at `at` (2,) pixels, turned, on a dark plate, into the image."""
    plate = _plate(text, colour, size)
    h, w = plate.shape[:2]
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    turn = np.array([[c, -s], [s, c]])
    shift = at - turn @ np.array([(w - 1) / 2, (h - 1) / 2])
    cv2.warpAffine(
        plate,
        np.column_stack([turn, shift]),
        (image.shape[1], image.shape[0]),
        dst=image,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_TRANSPARENT,
    )


def write_corner(image: Image, text: str, colour: Colour, size: float) -> None:
    """Write `text` on a dark plate into the image's top-left corner, as far as it fits."""
    plate = _plate(text, colour, size)[: image.shape[0], : image.shape[1]]
    image[: plate.shape[0], : plate.shape[1]] = plate


def _plate(text: str, colour: Colour, size: float) -> Image:
    font, thick = cv2.FONT_HERSHEY_SIMPLEX, max(1, round(2 * size))
    (w, h), base = cv2.getTextSize(text, font, size, thick)
    plate = np.full((h + base + 2 * _PAD_PX, w + 2 * _PAD_PX, 3), _PLATE, dtype=np.uint8)
    cv2.putText(plate, text, (_PAD_PX, h + _PAD_PX), font, size, colour, thick, cv2.LINE_AA)
    return plate
