"""What lies in front, as a camera would see it: a coarse depth image of all cells and readings."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert
from cellpick.perception.heap.surface import Surface
from cellpick.perception.rectify import pixels_of
from cellpick.structures import CameraCalibration, Capture

PITCH_M = 0.0025
"""Pixel of the coarse image at its nearest point, and pitch of the points that it is made of."""
MARGIN_M = 0.003
"""Something this much nearer hides a place."""
THINNED = 2
"""One reading in so many, along both image axes, is looked at."""


@dataclass(frozen=True, eq=False)
class ZBuffer:
    """Coarse depth (h, w), infinite where nothing is, and its pixels' size."""

    depth: NDArray[np.float32]
    """(h, w)."""
    step_px: float
    """Camera pixels in one of its own."""
    belief: CameraCalibration
    """The camera."""
    T_camera_region: Floats
    """(4, 4)."""

    def open(self, Ts_region: Floats, p: Floats) -> NDArray[np.bool_]:
        """(n, m) whether nothing lies before points (m, 3) of frames (n, 4, 4)."""
        u, v, z = pixels_of(self.belief, self.T_camera_region @ Ts_region, p)
        u, v = (np.nan_to_num(a / self.step_px, nan=-1e4) for a in (u, v))
        nearest = cv2.remap(
            self.depth,
            u.astype(np.float32),
            v.astype(np.float32),
            cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=float("inf"),
        )
        result: NDArray[np.bool_] = nearest > z - MARGIN_M
        return result


def zbuffer(
    capture: Capture,
    T_base_region: Floats,
    Ts_region_cell: Floats,
    p_cell: Floats,
    surfaces: list[Surface],
) -> ZBuffer:
    """The cells (n, 4, 4), each with points (m, 3) all over it, and all readings."""
    belief = capture.calibration
    T = invert(capture.T_base_camera) @ T_base_region
    reach = float(np.linalg.norm(T[:3, 3]))
    step = max(1.0, belief.K[0, 0] * PITCH_M / reach)
    shape = int(np.ceil(belief.height_px / step)), int(np.ceil(belief.width_px / step))
    depth = np.full(shape, np.inf, np.float32)
    _splat(depth, belief, T @ Ts_region_cell, p_cell, step)
    for surface in surfaces:
        p = surface.p_region[::THINNED, ::THINNED].reshape(-1, 3)
        read: Floats = p[np.isfinite(p[:, 2])].astype(np.float64)
        _splat(depth, belief, T[None], read, step)
    return ZBuffer(depth, step, belief, T)


def _splat(
    depth: NDArray[np.float32], belief: CameraCalibration, Ts: Floats, p: Floats, step: float
) -> None:
    u, v, z = (a.ravel() for a in pixels_of(belief, Ts, p))
    with np.errstate(invalid="ignore"):
        u, v = np.rint(u / np.float32(step)), np.rint(v / np.float32(step))
        on = (u >= 0) & (u < depth.shape[1]) & (v >= 0) & (v < depth.shape[0])
    np.minimum.at(depth, (v[on].astype(np.intp), u[on].astype(np.intp)), z[on])


def cylinder_points(diameter_m: float, height_m: float) -> Floats:
    """(m, 3) points all over a cylinder, about `PITCH_M` apart."""
    around = int(np.ceil(np.pi * diameter_m / PITCH_M))
    along = int(np.ceil(height_m / PITCH_M)) + 1
    angle = 2 * np.pi * np.arange(around) / around
    z = np.linspace(-0.5, 0.5, along) * height_m
    side = np.array([[np.cos(a), np.sin(a), 0] for a in angle]) * diameter_m / 2
    wall = (side[:, None] + np.array([0, 0, 1]) * z[None, :, None]).reshape(-1, 3)
    rings = np.arange(PITCH_M / 2, diameter_m / 2, PITCH_M) * 2 / diameter_m
    cap = (side[None] * rings[:, None, None]).reshape(-1, 3)
    half = np.array([0, 0, height_m / 2])
    return np.concatenate([wall, cap + half, cap - half])
