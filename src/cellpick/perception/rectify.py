"""What each camera shows at places on the cells: one lookup for all cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert
from cellpick.perception.fusion import SURE, doubt
from cellpick.structures import CameraCalibration, Capture

Singles = NDArray[np.float32]

MOST_COLUMNS = 32000
"""Places a row of one lookup: OpenCV's remap takes no side of 32767 or more."""
HIDING_M = 0.01
"""Something this much nearer than the cell's face hides it."""


@dataclass(frozen=True, eq=False)
class View:
    """What one camera shows at m places of n cells."""

    colour: NDArray[np.uint8]
    """(3, n, m) red, green and blue levels; without meaning where unseen."""
    seen: NDArray[np.bool_]
    """(n, m) inside the picture and not hidden."""


def rectify(capture: Capture, Ts_base_cell: Floats, p_cell: Floats) -> View:
    """What the camera sees at points (m, 3) of n cells' frames; unseen outside the picture and
    where depth shows something nearer than the cell."""
    belief = capture.calibration
    Ts_camera_cell = invert(capture.T_base_camera) @ Ts_base_cell
    u, v, z = pixels_of(belief, Ts_camera_cell, p_cell)
    seen = (u >= 0) & (u <= belief.width_px - 1) & (v >= 0) & (v <= belief.height_px - 1)
    u, v = np.where(seen, u, np.float32(-1e4)), np.where(seen, v, np.float32(-1e4))
    if capture.depth is not None:
        nearest = z - clearance(belief, Ts_camera_cell[:, 2, 3, None])
        nearest /= np.float32(belief.depth_scale)
        seen &= ~(sample(capture.depth, u, v, cv2.INTER_NEAREST) < nearest)
    colour = sample(capture.image, u, v, cv2.INTER_LINEAR)
    return View(np.ascontiguousarray(np.moveaxis(colour, -1, 0)), seen)


def pixels_of(
    belief: CameraCalibration, Ts_camera_cell: Floats, p_cell: Floats
) -> tuple[Singles, Singles, Singles]:
    """Columns, rows and depths (n, m) of points (m, 3) of n cells' frames; NaN pixels where a
    point lies behind the camera.

    `geometry.project` in single precision, where a pixel is off by less than 1e-3.
    """
    places = np.vstack([p_cell.T, np.ones(len(p_cell))]).astype(np.float32)
    p = Ts_camera_cell[:, :3].astype(np.float32) @ places
    k1, k2, p1, p2, k3 = belief.distortion.astype(np.float32)
    z = p[:, 2]
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        inverse = 1 / np.where(z > 0, z, np.float32(np.nan))
        x, y = p[:, 0] * inverse, p[:, 1] * inverse
        xy, xx, yy = x * y, x * x, y * y
        r2 = xx + yy
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        u = x * radial + 2 * p1 * xy + p2 * (r2 + 2 * xx)
        v = y * radial + p1 * (r2 + 2 * yy) + 2 * p2 * xy
        K = belief.K.astype(np.float32)
        return K[0, 0] * u + K[0, 2], K[1, 1] * v + K[1, 2], z


def clearance(belief: CameraCalibration, z: Floats) -> Singles:
    """How much nearer than a surface at depths z (...) a reading must be to show what hides it:
    more than `HIDING_M` and what the camera's noise may feign."""
    return (HIDING_M + SURE * doubt(belief, z)).astype(np.float32)


def sample(image: NDArray[Any], u: Singles, v: Singles, method: int) -> NDArray[Any]:
    """Values (n, m, ...) of an image at columns and rows (n, m); 0 outside it."""
    found = np.empty((*u.shape, *image.shape[2:]), image.dtype)
    for first in range(0, u.shape[1] if len(u) else 0, MOST_COLUMNS):
        part = slice(first, first + MOST_COLUMNS)
        found[:, part] = cv2.remap(image, u[:, part], v[:, part], method)
    return found
