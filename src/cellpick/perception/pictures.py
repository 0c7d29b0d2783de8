"""A look's pictures as the mosaic needs them: grey tones, no finer than its pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, project
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


def without_behind(picture: Picture, p_base: Floats, radius_m: float) -> Picture:
    """The picture with nothing seen where its camera looks at points (n, 3), or up to `radius_m`
    beside one."""
    capture = picture.capture
    belief = capture.calibration
    p_camera = (p_base - capture.T_base_camera[:3, 3]) @ capture.T_base_camera[:3, :3]
    p_camera = p_camera[p_camera[:, 2] > 0]
    if not len(p_camera):
        return picture
    at = picture.places(project(p_camera, belief.K, belief.distortion))
    h, w = picture.tone.shape
    at = np.rint(at[np.isfinite(at).all(axis=1)]).astype(np.int64)
    u, v = at[((at >= 0) & (at < (w, h))).all(axis=1)].T
    behind = np.zeros((h, w), np.uint8)
    behind[v, u] = 1
    nearest = float(p_camera[:, 2].min())
    reach = int(np.ceil(radius_m * float(belief.K[0, 0]) / nearest / picture.factor))
    wide = cv2.dilate(behind, np.ones((2 * reach + 1,) * 2, np.uint8))
    return replace(picture, tone=np.where(wide > 0, np.float32(np.nan), picture.tone))


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
