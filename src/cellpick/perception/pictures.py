"""A look's pictures as the mosaic needs them: grey tones, no finer than its pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.edges import tone_of
from cellpick.structures import Capture, CaptureSet

DARK_LEVEL = 6.0
"""A picture whose brightest percent is darker than this grey level shows nothing."""
DARK_ROWS = 60
"""Rows of a picture that tell it, at least."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One camera's."""

    capture: Capture
    """As it was taken."""
    tone: NDArray[np.float32]
    """(h, w) logarithm of its brightness, `factor` x `factor` of its pixels as one."""
    factor: int
    """Camera pixels a side of one of its own."""

    def places(self, pixels: Floats) -> Floats:
        """Places (n, 2) in `tone` of camera pixels (n, 2)."""
        return (pixels - (self.factor - 1) / 2) / self.factor


def pictures_of(look: CaptureSet, pixel_m: float) -> list[Picture]:
    """The pictures that show something, for a mosaic of this pitch over the look's region."""
    task = look.task
    middle = task.T_base_region[:3, 3] + task.cell.height_m * task.T_base_region[:3, 2]
    return [picture_of(c, middle, pixel_m) for c in look.captures if not is_dark(c)]


def is_dark(capture: Capture) -> bool:
    """Whether a camera delivered no usable picture."""
    thin = max(1, capture.image.shape[0] // DARK_ROWS)
    return float(np.percentile(capture.image[::thin, ::thin], 99)) < DARK_LEVEL


def picture_of(capture: Capture, middle_base: Floats, pixel_m: float) -> Picture:
    """A picture whose pixels at a point (3,) are no finer than `pixel_m`: more would alias."""
    distance = float((middle_base - capture.T_base_camera[:3, 3]) @ capture.T_base_camera[:3, 2])
    finest = pixel_m * float(capture.calibration.K[0, 0])
    factor = max(1, int(finest / distance)) if distance > 0 else 1
    grey = np.asarray(cv2.cvtColor(capture.image, cv2.COLOR_RGB2GRAY), np.uint8)
    h, w = (max(1, n // factor) for n in grey.shape)
    if factor > 1:
        whole = grey[: h * factor, : w * factor]
        grey = np.asarray(cv2.resize(whole, (w, h), interpolation=cv2.INTER_AREA), np.uint8)
    return Picture(capture, tone_of(grey), factor)
