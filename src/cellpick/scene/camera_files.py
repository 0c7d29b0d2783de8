"""Reads a camera's file (`models/cameras/`): all of a `CameraSpec` but its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from cellpick.errors import InputError
from cellpick.geometry import Floats, distort, frozen, undistort
from cellpick.scene.depth_files import DepthBlock
from cellpick.scene.depth_specs import DepthSpec
from cellpick.scene.documents import Strict, read_yaml, validated
from cellpick.scene.imager_files import ImagerBlock, TimingBlock
from cellpick.scene.imager_specs import CaptureTiming, ImagerSpec
from cellpick.scene.quantities import MassKg, SizeMm, Sourced

MM = 1e-3
LEAST_PX = 16
"""Least side of an image."""
LARGEST_MISS_PX = 0.1
"""Most by which a pixel may miss itself through its own ray; shipped lenses stay below 1e-7."""


class _Image(Sourced):
    width_px: Annotated[int, Field(ge=16, le=10_000)]
    height_px: Annotated[int, Field(ge=16, le=10_000)]
    horizontal_fov_deg: Annotated[float, Field(ge=1, le=150)]
    distortion: tuple[float, float, float, float, float]
    subsample: Annotated[int, Field(ge=1, le=16)] = 1

    @property
    def native_focal_px(self) -> float:
        """Focal length in pixels of the full sensor."""
        half = np.radians(self.horizontal_fov_deg) / 2
        return float(self.width_px / 2 / np.tan(half))


class _Housing(Sourced):
    size_mm: tuple[SizeMm, SizeMm, SizeMm]
    mass_kg: MassKg


class _Published(Sourced):
    figure: Literal[
        "point_precision_mm",
        "point_spacing_mm",
        "planarity_mm",
        "scale_permille",
        "subpixel_px",
        "pixel_pitch_um",
    ]
    value: Annotated[float, Field(gt=0, le=10_000)]
    at_mm: Annotated[float, Field(gt=0, le=10_000)] | None = None

    def record(self) -> Published:
        """The record that the file describes."""
        at_m = self.at_mm * MM if self.at_mm is not None else None
        return Published(self.figure, self.value, at_m, self.source, self.certainty)


class _CameraFile(Strict):
    name: str
    image: _Image
    imager: ImagerBlock
    depth: DepthBlock | None = None
    timing: TimingBlock
    body: _Housing
    published: tuple[_Published, ...] = ()


@dataclass(frozen=True)
class Published:
    """A figure that the maker or a paper states, to hold a measurement against."""

    figure: str
    """What: point_precision_mm, point_spacing_mm, planarity_mm, scale_permille, ..."""
    value: float
    """Its value, in the unit of its name."""
    at_m: float | None
    """Distance at which it holds; None where the maker names none."""
    source: str
    """Who states it."""
    certainty: str
    """datasheet, second-hand or assumed."""


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
    subsample: int = 1
    """Every nth pixel of the full sensor is read out, in both directions."""
    published: tuple[Published, ...] = ()
    """What is stated about it."""

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
    _check_readout(file, every, str(path))
    _check_optics(file, str(path))
    _check_distortion(file.image, str(path))
    if file.depth is not None:
        _check_depth(file.depth, file.image, str(path))
    width, height = file.image.width_px // every, file.image.height_px // every
    focal = file.image.native_focal_px / every
    # pixel (0, 0) is a pixel's centre, so the image's middle is half a pixel off half its width
    K = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    return CameraModel(
        name=file.name,
        width_px=width,
        height_px=height,
        K=K,
        distortion=np.array(file.image.distortion),
        imager=file.imager.record(every),
        depth=file.depth.record(every, file.image.native_focal_px)
        if file.depth is not None
        else None,
        timing=file.timing.record(projects=file.depth is not None),
        body_m=np.multiply(file.body.size_mm, MM),
        mass_kg=file.body.mass_kg,
        subsample=every,
        published=tuple(p.record() for p in file.published),
    )


def _check_readout(file: _CameraFile, every: int, source: str) -> None:
    least = min(file.image.width_px, file.image.height_px)
    if least // every < LEAST_PX:
        raise InputError(
            "too few pixels are left",
            source=source,
            key="image.subsample",
            got=every,
            accepted=f"1 to {least // LEAST_PX} for an image of this size",
        )


def _check_optics(file: _CameraFile, source: str) -> None:
    focal_mm = file.image.native_focal_px * file.imager.pixel_pitch_um * 1e-3
    if 0 < file.imager.focus_mm < 2 * focal_mm:
        raise InputError(
            "a lens cannot focus so near",
            source=source,
            key="imager.focus_mm",
            got=file.imager.focus_mm,
            accepted=f"0 for sharp everywhere, or at least twice the focal length of "
            f"{focal_mm:.1f} mm",
        )
    whole_ms = file.timing.exposure_ms * file.timing.patterns
    if whole_ms < file.imager.exposure_ms:
        raise InputError(
            "the timing must hold the picture's own exposure",
            source=source,
            key="timing.exposure_ms",
            got=file.timing.exposure_ms,
            accepted=f"at least imager.exposure_ms, {file.imager.exposure_ms:g}, over all patterns",
        )


def _check_distortion(image: _Image, source: str) -> None:
    w, h = image.width_px, image.height_px
    u, v = np.meshgrid(np.linspace(0, w - 1, 41), np.linspace(0, h - 1, 41))
    middle = [(w - 1) / 2, (h - 1) / 2]
    pixels = np.stack([u.ravel(), v.ravel()], axis=-1) - middle
    seen = pixels / image.native_focal_px
    with np.errstate(over="ignore", invalid="ignore"):
        again = distort(undistort(seen, image.distortion), image.distortion)
        off_px = np.abs(again - seen).max() * image.native_focal_px
    if not off_px <= LARGEST_MISS_PX:
        raise InputError(
            "a lens that distorts so much has no ray for each pixel",
            source=source,
            key="image.distortion",
            got=list(image.distortion),
            accepted="smaller k1 k2 p1 p2 k3, or a narrower horizontal_fov_deg",
        )


def _check_depth(depth: DepthBlock, image: _Image, source: str) -> None:
    if not depth.near_mm < depth.far_mm:
        raise InputError(
            "the nearest reading must be nearer than the farthest",
            source=source,
            key="depth.near_mm",
            got=depth.near_mm,
            accepted=f"less than far_mm, {depth.far_mm:g}",
        )
    if depth.model != "ideal" and not depth.near_mm <= depth.reference_mm <= depth.far_mm:
        raise InputError(
            "figures are stated at a distance that the camera can read",
            source=source,
            key="depth.reference_mm",
            got=depth.reference_mm,
            accepted=f"near_mm to far_mm, {depth.near_mm:g} to {depth.far_mm:g}",
        )
    if depth.model != "active_stereo":
        return
    if any(image.distortion):
        raise InputError(
            "a camera with active stereo delivers rectified images",
            source=source,
            key="image.distortion",
            got=list(image.distortion),
            accepted="five zeros",
        )
    if depth.block_px % 2 == 0:
        raise InputError(
            "the matcher's block needs a middle",
            source=source,
            key="depth.block_px",
            got=depth.block_px,
            accepted="an odd number",
        )
    nearest_mm = 2 * image.native_focal_px * depth.baseline_mm / image.width_px
    if depth.near_mm < nearest_mm:
        raise InputError(
            "a disparity this large leaves the image",
            source=source,
            key="depth.near_mm",
            got=depth.near_mm,
            accepted=f"at least {nearest_mm:.0f} mm at this baseline and view",
        )
