"""Reads a camera's file (`models/cameras/`): all of a `CameraSpec` but its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from cellpick.geometry import Floats, frozen
from cellpick.scene.depth_files import DepthBlock
from cellpick.scene.depth_specs import DepthSpec
from cellpick.scene.documents import Strict, read_yaml, validated
from cellpick.scene.imager_files import ImagerBlock, TimingBlock
from cellpick.scene.imager_specs import CaptureTiming, ImagerSpec
from cellpick.scene.quantities import MassKg, SizeMm, Sourced

MM = 1e-3


class _Image(Sourced):
    width_px: Annotated[int, Field(ge=16, le=10_000)]
    height_px: Annotated[int, Field(ge=16, le=10_000)]
    horizontal_fov_deg: Annotated[float, Field(ge=1, le=150)]
    distortion: tuple[float, float, float, float, float]
    subsample: Annotated[int, Field(ge=1, le=16)] = 1


class _Housing(Sourced):
    size_mm: tuple[SizeMm, SizeMm, SizeMm]
    mass_kg: MassKg


class _CameraFile(Strict):
    name: str
    image: _Image
    imager: ImagerBlock
    depth: DepthBlock | None = None
    timing: TimingBlock
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
    timing: CaptureTiming
    """When it exposes and delivers."""
    body_m: Floats
    """(3,) housing along the camera's x, y and z; its front is at the optical centre."""
    mass_kg: float
    """Mass."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "K", frozen("K", self.K, (3, 3)))
        object.__setattr__(self, "distortion", frozen("distortion", self.distortion, (5,)))
        object.__setattr__(self, "body_m", frozen("body_m", self.body_m, (3,)))


def load_camera(path: Path, subsample: int | None = None) -> CameraModel:
    """A type of camera; raises `InputError` naming file and key.

    `subsample` reads out every nth pixel in place of what the file says.
    """
    file = validated(_CameraFile, read_yaml(path), str(path))
    every = subsample or file.image.subsample
    width, height = file.image.width_px // every, file.image.height_px // every
    focal = width / 2 / np.tan(np.radians(file.image.horizontal_fov_deg) / 2)
    # pixel (0, 0) is a pixel's centre, so the image's middle is half a pixel off half its width
    K = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    return CameraModel(
        name=file.name,
        width_px=width,
        height_px=height,
        K=K,
        distortion=np.array(file.image.distortion),
        imager=file.imager.record(),
        depth=file.depth.record() if file.depth is not None else None,
        timing=file.timing.record(projects=file.depth is not None),
        body_m=np.multiply(file.body.size_mm, MM),
        mass_kg=file.body.mass_kg,
    )
