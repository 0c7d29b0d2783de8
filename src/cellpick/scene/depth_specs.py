"""How a depth camera truly errs, one record a principle. Truth, never visible."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeAlias

import numpy as np

from cellpick.geometry import Floats
from cellpick.structures.capture import IDEAL_DEPTH_SIGMA_M


@dataclass(frozen=True)
class StatedDepth:
    """What a station may be told of a camera's depth errors: its calibration certificate."""

    sigma_m: float
    """Axial standard deviation of one reading at `reference_m`, on a matt surface square on."""
    reference_m: float
    """Distance at which `sigma_m` holds; noise is taken to grow with its square."""
    correlation_px: float
    """Standard deviation of the kernel over which neighbours share their noise."""
    warp_m: float
    """Standard deviation of the smooth error that a neighbourhood of readings shares."""


def kinect_sigma_m(z_m: Floats | float, angle_rad: Floats | float) -> Floats:
    """Axial standard deviation in metres at depth `z_m` and incidence `angle_rad` below pi/2.

    Nguyen, Izadi and Lovell (2012), "Modeling Kinect sensor noise for improved 3D reconstruction
    and tracking", with the term that diverges towards grazing incidence.
    """
    z, angle = np.asarray(z_m), np.asarray(angle_rad)
    grazing = (angle / (np.pi / 2 - angle)) ** 2
    result: Floats = 0.0012 + 0.0019 * (z - 0.4) ** 2 + 0.0001 / np.sqrt(z) * grazing
    return result


def kinect_lateral_px(angle_rad: Floats | float) -> Floats:
    """Lateral standard deviation in pixels at incidence `angle_rad`; same source."""
    angle = np.asarray(angle_rad)
    result: Floats = 0.8 + 0.035 * angle / (np.pi / 2 - angle)
    return result


@dataclass(frozen=True)
class _Housed:
    near_m: float
    """Nearest reading."""
    far_m: float
    """Farthest reading."""
    baseline_m: float
    """Distance from the camera to its projector or second imager, along the camera's +x."""


@dataclass(frozen=True)
class IdealDepth(_Housed):
    """No error at all, and labelled so wherever it is reported."""

    model: ClassVar[Literal["ideal"]] = "ideal"
    """Which record it is."""
    scale_sigma: ClassVar[float] = 0.0
    """Its distances are true."""

    @property
    def stated(self) -> StatedDepth:
        """What a station is told: the rounding of float32 near 1 m, not quite zero."""
        return StatedDepth(IDEAL_DEPTH_SIGMA_M, 1.0, 0.0, 0.0)

    def scaled(self, factor: float) -> DepthSpec:
        """The same camera: nothing times any factor is nothing."""
        return self


@dataclass(frozen=True)
class StructuredLight(_Housed):
    """A projector beside the camera shows patterns; each pixel decodes them by itself."""

    model: ClassVar[Literal["structured_light"]] = "structured_light"
    """Which record it is."""
    sigma_m: float
    """Axial standard deviation at `reference_m` on a matt surface seen square on."""
    reference_m: float
    """Distance at which `sigma_m` and `warp_m` hold; both grow with its square."""
    correlation_px: float
    """Standard deviation of the kernel over which neighbours share their noise."""
    warp_m: float
    """Deviation (rms) of a plane that fills the image from its best plane, at `reference_m`."""
    scale_sigma: float
    """Standard deviation over devices of the relative error of distances."""
    quantum_m: float
    """Step of the depth values."""
    max_angle_rad: float
    """Incidence angle beyond which there is no reading."""
    flying_px: float
    """Half-width of the band at depth edges where a reading may mix both sides."""
    flying_share: float
    """Share of the pixels in that band that mix."""
    brackets: tuple[float, ...]
    """Exposures of one measurement, as multiples of the one that suits a white matt surface."""
    headroom: float
    """Light that saturates a pixel at exposure 1, in units of a white matt surface's."""
    ambient: float
    """A lamp's light that fills the image's white level, in units of the projector's on white."""
    white_snr: float
    """Signal over noise of the decoded pattern on a white matt surface at exposure 1."""
    least_snr: float
    """Signal over noise below which the maker's filter takes a reading out."""
    blur_px: float
    """Standard deviation of the imager's blur: it mixes neighbours of unlike brightness."""

    @property
    def stated(self) -> StatedDepth:
        """What a station is told."""
        return StatedDepth(self.sigma_m, self.reference_m, self.correlation_px, self.warp_m)

    def scaled(self, factor: float) -> DepthSpec:
        """With noise, warp, quantisation and flying pixels times `factor`; ideal at 0."""
        if factor == 0:
            return IdealDepth(self.near_m, self.far_m, self.baseline_m)
        return replace(
            self,
            sigma_m=self.sigma_m * factor,
            warp_m=self.warp_m * factor,
            scale_sigma=self.scale_sigma * factor,
            quantum_m=self.quantum_m * factor,
            flying_share=min(1.0, self.flying_share * factor),
        )


@dataclass(frozen=True)
class ActiveStereo(_Housed):
    """Two infrared imagers and a projector of dots between them, matched block by block."""

    model: ClassVar[Literal["active_stereo"]] = "active_stereo"
    """Which record it is."""
    subsample: int
    """The matcher works on an image this many times as wide and high as what is read out."""
    focal_px: float
    """Focal length of the imagers in pixels of the matcher's image."""
    subpixel_px: float
    """Standard deviation of a disparity on a matt plate, as published; what the station is told."""
    reference_m: float
    """Distance for which the figures that the station is told are computed."""
    correlation_px: float
    """Standard deviation of the kernel over which neighbours share their noise."""
    scale_sigma: float
    """Standard deviation over devices of the relative error of distances."""
    dot_pitch_rad: float
    """Mean angle between neighbouring dots."""
    dot_rad: float
    """Standard deviation of a dot's profile."""
    dot_light: float
    """Mean light of the dots on white matt at `reference_m`, in units of the white level."""
    ambient: float
    """Share of the lamps' visible light that the imagers see in the infrared."""
    noise: float
    """Standard deviation of the imagers' noise at half the white level, as a share of it."""
    block_px: int
    """Side of the matcher's block."""
    uniqueness: int
    """Margin in percent by which the best match must beat the second."""
    speckle_px: int
    """Islands of disparity below this area are taken out."""

    @property
    def stated(self) -> StatedDepth:
        """What a station is told."""
        sigma = self.reference_m**2 * self.subpixel_px / (self.focal_px * self.baseline_m)
        return StatedDepth(sigma, self.reference_m, self.correlation_px, 0.0)

    def scaled(self, factor: float) -> DepthSpec:
        """With the imagers' noise and the scale error times `factor`; ideal at 0."""
        if factor == 0:
            return IdealDepth(self.near_m, self.far_m, self.baseline_m)
        return replace(
            self,
            noise=self.noise * factor,
            subpixel_px=self.subpixel_px * factor,
            scale_sigma=self.scale_sigma * factor,
        )


@dataclass(frozen=True)
class KinectDepth(_Housed):
    """The first Kinect, by the curves of Nguyen, Izadi and Lovell (2012)."""

    model: ClassVar[Literal["kinect"]] = "kinect"
    """Which record it is."""
    noise: float
    """Multiplier of the published axial and lateral noise."""
    reference_m: float
    """Distance for which the figure that the station is told is computed."""
    scale_sigma: float
    """Standard deviation over devices of the relative error of distances."""
    max_angle_rad: float
    """Incidence angle beyond which there is no reading."""

    @property
    def stated(self) -> StatedDepth:
        """What a station is told: the curve at `reference_m`."""
        return StatedDepth(
            self.noise * float(kinect_sigma_m(self.reference_m, 0.0)), self.reference_m, 0.0, 0.0
        )

    def scaled(self, factor: float) -> DepthSpec:
        """With noise and scale error times `factor`; ideal at 0."""
        if factor == 0:
            return IdealDepth(self.near_m, self.far_m, self.baseline_m)
        return replace(self, noise=self.noise * factor, scale_sigma=self.scale_sigma * factor)


DepthSpec: TypeAlias = IdealDepth | StructuredLight | ActiveStereo | KinectDepth
"""Any of them; `model` tells which."""
