"""Where calibrated cameras place points that the true cameras see, and how that depends on the
calibration's parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert, perturb, project, rays, transform
from cellpick.scene import CameraSpec
from cellpick.structures import CameraCalibration
from cellpick.structures.calibration import CAMERA_PARAMETERS

STEPS = np.array([1e-6] * 6 + [1e-2] * 4 + [1e-5] * 5 + [1e-6])
"""(16,) differences for derivatives, in the parameters' own units."""


@dataclass(frozen=True, eq=False)
class View:
    """Points as one true camera sees them, for every pose and point."""

    pixels: Floats
    """(p, 2) exact; 0 where not seen."""
    depth_m: Floats
    """(p,) what a 3D camera reads without noise, or the true depth for a 2D one."""
    seen: NDArray[np.bool_]
    """(p,) whether they are in the picture."""
    Ts_base_mount: Floats
    """(p, 4, 4) what the camera is fixed to."""


def view_of(spec: CameraSpec, depth_scale: float, Ts_base_flange: Floats, p_base: Floats) -> View:
    """Points (m, 3) from flange poses (k, 4, 4); `depth_scale` is a reading over the true depth."""
    Ts = (
        Ts_base_flange
        if spec.mount == "flange"
        else np.tile(np.eye(4), (len(Ts_base_flange), 1, 1))
    )
    p_camera = transform(invert(Ts @ spec.T_mount_camera), p_base)
    pixels = project(p_camera, spec.K, spec.distortion).reshape(-1, 2)
    last = np.array([spec.width_px, spec.height_px]) - 1
    with np.errstate(invalid="ignore"):
        seen: NDArray[np.bool_] = np.all((pixels >= 0) & (pixels <= last), axis=1)
    return View(
        np.where(seen[:, None], pixels, 0.0),
        p_camera[..., 2].ravel() * depth_scale,
        seen,
        np.repeat(Ts, len(p_base), axis=0),
    )


def placed(camera: CameraCalibration, view: View) -> Floats:
    """(p, 3) points in the base frame, at their depth as the calibration corrects it."""
    p_camera = rays(view.pixels, camera.K, camera.distortion)
    p_camera = p_camera * (view.depth_m * camera.depth_scale)[:, None]
    Ts = view.Ts_base_mount @ camera.T_mount_camera
    return transform(Ts, p_camera[:, None])[:, 0]


def crossing(cameras: Sequence[CameraCalibration], views: Sequence[View]) -> Floats:
    """(p, 3) points in the base frame nearest to the rays of all cameras that see them.

    NaN where fewer than two do.
    """
    count = np.sum([view.seen for view in views], axis=0)
    A = np.zeros((len(count), 3, 3))
    b = np.zeros((len(count), 3, 1))
    for camera, view in zip(cameras, views, strict=True):
        Ts = view.Ts_base_mount @ camera.T_mount_camera
        d: Floats = Ts[:, :3, :3] @ rays(view.pixels, camera.K, camera.distortion)[..., None]
        d *= 1 / np.linalg.norm(d, axis=1, keepdims=True)
        # the squared distance from a ray is that of what is left across it
        across = (np.eye(3) - d @ np.swapaxes(d, 1, 2)) * view.seen[:, None, None]
        A += across
        b += across @ Ts[:, :3, 3:]
    A[count < 2] = np.nan
    return np.asarray(np.linalg.solve(A, b)[..., 0], dtype=np.float64)


def slopes(place: Callable[[CameraCalibration], Floats], camera: CameraCalibration) -> Floats:
    """(p, 3, 16) derivatives of what `place` makes of a calibration by its sixteen parameters."""
    columns = []
    for k, step in enumerate(STEPS):
        change = np.zeros(CAMERA_PARAMETERS)
        change[k] = step
        ahead, behind = place(_moved(camera, change)), place(_moved(camera, -change))
        columns.append((ahead - behind) / (2 * step))
    return np.stack(columns, axis=-1)


def _moved(camera: CameraCalibration, change: Floats) -> CameraCalibration:
    K = camera.K.copy()
    K[[0, 1, 0, 1], [0, 1, 2, 2]] += change[6:10]
    return replace(
        camera,
        T_mount_camera=perturb(camera.T_mount_camera, change[:6]),
        K=K,
        distortion=camera.distortion + change[10:15],
        depth_scale=camera.depth_scale + change[15],
    )
