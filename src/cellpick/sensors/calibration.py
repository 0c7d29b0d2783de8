"""What the station believes of each camera: the truth with a drawn error."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import perturb
from cellpick.scene.cameras import CameraSpec
from cellpick.structures import CameraCalibration

EDGE_SIGMA_PX = 0.1
"""Usual repeatability of a sub-pixel edge in machine vision; assumed."""
IDEAL_DEPTH_SIGMA_M = 1e-6
"""Stated for an ideal depth camera: the rounding of float32 near 1 m, not quite zero."""


def believed(spec: CameraSpec, rng: np.random.Generator) -> CameraCalibration:
    """A calibration whose pose errs by the camera's sigmas on each axis; its K is exact."""
    delta = rng.standard_normal(6)
    delta[:3] *= spec.translation_sigma_m
    delta[3:] *= spec.rotation_sigma_rad
    depth = spec.depth
    sigma = 0.0
    if depth is not None:
        sigma = IDEAL_DEPTH_SIGMA_M if depth.model == "ideal" else depth.sigma_m
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
        depth_sigma_m=sigma,
        depth_reference_m=depth.reference_m if depth is not None else 1.0,
    )
