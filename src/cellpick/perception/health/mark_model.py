"""What a picture of known marks should show, and how that changes with what may be wrong.

The unknowns of one camera are a small motion of it on its mount (6), the share by which its focal
length is longer and the share by which its depths are too long; those of each mark a shift (3) and
a turn about its own upright (1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats, invert, skew, transform
from cellpick.perception.health.mark_depth import FLANGE_TURN_SIGMA, depth_on_marks, middle
from cellpick.perception.health.mark_reading import MarkReadings, square_px
from cellpick.structures import CameraCalibration, Capture, ReferenceMark

CAMERA, MARK = 8, 4
"""Unknowns of a camera and of a mark."""
FOCAL, SCALE = 6, 7
"""Which of a camera's unknowns are the focal length's and the depth's."""
FLANGE_SIGMA = np.array([5e-5] * 3 + [FLANGE_TURN_SIGMA] * 3)
"""Standard deviations of the encoders' flange pose in metres and radians, per axis; six encoders
good to a hundredth of a millimetre at the end of a metre's reach; assumed."""
SMALL_PX = 0.3
"""What a corner's error grows by with small squares, times their side in pixels: rendered corners
err by 0.11 px at 2.6 px a square, 0.07 at 4, 0.05 at 8, 0.03 at 15."""
BIAS_SHARE = 0.5
"""Common error of the depth on a whole mark, as a share of a reading's noise: matching and decoding
favour some distances; rendered marks of stereo cameras err by that much."""
LEAST_DEPTH_SIGMA_M = 2e-5
"""A mark's mean depth is never better known than this."""


@dataclass(frozen=True, eq=False)
class MarkResiduals:
    """n figures, read less expected, with their derivatives by all unknowns."""

    value: Floats
    """(n,) corners in pixels, then depths in metres."""
    by_camera: Floats
    """(n, 8) derivative by the camera's unknowns."""
    by_marks: Floats
    """(n, m, 4) derivative by each mark's unknowns, in the order of the readings."""
    noise: Floats
    """(n, n) covariance of what a single look adds: reading noise and the encoders' error."""


def residuals(
    capture: Capture, marks: Sequence[ReferenceMark], readings: MarkReadings
) -> MarkResiduals:
    """The readings of `marks`, one each and in the same order, against the believed camera."""
    m, belief = len(marks), capture.calibration
    T_camera_base = invert(capture.T_base_camera)
    Ts = T_camera_base @ np.array([mark.T_base_mark for mark in marks]).reshape(-1, 4, 4)
    corners = np.array([corners_of(mark.side_m) for mark in marks]).reshape(-1, 4, 3)
    p = transform(Ts, corners)
    focal = np.array([belief.K[0, 0], belief.K[1, 1]])
    xy = p[..., :2] / p[..., 2:]
    D = _projection(p) * focal[:, None]
    by_camera = np.zeros((m, 4, 2, CAMERA))
    by_camera[..., :6] = D @ _by_motion(p)
    by_camera[..., FOCAL] = xy * focal
    own = np.concatenate([np.broadcast_to(np.eye(3), (m, 4, 3, 3)), -skew(corners)[..., 2:]], -1)
    by_mark = D @ Ts[:, None, :3, :3] @ own
    by_flange = D @ _by_flange(capture, p)
    value = ((readings.corners - xy) * focal).reshape(-1)
    small = SMALL_PX / square_px(readings.corners_px)
    pixel = np.repeat(belief.pixel_sigma_px**2 + small**2, 8)
    depths = _depths(capture, readings, Ts)
    seen = np.flatnonzero(np.isfinite(depths.value))
    jacobians = (
        np.concatenate([by_camera.reshape(-1, CAMERA), depths.by_camera[seen]]),
        np.concatenate([_apart(by_mark.reshape(m, 8, MARK)), _apart(depths.by_mark)[seen]]),
        np.concatenate([by_flange.reshape(-1, 6), depths.by_flange[seen]]),
    )
    variance = np.concatenate([pixel, depths.variance[seen]])
    shared = jacobians[2] * FLANGE_SIGMA
    return MarkResiduals(
        np.concatenate([value, depths.value[seen]]),
        jacobians[0],
        jacobians[1],
        np.diag(variance) + shared @ shared.T,
    )


def corners_of(side_m: float) -> Floats:
    """(4, 3) a mark's corners in its frame, clockwise from the print's top left."""
    half = side_m / 2
    return np.array([[-half, half, 0], [half, half, 0], [half, -half, 0], [-half, -half, 0]])


@dataclass(frozen=True, eq=False)
class _Depths:
    value: Floats
    by_camera: Floats
    by_mark: Floats
    by_flange: Floats
    variance: Floats


def _depths(capture: Capture, readings: MarkReadings, Ts_camera_mark: Floats) -> _Depths:
    """Mean depth over each mark less that of its plane; NaN where there is none."""
    belief, m = capture.calibration, len(readings)
    value, variance = np.full(m, np.nan), np.ones(m)
    p, n = Ts_camera_mark[:, :3, 3], Ts_camera_mark[:, :3, 2]
    seen = depth_on_marks(capture, readings.corners_px, Ts_camera_mark)
    for k in range(m):
        off, _ = seen.of(k)
        pixels = len(off)
        off = off[np.isfinite(off)]
        if len(off) * 4 < pixels or not len(off):
            continue
        value[k] = middle(off)
        count = len(off) * int(seen.stands_for[k])
        variance[k] = _depth_variance(belief, float(p[k, 2]), count)
    # along its normal the plane goes with its middle; a ray feels that over its own slant
    slant = n / np.einsum("mi,mi->m", n, p / p[:, 2:])[:, None]
    by_camera = np.zeros((m, CAMERA))
    by_camera[:, :6] = np.einsum("mi,mij->mj", slant, _by_motion(p))
    by_camera[:, SCALE] = p[:, 2]
    own = np.einsum("mi,mij->mj", slant, Ts_camera_mark[:, :3, :3])
    by_mark = np.concatenate([own, np.zeros((m, 1))], axis=1)
    by_flange = np.einsum("mi,mij->mj", slant, _by_flange(capture, p))
    return _Depths(value, by_camera, by_mark, by_flange, variance)


def _depth_variance(belief: CameraCalibration, z: float, readings: int) -> float:
    noise = belief.depth_sigma_m * (z / belief.depth_reference_m) ** 2
    alone = readings / (1 + 4 * np.pi * belief.depth_correlation_px**2)
    shared = belief.depth_warp_m**2 + (BIAS_SHARE * noise) ** 2 + LEAST_DEPTH_SIGMA_M**2
    return float(1.57 * noise**2 / max(alone, 1.0) + shared)


def _projection(p: Floats) -> Floats:
    """(..., 2, 3) derivative of x/z, y/z by points (..., 3)."""
    z = p[..., 2]
    D = np.zeros((*p.shape[:-1], 2, 3))
    D[..., 0, 0] = D[..., 1, 1] = 1 / z
    D[..., 0, 2], D[..., 1, 2] = -p[..., 0] / z**2, -p[..., 1] / z**2
    return D


def _by_motion(p: Floats) -> Floats:
    """(..., 3, 6) derivative of points (..., 3), seen from a frame, by a small motion of it."""
    eye = np.broadcast_to(np.eye(3), (*p.shape, 3))
    return np.concatenate([-eye, skew(p)], axis=-1)


def _by_flange(capture: Capture, p_camera: Floats) -> Floats:
    """(..., 3, 6) derivative of points by a small motion of the flange; 0 for a fixed camera."""
    if capture.calibration.mount == "base":
        return np.zeros((*p_camera.shape, 6))
    T_flange_camera = capture.calibration.T_mount_camera
    p_flange = p_camera @ T_flange_camera[:3, :3].T + T_flange_camera[:3, 3]
    result: Floats = T_flange_camera[:3, :3].T @ _by_motion(p_flange)
    return result


def _apart(by_mark: Floats) -> Floats:
    """Derivatives (m, n, 4) or (m, 4) by each mark's own unknowns as (m n, m, 4)."""
    rows = by_mark.reshape(len(by_mark), -1, MARK)
    m, n = rows.shape[:2]
    out = np.zeros((m, n, m, MARK))
    out[np.arange(m), :, np.arange(m)] = rows
    return out.reshape(m * n, m, MARK)
