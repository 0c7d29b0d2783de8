"""How a camera truly is, and the lamps. Truth, never visible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cellpick.geometry import Floats, frozen
from cellpick.scene.depth_specs import DepthSpec
from cellpick.scene.imager_specs import CaptureTiming, ImagerSpec


@dataclass(frozen=True, eq=False)
class CameraSpec:
    """One true camera."""

    name: str
    """Unique in the rig, such as `cam0_3d`."""
    width_px: int
    """Image width."""
    height_px: int
    """Image height."""
    K: Floats
    """(3, 3) true pinhole matrix in pixels."""
    distortion: Floats
    """(5,) true Brown-Conrady k1 k2 p1 p2 k3."""
    mount: Literal["flange", "base"]
    """What it is fixed to."""
    T_mount_camera: Floats
    """(4, 4) true pose on its mount."""
    imager: ImagerSpec
    """Sensor and lens."""
    depth: DepthSpec | None
    """None for a 2D camera."""
    timing: CaptureTiming
    """When it exposes and delivers."""
    translation_sigma_m: float
    """Standard deviation, per axis, of the calibration's position error."""
    rotation_sigma_rad: float
    """Standard deviation, per axis, of the calibration's rotation error."""
    depth_scale_sigma: float = 0.0
    """Standard deviation of what commissioning leaves of the depth's relative scale error."""

    @property
    def ideal_depth(self) -> bool:
        """Whether its depth has no error at all, as no real camera's; reports must say so."""
        return self.depth is not None and self.depth.model == "ideal"

    def __post_init__(self) -> None:
        object.__setattr__(self, "K", frozen("K", self.K, (3, 3)))
        object.__setattr__(self, "distortion", frozen("distortion", self.distortion, (5,)))
        object.__setattr__(
            self, "T_mount_camera", frozen("T_mount_camera", self.T_mount_camera, (4, 4))
        )


@dataclass(frozen=True, eq=False)
class Light:
    """A lamp, small against its distance."""

    position_m: Floats
    """(3,) in the world frame."""
    radius_m: float
    """Radius of its emitting disc: softens shadow edges and highlights."""
    strength: float
    """Radiance it adds to a white matt surface square on below it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "position_m", frozen("position_m", self.position_m, (3,)))
