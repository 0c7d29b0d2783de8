"""One depth picture -> points in the region's frame, in image order, flying pixels taken out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert, project, rays, transform
from cellpick.structures import CameraCalibration, Capture, SearchTask

Singles = NDArray[np.float32]

RAY_PITCH = 8
"""Pitch of the nodes at which rays are undistorted, in pixels that are used; linear between them:
within 2 µm at 0.6 m for a field of view of 45 degrees and 640 pixels."""
SUPPORT_PIXELS = 4
"""Of the eight neighbours, how many must lie on the same surface; a mixed reading has few."""
SUPPORT_SLACK = 1.0
"""Slope (depth over sideways distance) up to which neighbours count as the same surface."""
DENSE_M = 1.25e-3
"""Pixels on the cells are asked at most this far apart, where a camera has that many."""
BELOW_M = 0.02
"""Readings down to this far below the support are kept, as they show that a place is empty."""
BORDER_PX = 4
"""What the search region may reach beyond its projected corners: the lens bends its edges."""


@dataclass(frozen=True, eq=False)
class Raster:
    """One camera's points in image order: every `stride`-th pixel of the part that it covers."""

    p_region: tuple[Singles, Singles, Singles]
    """x, y and z (h, w) in the region frame; anything where not `good`."""
    good: NDArray[np.bool_]
    """(h, w) inside the search region, and confirmed by its neighbours."""
    stride: int
    """In the camera's pixels."""
    pitch_m: float
    """Distance of neighbours on the cells' tops."""
    depth_m: float
    """Of the tops in the middle of the region."""


def points_seen(capture: Capture, task: SearchTask) -> Raster | None:
    """Points of one camera; nothing of a 2D camera, or of one that does not see the region."""
    belief, T_region_camera = (
        capture.calibration,
        invert(task.T_base_region) @ capture.T_base_camera,
    )
    tops = invert(T_region_camera) @ [0, 0, task.cell.height_m, 1]
    crop = _crop(belief, T_region_camera, task)
    if capture.depth is None or crop is None or tops[2] <= 0:
        return None
    (u0, u1), (v0, v1) = crop
    stride = max(1, int(DENSE_M * belief.K[0, 0] / tops[2]))
    depth = np.ascontiguousarray(capture.depth[v0:v1:stride, u0:u1:stride])
    good = steady(depth, belief, stride)
    half = task.region_size_m[:2] / 2
    low, high = np.r_[-half, -np.inf], np.r_[half, task.region_size_m[2]]
    planes = []
    looks = directions(belief, T_region_camera[:3, :3], (u0, v0), stride, depth.shape)
    for axis, ray in enumerate(looks):
        with np.errstate(over="ignore", invalid="ignore"):
            plane = ray * depth
            plane += np.float32(T_region_camera[axis, 3])
        good &= np.asarray(cv2.inRange(plane, float(low[axis]), float(high[axis])), np.uint8)
        planes.append(plane)
    pitch = stride * tops[2] / belief.K[0, 0]
    x, y, z = planes
    return Raster((x, y, z), good.view(np.bool_), stride, float(pitch), float(tops[2]))


def _crop(
    belief: CameraCalibration, T_region_camera: Floats, task: SearchTask
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """First column and that after the last, and rows, that show the region; none if it is out of
    sight."""
    x, y = (np.linspace(-e, e, 5) / 2 for e in task.region_size_m[:2])
    z = np.array([-BELOW_M, float(task.region_size_m[2])])
    lattice = np.stack(np.meshgrid(x, y, z), axis=-1).reshape(-1, 3)
    p = transform(invert(T_region_camera), lattice)
    size = np.array([belief.width_px, belief.height_px])
    if (p[:, 2] <= 0).any():
        return (0, int(size[0])), (0, int(size[1]))
    pixels = project(p, belief.K, belief.distortion)
    low = np.clip(np.floor(pixels.min(axis=0)) - BORDER_PX, 0, size).astype(int)
    high = np.clip(np.ceil(pixels.max(axis=0)) + 1 + BORDER_PX, 0, size).astype(int)
    if (high <= low).any():
        return None
    return (int(low[0]), int(high[0])), (int(low[1]), int(high[1]))


def directions(
    belief: CameraCalibration,
    R_a_camera: Floats,
    first_px: tuple[int, int],
    stride: int,
    shape: tuple[int, ...],
) -> tuple[Singles, Singles, Singles]:
    """x, y and z (h, w) in a of the rays, with depth 1, of every `stride`-th pixel from the first
    (column, row) on."""
    counts = [-(-n // RAY_PITCH) + 1 for n in (shape[1], shape[0])]
    # half a pixel before the first: that is where `cv2.resize` takes its source's pixels to be
    u, v = np.meshgrid(
        *(
            f + stride * (RAY_PITCH * np.arange(n) - 0.5)
            for f, n in zip(first_px, counts, strict=True)
        )
    )
    nodes = rays(np.stack([u.ravel(), v.ravel()], -1), belief.K, belief.distortion)
    # the lens's polynomials overflow far aside, and what is seen there lies in no region
    with np.errstate(over="ignore", invalid="ignore"):
        looks = (nodes @ R_a_camera.T).T.reshape(3, *u.shape).astype(np.float32)
    planes = []
    for plane in looks:
        size = (RAY_PITCH * counts[0], RAY_PITCH * counts[1])
        image = np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR), np.float32)
        half = RAY_PITCH // 2
        planes.append(image[half : half + shape[0], half : half + shape[1]])
    return planes[0], planes[1], planes[2]


def steady(depth: Singles, belief: CameraCalibration, stride: int = 1) -> NDArray[np.uint8]:
    """1 for readings (h, w) that enough neighbours confirm, else 0: a mixed (flying) pixel stands
    alone in depth. `depth` has every `stride`-th pixel."""
    slope = np.float32(SUPPORT_SLACK * stride / belief.K[0, 0])
    # readings that are infinite, or the largest number there is, lie outside of every region
    with np.errstate(over="ignore", invalid="ignore"):
        slack = depth * np.float32(4 * noise_at_1m(belief))
        slack += slope
        slack *= depth
    h, w = depth.shape
    support = np.zeros((h, w), np.uint8)
    for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
        one = slice(0, h - down), slice(max(0, -right), w - max(0, right))
        other = slice(down, h), slice(max(0, right), w + min(0, right))
        if min(h - down, w - abs(right)) < 1:
            continue
        apart = cv2.absdiff(depth[one], depth[other])
        same = np.asarray(cv2.compare(apart, slack[one], cv2.CMP_LE), np.uint8)
        # it says 255 for yes, and less 255 is one more in eight bits
        support[one] -= same
        support[other] -= same
    result: NDArray[np.uint8] = (support >= SUPPORT_PIXELS).view(np.uint8)
    return result


def noise_at_1m(belief: CameraCalibration) -> float:
    """Axial standard deviation at 1 m; it grows with the square of the distance."""
    return float(belief.depth_sigma_m / belief.depth_reference_m**2)
