"""Reads a camera's file (`models/cameras/`): all of a `CameraSpec` but its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from cellpick.geometry import Floats, frozen
from cellpick.scene.cameras import DepthSpec, ImagerSpec
from cellpick.scene.documents import Strict, read_yaml, validated
from cellpick.scene.quantities import MassKg, Share, SizeMm, Sourced

MM = 1e-3
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class _Image(Sourced):
    width_px: Annotated[int, Field(ge=16, le=10_000)]
    height_px: Annotated[int, Field(ge=16, le=10_000)]
    horizontal_fov_deg: Annotated[float, Field(ge=1, le=150)]
    distortion: tuple[float, float, float, float, float]


class _Imager(Sourced):
    exposure_ms: Annotated[float, Field(gt=0, le=10_000)]
    f_number: Annotated[float, Field(ge=0.5, le=64)]
    full_well_e: Annotated[float, Field(ge=100, le=1e7)]
    read_noise_e: NotNegative
    blur_px: Annotated[float, Field(ge=0, le=20)]
    white_level: Positive


class _Depth(Sourced):
    sigma_mm: Annotated[float, Field(ge=0, le=50)]
    reference_mm: Annotated[float, Field(ge=50, le=10_000)]
    near_mm: Annotated[float, Field(ge=10, le=10_000)]
    far_mm: Annotated[float, Field(ge=10, le=10_000)]
    baseline_mm: Annotated[float, Field(ge=0, le=2000)]
    quantum_mm: Annotated[float, Field(ge=0, le=10)]
    max_angle_deg: Annotated[float, Field(gt=0, le=90)]
    flying_px: Annotated[float, Field(ge=0, le=20)]
    flying_share: Share
    dropout_gain: Annotated[float, Field(ge=0, le=100)]


class _Timing(Sourced):
    capture_time_ms: Annotated[float, Field(gt=0, le=60_000)]


class _Housing(Sourced):
    size_mm: tuple[SizeMm, SizeMm, SizeMm]
    mass_kg: MassKg


class _CameraFile(Strict):
    name: str
    image: _Image
    imager: _Imager
    depth: _Depth | None = None
    timing: _Timing
    body: _Housing


@dataclass(frozen=True, eq=False)
class CameraModel:
    """A type of camera, not yet mounted anywhere."""

    name: str
    """Its key."""
    width_px: int
    """Image width."""
    height_px: int
    """Image height."""
    K: Floats
    """(3, 3) pinhole matrix in pixels."""
    distortion: Floats
    """(5,) Brown-Conrady k1 k2 p1 p2 k3."""
    imager: ImagerSpec
    """Sensor and lens."""
    depth: DepthSpec | None
    """None for a 2D camera."""
    capture_time_s: float
    """Time from trigger to data."""
    body_m: Floats
    """(3,) housing along the camera's x, y and z; its front is at the optical centre."""
    mass_kg: float
    """Mass."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "K", frozen("K", self.K, (3, 3)))
        object.__setattr__(self, "distortion", frozen("distortion", self.distortion, (5,)))
        object.__setattr__(self, "body_m", frozen("body_m", self.body_m, (3,)))


def load_camera(path: Path) -> CameraModel:
    """A type of camera; raises `InputError` naming file and key."""
    file = validated(_CameraFile, read_yaml(path), str(path))
    width, height = file.image.width_px, file.image.height_px
    focal = width / 2 / np.tan(np.radians(file.image.horizontal_fov_deg) / 2)
    # pixel (0, 0) is a pixel's centre, so the image's middle is half a pixel off half its width
    K = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    return CameraModel(
        name=file.name,
        width_px=width,
        height_px=height,
        K=K,
        distortion=np.array(file.image.distortion),
        imager=_imager(file.imager),
        depth=_depth(file.depth) if file.depth is not None else None,
        capture_time_s=file.timing.capture_time_ms * 1e-3,
        body_m=np.multiply(file.body.size_mm, MM),
        mass_kg=file.body.mass_kg,
    )


def _imager(imager: _Imager) -> ImagerSpec:
    return ImagerSpec(
        exposure_s=imager.exposure_ms * 1e-3,
        f_number=imager.f_number,
        full_well_e=imager.full_well_e,
        read_noise_e=imager.read_noise_e,
        blur_px=imager.blur_px,
        white_level=imager.white_level,
    )


def _depth(depth: _Depth) -> DepthSpec:
    return DepthSpec(
        model="structured_light",
        sigma_m=depth.sigma_mm * MM,
        reference_m=depth.reference_mm * MM,
        near_m=depth.near_mm * MM,
        far_m=depth.far_mm * MM,
        baseline_m=depth.baseline_mm * MM,
        quantum_m=depth.quantum_mm * MM,
        max_angle_rad=float(np.radians(depth.max_angle_deg)),
        flying_px=depth.flying_px,
        flying_share=depth.flying_share,
        dropout_gain=depth.dropout_gain,
    )
