"""What each camera shows at places on the cells: one lookup for all cells."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, project
from cellpick.structures import Capture

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
    image = capture.image.astype(np.float32)
    seen = cv2.remap(image, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderValue=(np.nan,) * 3)
    if capture.depth is not None:
        near = cv2.remap(
            capture.depth, at[..., 0], at[..., 1], cv2.INTER_NEAREST, borderValue=np.nan
        )
        seen[near < p_camera[..., 2] - HIDING_M] = np.nan
    return seen.astype(np.float32, copy=False)
