"""The block `depth` of a camera's file: one of four, told apart by its key `model`."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field

from cellpick.scene.depth_specs import ActiveStereo, IdealDepth, KinectDepth, StructuredLight
from cellpick.scene.quantities import Share, Sourced

MM = 1e-3
Permille = Annotated[float, Field(ge=0, le=100)]
DistanceMm = Annotated[float, Field(ge=10, le=10_000)]
BaselineMm = Annotated[float, Field(gt=0, le=2000)]
"""A device that triangulates has a baseline."""
NoisePx = Annotated[float, Field(ge=0, le=20)]


class _Range(Sourced):
    near_mm: DistanceMm
    far_mm: DistanceMm


class IdealBlock(_Range):
    """Depth without error."""

    model: Literal["ideal"]
    baseline_mm: Annotated[float, Field(ge=0, le=2000)] = 0.0

    def record(self, subsample: int, native_focal_px: float) -> IdealDepth:
        """The record that the file describes."""
        return IdealDepth(self.near_mm * MM, self.far_mm * MM, self.baseline_mm * MM)


class StructuredLightBlock(_Range):
    """Patterns from a projector, decoded pixel by pixel; pixels are those of the full sensor."""

    model: Literal["structured_light"]
    baseline_mm: BaselineMm
    sigma_mm: Annotated[float, Field(ge=0, le=50)]
    reference_mm: Annotated[float, Field(ge=50, le=10_000)]
    correlation_px: NoisePx
    warp_mm: Annotated[float, Field(ge=0, le=50)]
    scale_permille: Permille
    quantum_mm: Annotated[float, Field(ge=0, le=10)]
    max_angle_deg: Annotated[float, Field(gt=0, lt=90)]
    flying_px: NoisePx
    flying_share: Share
    brackets: Annotated[
        tuple[Annotated[float, Field(gt=0, le=1000)], ...], Field(min_length=1, max_length=8)
    ]
    headroom: Annotated[float, Field(gt=0, le=100)]
    ambient: Annotated[float, Field(ge=0, le=100)]
    white_snr: Annotated[float, Field(gt=0, le=10_000)]
    least_snr: Annotated[float, Field(ge=0, le=10_000)]
    blur_px: NoisePx

    def record(self, subsample: int, native_focal_px: float) -> StructuredLight:
        """The record that the file describes, in pixels of an image with every nth pixel."""
        return StructuredLight(
            near_m=self.near_mm * MM,
            far_m=self.far_mm * MM,
            baseline_m=self.baseline_mm * MM,
            sigma_m=self.sigma_mm * MM,
            reference_m=self.reference_mm * MM,
            correlation_px=self.correlation_px / subsample,
            warp_m=self.warp_mm * MM,
            scale_sigma=self.scale_permille * 1e-3,
            quantum_m=self.quantum_mm * MM,
            max_angle_rad=float(np.radians(self.max_angle_deg)),
            flying_px=self.flying_px / subsample,
            flying_share=self.flying_share,
            brackets=self.brackets,
            headroom=self.headroom,
            ambient=self.ambient,
            white_snr=self.white_snr,
            least_snr=self.least_snr,
            blur_px=self.blur_px / subsample,
        )


class ActiveStereoBlock(_Range):
    """Two infrared images and a projector of dots; pixels are those of the full sensor."""

    model: Literal["active_stereo"]
    baseline_mm: BaselineMm
    subpixel_px: Annotated[float, Field(gt=0, le=2)]
    reference_mm: Annotated[float, Field(ge=50, le=10_000)]
    correlation_px: NoisePx
    scale_permille: Permille
    dot_pitch_mrad: Annotated[float, Field(gt=0.1, le=100)]
    dot_mrad: Annotated[float, Field(gt=0.01, le=50)]
    dot_light: Annotated[float, Field(ge=0, le=100)]
    ambient: Annotated[float, Field(ge=0, le=10)]
    noise: Annotated[float, Field(ge=0, le=1)]
    block_px: Annotated[int, Field(ge=3, le=21)]
    uniqueness: Annotated[int, Field(ge=0, le=100)]
    speckle_px: Annotated[int, Field(ge=0, le=10_000)]

    def record(self, subsample: int, native_focal_px: float) -> ActiveStereo:
        """The record that the file describes."""
        return ActiveStereo(
            near_m=self.near_mm * MM,
            far_m=self.far_mm * MM,
            baseline_m=self.baseline_mm * MM,
            subsample=subsample,
            focal_px=native_focal_px,
            subpixel_px=self.subpixel_px,
            reference_m=self.reference_mm * MM,
            correlation_px=self.correlation_px / subsample,
            scale_sigma=self.scale_permille * 1e-3,
            dot_pitch_rad=self.dot_pitch_mrad * 1e-3,
            dot_rad=self.dot_mrad * 1e-3,
            dot_light=self.dot_light,
            ambient=self.ambient,
            noise=self.noise,
            block_px=self.block_px,
            uniqueness=self.uniqueness,
            speckle_px=self.speckle_px,
        )


class KinectBlock(_Range):
    """The first Kinect; its noise is that of Nguyen, Izadi and Lovell (2012)."""

    model: Literal["kinect"]
    baseline_mm: BaselineMm
    noise: Annotated[float, Field(ge=0, le=20)] = 1.0
    reference_mm: Annotated[float, Field(ge=50, le=10_000)]
    scale_permille: Permille
    max_angle_deg: Annotated[float, Field(gt=0, lt=90)]

    def record(self, subsample: int, native_focal_px: float) -> KinectDepth:
        """The record that the file describes."""
        return KinectDepth(
            near_m=self.near_mm * MM,
            far_m=self.far_mm * MM,
            baseline_m=self.baseline_mm * MM,
            noise=self.noise,
            reference_m=self.reference_mm * MM,
            scale_sigma=self.scale_permille * 1e-3,
            max_angle_rad=float(np.radians(self.max_angle_deg)),
        )


DepthBlock: TypeAlias = Annotated[
    IdealBlock | StructuredLightBlock | ActiveStereoBlock | KinectBlock,
    Field(discriminator="model"),
]
"""Any of them."""
