"""Depth images as point clouds, and the parts of an image that are evaluated."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats, pixel_grid, rays
from cellpick.scene import CameraModel


def directions(model: CameraModel) -> Floats:
    """(h, w, 3) rays of a camera's pixels, z = 1."""
    grid = pixel_grid(model.width_px, model.height_px)
    out = rays(grid, model.K, model.distortion)
    return out.reshape(model.height_px, model.width_px, 3)


def cloud(model: CameraModel, depth: Floats) -> Floats:
    """Points (..., h, w, 3) in the camera frame of depth images (..., h, w); NaN stays."""
    result: Floats = directions(model) * depth[..., None]
    return result


def middle(model: CameraModel, half_width_px: float, half_height_px: float) -> tuple[slice, slice]:
    """Rows and columns of the image's middle, at least one pixel and at most all of them."""
    w, h = model.width_px, model.height_px
    across = int(np.clip(round(half_width_px), 1, w // 2))
    down = int(np.clip(round(half_height_px), 1, h // 2))
    return slice(h // 2 - down, h // 2 + down), slice(w // 2 - across, w // 2 + across)
