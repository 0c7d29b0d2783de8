"""The blocks `imager` and `timing` of a camera's file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cellpick.scene.imager_specs import CaptureTiming, ImagerSpec
from cellpick.scene.quantities import Sourced

Exposures = Annotated[
    tuple[Annotated[float, Field(ge=1e-3, le=1000)], ...], Field(min_length=1, max_length=8)
]
"""Multiples of an exposure time, one a bracket."""
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class ImagerBlock(Sourced):
    """Sensor and lens."""

    exposure_ms: Annotated[float, Field(gt=0, le=10_000)]
    f_number: Annotated[float, Field(ge=0.5, le=64)]
    full_well_e: Annotated[float, Field(ge=100, le=1e7)]
    read_noise_e: NotNegative
    blur_px: Annotated[float, Field(ge=0, le=20)]
    white_level: Positive
    pixel_pitch_um: Annotated[float, Field(ge=0.5, le=50)] = 3.45
    focus_mm: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    vignetting: Annotated[float, Field(ge=0, le=0.95)] = 0.0
    gain: Annotated[float, Field(ge=0.1, le=100)] = 1.0
    brackets: Exposures = (1.0,)

    def record(self, subsample: int = 1) -> ImagerSpec:
        """The record that the file describes, for an image of every `subsample`th pixel."""
        return ImagerSpec(
            exposure_s=self.exposure_ms * 1e-3,
            f_number=self.f_number,
            full_well_e=self.full_well_e,
            read_noise_e=self.read_noise_e,
            blur_px=self.blur_px,
            white_level=self.white_level,
            pixel_pitch_m=self.pixel_pitch_um * 1e-6 * subsample,
            focus_m=self.focus_mm * 1e-3,
            vignetting=self.vignetting,
            gain=self.gain,
            brackets=self.brackets,
        )


class TimingBlock(Sourced):
    """When a camera exposes and delivers."""

    exposure_ms: Annotated[float, Field(gt=0, le=60_000)]
    patterns: Annotated[int, Field(ge=1, le=1000)] = 1
    transfer_ms: Annotated[float, Field(ge=0, le=60_000)]
    skew_ms: Annotated[float, Field(ge=0, le=1000)] = 0.0

    def record(self, *, projects: bool) -> CaptureTiming:
        """The record that the file describes; `exposure_ms` is that of one pattern."""
        return CaptureTiming(
            projects=projects,
            exposure_s=self.exposure_ms * self.patterns * 1e-3,
            transfer_s=self.transfer_ms * 1e-3,
            skew_s=self.skew_ms * 1e-3,
        )
