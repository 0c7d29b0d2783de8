"""How a depth camera truly errs, by its principle. Truth, never visible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class DepthSpec:
    """Depth by structured light: a projector beside the camera; all in metres."""

    model: Literal["structured_light", "ideal"]
    """`ideal` has no error at all and is labelled as such wherever it is reported."""
    sigma_m: float
    """Axial standard deviation at `reference_m` on a matt surface seen square on."""
    reference_m: float
    """Distance at which `sigma_m` holds; noise grows with its square."""
    near_m: float
    """Nearest reading."""
    far_m: float
    """Farthest reading."""
    baseline_m: float
    """Projector's distance from the camera along the camera's +x: its shadow has no depth."""
    quantum_m: float
    """Step of the depth values."""
    max_angle_rad: float
    """Incidence angle beyond which there is no reading."""
    flying_px: float
    """Half-width of the band at depth edges where a reading may mix both sides."""
    flying_share: float
    """Share of the pixels in that band that mix."""
    dropout_gain: float
    """How readily specular light blinds a pixel; 0 never."""
