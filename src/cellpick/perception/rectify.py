"""What each camera shows at places on the cells: one lookup for all cells."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, project
from cellpick.perception.fusion import hidden
from cellpick.structures import Capture

ROW = 4096
"""Places a row of one lookup."""
HIDING_M = 0.01
"""Something this much nearer than the cell's face hides it."""


def rectify(capture: Capture, Ts_base_cell: Floats, p_cell: Floats) -> NDArray[np.float32]:
    """Colours (n, m, 3) in grey levels that the camera sees at points (m, 3) of n cells' frames;
    NaN outside the picture and where depth shows something nearer than the cell."""
    T = np.linalg.inv(capture.T_base_camera) @ Ts_base_cell
    p_camera = p_cell @ np.swapaxes(T[:, :3, :3], -1, -2) + T[:, None, :3, 3]
    belief = capture.calibration
    pixels = project(p_camera, belief.K, belief.distortion)
    at = np.nan_to_num(pixels, nan=-1e4).astype(np.float32)
    seen = sample(capture.image, at, cv2.INTER_LINEAR).astype(np.float32)
    unseen = ~(pixels >= 0).all(-1) | ~(
        pixels <= np.array([belief.width_px, belief.height_px]) - 1
    ).all(-1)
    if capture.depth is not None:
        near = sample(capture.depth, at, cv2.INTER_NEAREST)
        unseen |= hidden(capture, near, p_camera[..., 2], HIDING_M)
    seen[unseen] = np.nan
    return seen


def sample(image: NDArray[Any], pixels: NDArray[np.float32], method: int) -> NDArray[Any]:
    """Values (..., channels) of an image at pixels (..., 2); 0 outside it."""
    shape = pixels.shape[:-1]
    count = int(np.prod(shape))
    # OpenCV's remap takes no side of 32767 or more: fold the places into rows
    places = np.full((-(-count // ROW) * ROW, 2), -1e4, np.float32)
    places[:count] = pixels.reshape(-1, 2)
    u, v = (np.ascontiguousarray(axis) for axis in places.reshape(-1, ROW, 2).transpose(2, 0, 1))
    found = cv2.remap(image, u, v, method)
    return found.reshape(-1, *image.shape[2:])[:count].reshape(*shape, *image.shape[2:])
