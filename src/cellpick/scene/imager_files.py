"""The blocks `imager` and `timing` of a camera's file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cellpick.scene.imager_specs import CaptureTiming, ImagerSpec
from cellpick.scene.quantities import Sourced

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

    def record(self) -> ImagerSpec:
        """The record that the file describes."""
        return ImagerSpec(
            exposure_s=self.exposure_ms * 1e-3,
            f_number=self.f_number,
            full_well_e=self.full_well_e,
            read_noise_e=self.read_noise_e,
            blur_px=self.blur_px,
            white_level=self.white_level,
        )


class TimingBlock(Sourced):
    """When a camera exposes and delivers."""

    exposure_ms: Annotated[float, Field(gt=0, le=60_000)]
    transfer_ms: Annotated[float, Field(ge=0, le=60_000)]
    skew_ms: Annotated[float, Field(ge=0, le=1000)] = 0.0

    def record(self, *, projects: bool) -> CaptureTiming:
        """The record that the file describes."""
        return CaptureTiming(
            projects, self.exposure_ms * 1e-3, self.transfer_ms * 1e-3, self.skew_ms * 1e-3
        )
