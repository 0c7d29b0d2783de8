"""The cameras of a look as stacked arrays: images, believed calibration and its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellpick.geometry import Floats, invert, project, skew, transform
from cellpick.structures import Capture

_LEVELS = np.arange(256) / 255.0
LINEAR_LEVELS = np.asarray(
    255.0 * np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4),
    np.float32,
)
"""Light (256,) of 8-bit sRGB levels, 255 for the last (IEC 61966-2-1)."""
SIGMA_FLOOR = 1e-6
"""Metres and radians: keeps the inverse of a perfect calibration's covariance finite."""
GRAZING_RAD = np.radians(60.0)
"""Incidence beyond which a face's points say nothing: their noise grows steeply there, and only
those that happen to lie near the face would be taken for its own."""
BLUR_PX = 0.6
BLUR_SIZE = (5, 5)
"""Smoothing before edges are read: halves the noise and leaves a lone edge in its place."""
CLIPPED_PX = 3
"""Reach of blur: an edge this near to a full pixel has lost part of its bright side."""
SATURATED = 253
"""A level from which the sensor may have clipped."""


@dataclass(frozen=True, eq=False)
class Views:
    """c cameras, one row each."""

    light: tuple[NDArray[np.float32], ...]
    """Smoothed images (h, w, 3) in proportion to light, 0 to 255, cropped to the cells."""
    full: tuple[NDArray[np.bool_] | None, ...]
    """(h, w) pixels of the same near one that may be full; None where none is."""
    origin_px: Floats
    """(c, 2) pixel of each crop's first one."""
    Ts_base_camera: Floats
    """(c, 4, 4) believed poses."""
    Ts_camera_base: Floats
    """(c, 4, 4) their inverses."""
    K: Floats
    """(c, 3, 3)."""
    distortion: Floats
    """(c, 5)."""
    size_px: Floats
    """(c, 2) width and height."""
    pixel_sigma_px: Floats
    """(c,) standard deviation of one edge reading."""
    error_sigma: Floats
    """(c, 6) standard deviations of the believed pose's error as a small motion of the camera."""
    depth_scale_sigma: Floats
    """(c,) standard deviation of the depth readings' scale, as a share."""
    depth_warp_m: Floats
    """(c,) standard deviation of their smooth error."""
    depth_repeats: Floats
    """(c,) how many neighbouring readings carry the information of one independent reading."""

    def __len__(self) -> int:
        return len(self.light)


def views_of(captures: Sequence[Capture], p_base: Floats, margin_m: float) -> Views:
    """Stack `captures`, cropped to `margin_m` round points (n, 3); no captures give zero rows."""
    calibrations = [capture.calibration for capture in captures]
    poses = [capture.T_base_camera for capture in captures]
    Ts = np.array(poses, dtype=np.float64).reshape(-1, 4, 4)
    crops = [_crop(capture, p_base, margin_m) for capture in captures]
    images = [c.image[v0:v1, u0:u1] for c, (u0, v0, u1, v1) in zip(captures, crops, strict=True)]
    sigmas = [[c.translation_sigma_m] * 3 + [c.rotation_sigma_rad] * 3 for c in calibrations]
    return Views(
        light=tuple(_light(image) for image in images),
        full=tuple(_near_full(image) for image in images),
        origin_px=np.array([crop[:2] for crop in crops], dtype=np.float64).reshape(-1, 2),
        Ts_base_camera=Ts,
        Ts_camera_base=invert(Ts),
        K=np.array([c.K for c in calibrations]).reshape(-1, 3, 3),
        distortion=np.array([c.distortion for c in calibrations]).reshape(-1, 5),
        size_px=np.array([[c.width_px, c.height_px] for c in calibrations]).reshape(-1, 2) * 1.0,
        pixel_sigma_px=np.array([c.pixel_sigma_px for c in calibrations], dtype=np.float64),
        error_sigma=np.maximum(np.array(sigmas).reshape(-1, 6), SIGMA_FLOOR),
        depth_scale_sigma=np.array([c.depth_scale_sigma for c in calibrations], dtype=np.float64),
        depth_warp_m=np.array([c.depth_warp_m for c in calibrations], dtype=np.float64),
        depth_repeats=shared_by([c.depth_correlation_px for c in calibrations]),
    )


def shared_by(correlation_px: ArrayLike) -> Floats:
    """Readings (...) that count as one when noise is spread by a Gaussian kernel of that standard
    deviation (...): the area of the noise's autocorrelation, 4 pi sigma^2."""
    area = 4 * np.pi * np.square(np.asarray(correlation_px, dtype=np.float64))
    result: Floats = np.maximum(area, 1.0)
    return result


def _light(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    # blur mixes light: in encoded levels the steepest place would lie on an edge's dark side
    return np.asarray(cv2.GaussianBlur(cv2.LUT(image, LINEAR_LEVELS), BLUR_SIZE, BLUR_PX))


def _near_full(image: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    brightest = cv2.max(cv2.max(image[..., 0], image[..., 1]), image[..., 2])
    full = (brightest >= SATURATED).view(np.uint8)
    if not full.any():
        return None
    near = cv2.dilate(full, np.ones((2 * CLIPPED_PX + 1,) * 2, np.uint8))
    return near.astype(np.bool_)


def _crop(capture: Capture, p_base: Floats, margin_m: float) -> tuple[int, int, int, int]:
    """First column and row, and those after the last, of what `margin_m` round points covers."""
    belief = capture.calibration
    p = transform(invert(capture.T_base_camera), p_base)
    with np.errstate(invalid="ignore", divide="ignore"):
        pixels = project(p, belief.K, belief.distortion)
        reach = belief.K[0, 0] * margin_m / p[:, 2:] + 1 / BLUR_PX
    seen = np.isfinite(pixels).all(axis=1)
    if not seen.any():
        return 0, 0, 1, 1
    size = np.array([belief.width_px, belief.height_px])
    low = np.clip(np.floor((pixels - reach)[seen].min(axis=0)), 0, size - 1).astype(int)
    high = np.clip(np.ceil((pixels + reach)[seen].max(axis=0)), low + 1, size).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def adjoint(T_a_b: Floats) -> Floats:
    """(..., 6, 6) that turns a small motion given in b into the same one given in a.

    Order (v, w) as in `geometry.perturb`; Barfoot (2017), "State Estimation for Robotics", 7.1.
    """
    R, p = T_a_b[..., :3, :3], T_a_b[..., :3, 3]
    out = np.zeros((*T_a_b.shape[:-2], 6, 6))
    out[..., :3, :3] = out[..., 3:, 3:] = R
    out[..., :3, 3:] = skew(p) @ R
    return out


def calibration_information(views: Views, Ts_base_cell: Floats) -> Floats:
    """(n, c, 6, 6) inverse covariance of where each camera believes to see each cell.

    A camera whose pose is off by `e` sees the whole cell moved by `-adjoint(T_cell_camera) e`; the
    inverse is taken factor by factor, since the product is ill-conditioned at a long lever.
    """
    Ts_camera_cell = views.Ts_camera_base[None] @ Ts_base_cell[:, None]
    A = adjoint(Ts_camera_cell) / views.error_sigma[None, :, :, None]
    result: Floats = np.swapaxes(A, -1, -2) @ A
    return result


def pixel_pitch(views: Views, Ts_base_cell: Floats) -> Floats:
    """(n, c) metres that a pixel of each camera spans at each cell."""
    T = views.Ts_camera_base
    p = Ts_base_cell[:, None, :3, 3]
    z = np.sum(T[:, 2, :3] * p, axis=-1) + T[:, 2, 3]
    result: Floats = np.maximum(z, 0.0) / views.K[:, 0, 0]
    return result


def sides_grazed(views: Views, Ts_base_cell: Floats) -> NDArray[np.bool_]:
    """(n, c) whether a camera sees the sides of an upright cell at `GRAZING_RAD` or flatter."""
    sight = Ts_base_cell[:, None, :3, 3] - views.Ts_base_camera[None, :, :3, 3]
    along = np.sum(sight * Ts_base_cell[:, None, :3, 2], axis=-1)
    flat = np.abs(along) > np.sin(GRAZING_RAD) * np.linalg.norm(sight, axis=-1)
    result: NDArray[np.bool_] = flat
    return result
