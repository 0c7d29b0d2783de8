"""What the station believes of each camera: the truth with a drawn error."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import perturb
from cellpick.scene.cameras import CameraSpec
from cellpick.scene.depth_specs import StatedDepth
from cellpick.structures import CameraCalibration

EDGE_SIGMA_PX = 0.1
"""Usual repeatability of a sub-pixel edge in machine vision; assumed."""


def believed(
    spec: CameraSpec, rng: np.random.Generator, depth_scale: float = 1.0
) -> CameraCalibration:
    """A calibration whose pose errs by the camera's sigmas on each axis; its K is exact.

    `depth_scale` is the device's true one (reading over distance). Commissioning measures it on a
    known board; what the station corrects by errs by `spec.depth_scale_sigma`, which it is told.
    """
    delta = rng.standard_normal(6)
    delta[:3] *= spec.translation_sigma_m
    delta[3:] *= spec.rotation_sigma_rad
    stated = spec.depth.stated if spec.depth is not None else StatedDepth(0.0, 1.0, 0.0, 0.0)
    scales = spec.depth is not None and spec.depth.model != "ideal"
    left = spec.depth_scale_sigma if scales else 0.0
    return CameraCalibration(
        camera=spec.name,
        width_px=spec.width_px,
        height_px=spec.height_px,
        K=spec.K,
        distortion=spec.distortion,
        mount=spec.mount,
        T_mount_camera=perturb(spec.T_mount_camera, delta),
        translation_sigma_m=spec.translation_sigma_m,
        rotation_sigma_rad=spec.rotation_sigma_rad,
        pixel_sigma_px=EDGE_SIGMA_PX,
        depth_sigma_m=stated.sigma_m,
        depth_reference_m=stated.reference_m,
        depth_scale=(1 + left * float(rng.standard_normal())) / depth_scale,
        depth_scale_sigma=left,
        depth_warp_m=stated.warp_m,
        depth_correlation_px=stated.correlation_px,
    )
