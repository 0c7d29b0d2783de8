"""Depth of all 3D cameras -> one cloud in the arm's base frame, flying pixels taken out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import invert, rays
from cellpick.perception.core.views import shared_by
from cellpick.structures import CameraCalibration, Capture, CaptureSet

RAY_PITCH_PX = 8
"""Pitch of the nodes at which rays are undistorted; linear between them: within 2 µm at
0.6 m for a field of view of 45 degrees."""
SUPPORT_PIXELS = 4
"""Of the eight neighbours, how many must lie on the same surface; a mixed reading has few."""
SURE = 3.0
"""Standard deviations beyond which a difference is no noise."""
SUPPORT_SLACK = 1.0
"""Slope (depth over sideways distance) up to which neighbours count as the same surface."""


@dataclass(frozen=True, eq=False)
class Cloud:
    """n points, all float32."""

    p_base: NDArray[np.float32]
    """(n, 3) in the base frame."""
    p_region: NDArray[np.float32]
    """(n, 3) in the region frame."""
    sigma_m: NDArray[np.float32]
    """(n,) axial standard deviation."""
    shared_m: NDArray[np.float32]
    """(n,) standard deviation of the error that a reading shares with all near it."""
    repeats: NDArray[np.float32]
    """(n,) how many neighbouring readings carry the information of one independent reading."""
    camera: NDArray[np.int32]
    """(n,) index of the capture."""

    def __len__(self) -> int:
        return len(self.camera)

    @property
    def doubt_m(self) -> NDArray[np.float32]:
        """(n,) standard deviation of one reading, both kinds of error together."""
        result: NDArray[np.float32] = np.hypot(self.sigma_m, self.shared_m)
        return result


def to_scale(look: CaptureSet) -> CaptureSet:
    """The look with its depth corrected by the factors that the calibrations found."""
    return replace(look, captures=tuple(_to_scale(capture) for capture in look.captures))


def _to_scale(capture: Capture) -> Capture:
    scale = capture.calibration.depth_scale
    if capture.depth is None or scale == 1:
        return capture
    belief = replace(capture.calibration, depth_scale=1.0)
    return replace(capture, calibration=belief, depth=capture.depth * np.float32(scale))


def fuse(look: CaptureSet) -> Cloud:
    """All trustworthy readings inside the search region, camera by camera, in row order.

    Depth is taken as it stands: `to_scale` corrects it.
    """
    task = look.task
    T_region_base = invert(task.T_base_region)
    half = (task.region_size_m[:2] / 2).astype(np.float32)
    top = np.float32(task.region_size_m[2])
    parts = []
    for index, capture in enumerate(look.captures):
        if capture.depth is None:
            continue
        depth = capture.depth
        keep = steady(depth, capture.calibration)
        p_camera = ray_image(capture.calibration)[keep] * depth[keep][:, None]
        p_region = move(T_region_base @ capture.T_base_camera, p_camera)
        inside = (np.abs(p_region[:, :2]) <= half).all(1) & (p_region[:, 2] <= top)
        p_camera, p_region = p_camera[inside], p_region[inside]
        parts.append(
            (
                move(capture.T_base_camera, p_camera),
                p_region,
                axial_sigma(capture.calibration, p_camera[:, 2]),
                shared_sigma(capture.calibration, p_camera[:, 2]),
                np.full(
                    len(p_camera), shared_by(capture.calibration.depth_correlation_px), np.float32
                ),
                np.full(len(p_camera), index, np.int32),
            )
        )
    if not parts:
        none = np.zeros((0, 3), np.float32)
        return Cloud(none, none, none[:, 0], none[:, 0], none[:, 0], np.zeros(0, np.int32))
    return Cloud(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def move(T: NDArray[np.float64], p: NDArray[np.float32]) -> NDArray[np.float32]:
    """Float32 points (n, 3) in another frame."""
    turned: NDArray[np.float32] = p @ T[:3, :3].T.astype(np.float32) + T[:3, 3].astype(np.float32)
    return turned


def axial_sigma(belief: CameraCalibration, z: NDArray[Any]) -> NDArray[np.float32]:
    """Stated noise of readings at depths z; it grows with the square of the distance."""
    scale = np.float32(belief.depth_sigma_m / belief.depth_reference_m**2)
    sigma: NDArray[np.float32] = scale * z * z
    return sigma


def shared_sigma(belief: CameraCalibration, z: NDArray[Any]) -> NDArray[np.float32]:
    """Stated error at depths z that neighbours share: what is left of the scale, and the warp."""
    scale = np.float32(belief.depth_scale_sigma)
    result: NDArray[np.float32] = np.hypot(scale * z, np.float32(belief.depth_warp_m))
    return result


def hidden(
    capture: Capture, read: NDArray[Any], z: NDArray[Any], margin_m: float
) -> NDArray[np.bool_]:
    """Whether readings (...) show something nearer than a surface at depths z (...), by more than
    a margin and what the camera's noise may feign; False where there is no reading."""
    belief = capture.calibration
    doubt = np.hypot(axial_sigma(belief, z), shared_sigma(belief, z))
    result: NDArray[np.bool_] = read < z - (margin_m + SURE * doubt)
    return result


def ray_image(belief: CameraCalibration) -> NDArray[np.float32]:
    """(h, w, 3) ray directions with z = 1 of all pixels."""
    w, h, pitch = belief.width_px, belief.height_px, RAY_PITCH_PX
    nodes = [np.arange(-pitch, n + 2 * pitch, pitch) for n in (w, h)]
    u, v = np.meshgrid(*nodes)
    at_nodes = rays(np.stack([u.ravel(), v.ravel()], -1), belief.K, belief.distortion)
    grid = at_nodes.reshape(*u.shape, 3).astype(np.float32)
    image = cv2.warpAffine(
        grid,
        np.array([[1 / pitch, 0, 1], [0, 1 / pitch, 1]]),
        (w, h),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    return image.astype(np.float32, copy=False)


def steady(depth: NDArray[np.float32], belief: CameraCalibration) -> NDArray[np.bool_]:
    """Readings that enough neighbours confirm: a mixed (flying) pixel stands alone in depth."""
    h, w = depth.shape
    z = np.pad(depth, 1, constant_values=np.nan)
    slack = np.float32(SUPPORT_SLACK / belief.K[0, 0]) * depth + 4 * axial_sigma(belief, depth)
    support = np.zeros((h, w), np.int8)
    for dv in range(3):
        for du in range(3):
            if (dv, du) != (1, 1):
                support += np.abs(z[dv : dv + h, du : du + w] - depth) <= slack
    result: NDArray[np.bool_] = support >= SUPPORT_PIXELS
    return result
