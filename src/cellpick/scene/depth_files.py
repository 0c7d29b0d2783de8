"""The block `depth` of a camera's file."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from cellpick.scene.depth_specs import DepthSpec
from cellpick.scene.quantities import Share, Sourced

MM = 1e-3


class DepthBlock(Sourced):
    """Depth by structured light."""

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

    def record(self) -> DepthSpec:
        """The record that the file describes."""
        return DepthSpec(
            model="structured_light",
            sigma_m=self.sigma_mm * MM,
            reference_m=self.reference_mm * MM,
            near_m=self.near_mm * MM,
            far_m=self.far_mm * MM,
            baseline_m=self.baseline_mm * MM,
            quantum_m=self.quantum_mm * MM,
            max_angle_rad=float(np.radians(self.max_angle_deg)),
            flying_px=self.flying_px,
            flying_share=self.flying_share,
            dropout_gain=self.dropout_gain,
        )
