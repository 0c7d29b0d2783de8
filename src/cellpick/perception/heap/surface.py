"""Depth of one camera -> its surface in the region frame: places, normals, and the point of a
cylinder's axis that each would lie over."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert, project, transform
from cellpick.perception.fusion import axial_sigma, ray_image
from cellpick.structures import Capture, SearchTask

Singles = NDArray[np.float32]
Flags = NDArray[np.bool_]

WINDOW_PX = 5
"""Side of the windows that planes are fitted in: a quarter of a cell's width in a VGA camera half
a metre away."""
LEAST_READINGS = 12
"""Of a window's 25, how many must be there."""
CURVED = 0.012
"""Largest root mean square distance of a window's readings from their plane, in diameters: what
the curvature leaves where a surface is seen at a slant."""
NOISY = 2.0
"""The same for the depth noise, in standard deviations."""
SLACK = 0.15
"""How much deeper or nearer a neighbour on one surface may be, in diameters."""
NEIGHBOURS = 5
"""Of a reading's eight neighbours, how many must confirm it."""
BELOW_M = 0.01
"""How far below the region's floor readings are still looked at."""
ABOVE = 2.0
"""Readings are looked at up to this many heights of the region: a heap may be higher than said."""


@dataclass(frozen=True, eq=False)
class Surface:
    """What one 3D camera sees of the region: a crop (h, w) of its depth image."""

    capture: Capture
    """The camera and its pictures."""
    T_camera_region: Floats
    """(4, 4)."""
    corner: tuple[int, int]
    """Column and row of the crop's first pixel."""
    depth: Singles
    """(h, w) readings, NaN where there is none or it lies outside the region."""
    p_region: Singles
    """(h, w, 3) their places."""
    middle: Singles
    """(h, w, 3) place of the plane fitted round each pixel."""
    normal: Singles
    """(h, w, 3) its unit normal towards the camera."""
    smooth: Flags
    """(h, w) whether the window's readings lie on one surface."""
    steady: Flags
    """(h, w) whether enough of its neighbours lie about as deep: a mixed reading stands alone."""

    @property
    def eye_region(self) -> Floats:
        """(3,) place of the camera."""
        eye: Floats = invert(self.T_camera_region)[:3, 3]
        return eye


def surface_of(capture: Capture, task: SearchTask, pitch_m: float) -> Surface | None:
    """The surface that a 3D camera sees in the task's region; None where it sees no part of it.

    `pitch_m` is the cells' diameter, which says how curved a surface may be.
    """
    T_camera_region = invert(capture.T_base_camera) @ task.T_base_region
    box = _crop(capture, T_camera_region, task)
    if capture.depth is None or box is None:
        return None
    u0, v0, u1, v1 = box
    T_region_camera = invert(T_camera_region)
    rays = np.moveaxis(ray_image(capture.calibration)[v0:v1, u0:u1], -1, 0)
    depth = capture.depth[v0:v1, u0:u1]
    sure = _steady(depth, SLACK * pitch_m)
    p = _moved(T_region_camera, rays * depth)
    half, top = (task.region_size_m[:2] / 2).astype(np.float32), task.region_size_m[2]
    inside = (np.abs(p[0]) <= half[0]) & (np.abs(p[1]) <= half[1])
    inside &= (p[2] > -BELOW_M) & (p[2] < ABOVE * top)
    depth = np.where(inside, depth, np.float32(np.nan))
    middle, normal, rms = _planes(rays, depth)
    sigma = axial_sigma(capture.calibration, depth)
    with np.errstate(invalid="ignore"):
        smooth = rms < np.hypot(CURVED * pitch_m, NOISY * sigma)
    turn = T_region_camera.copy()
    turn[:3, 3] = 0
    fields = (p, _moved(T_region_camera, middle), _moved(turn, normal))
    place, near, out = (np.moveaxis(field, 0, -1) for field in fields)
    return Surface(capture, T_camera_region, (u0, v0), depth, place, near, out, smooth, sure)


def _moved(T: Floats, p: Singles) -> Singles:
    """Points (3, h, w) in another frame: rows of pixels go through memory in one stroke."""
    # readings that are infinite lie nowhere, and so outside of the region
    with np.errstate(over="ignore", invalid="ignore"):
        turned = T[:3, :3].astype(np.float32) @ p.reshape(3, -1)
        turned += T[:3, 3:].astype(np.float32)
    return turned.reshape(p.shape)


def _crop(
    capture: Capture, T_camera_region: Floats, task: SearchTask
) -> tuple[int, int, int, int] | None:
    """First column and row, and those after the last, of what the region covers."""
    belief = capture.calibration
    x, y = task.region_size_m[:2] / 2
    corners = [
        [s * x, t * y, h] for s in (-1, 1) for t in (-1, 1) for h in (0, task.region_size_m[2])
    ]
    p = transform(T_camera_region, np.array(corners))
    if not (p[:, 2] > 0).all():
        return 0, 0, belief.width_px, belief.height_px
    pixels = project(p, belief.K, belief.distortion)
    size = np.array([belief.width_px, belief.height_px])
    low = np.clip(np.floor(pixels.min(0)), 0, size).astype(int)
    high = np.clip(np.ceil(pixels.max(0)) + 1, 0, size).astype(int)
    if (high - low < WINDOW_PX).any():
        return None
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _planes(rays: Singles, depth: Singles) -> tuple[Singles, Singles, Singles]:
    """Middle (3, h, w), normal (3, h, w) and root mean square residual (h, w) of the plane round
    each pixel, in the frame of the rays (3, h, w); NaN where there are too few readings.

    A plane is linear in inverse depth: 1/z = a x + b y + c of the ray (x, y, 1).
    """
    seen = np.isfinite(depth)
    w = seen.astype(np.float64)
    x, y = rays[:2].astype(np.float64)
    x0, y0 = x.mean(), y.mean()
    x, y = x - x0, y - y0
    with np.errstate(invalid="ignore", divide="ignore"):
        q = np.where(seen, 1 / depth.astype(np.float64), 0.0)
        sums = [w, w * x, w * y, q, w * x * x, w * x * y, w * y * y, x * q, y * q, q * q]
        n, *m = (
            cv2.boxFilter(
                s, -1, (WINDOW_PX, WINDOW_PX), normalize=False, borderType=cv2.BORDER_CONSTANT
            )
            for s in sums
        )
        n = np.where(n >= LEAST_READINGS, n, np.nan)
        mx, my, mq, xx, xy, yy, xq, yq, qq = (s / n for s in m)
        xx, xy, yy = xx - mx * mx, xy - mx * my, yy - my * my
        xq, yq, qq = xq - mx * mq, yq - my * mq, qq - mq * mq
        det = xx * yy - xy * xy
        a, b = (yy * xq - xy * yq) / det, (xx * yq - xy * xq) / det
        z = 1 / mq
        rms = np.sqrt(np.maximum(qq - a * xq - b * yq, 0)) * z * z
        x, y = x0 + mx, y0 + my
        # 1 = a X + b Y + (mq - a x - b y) Z for points of the plane
        normal = np.stack([a, b, mq - a * x - b * y]).astype(np.float32)
        normal /= -np.sqrt(np.einsum("khw,khw->hw", normal, normal))
        middle = np.stack([x * z, y * z, z]).astype(np.float32)
    return middle, normal, rms.astype(np.float32)


def _steady(depth: Singles, slack_m: float) -> Flags:
    """(h, w) readings that enough neighbours confirm."""
    h, w = depth.shape
    z = np.pad(depth, 1, constant_values=np.nan)
    support = np.zeros((h, w), np.int8)
    with np.errstate(invalid="ignore"):
        for v, u in product(range(3), range(3)):
            support += np.abs(z[v : v + h, u : u + w] - depth) <= slack_m
    # each reading confirms itself
    result: Flags = support > NEIGHBOURS
    return result
