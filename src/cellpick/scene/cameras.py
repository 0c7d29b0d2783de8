"""How a camera truly is: optics, noise, depth principle, timing and place. Truth, never visible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cellpick.geometry import Floats, frozen


@dataclass(frozen=True)
class ImagerSpec:
    """The image sensor and lens of one camera."""

    exposure_s: float
    """Exposure time."""
    f_number: float
    """Aperture; recorded for timing and depth of field."""
    full_well_e: float
    """Electrons at saturation: sets the shot noise."""
    read_noise_e: float
    """Standard deviation of read noise in electrons."""
    blur_px: float
    """Standard deviation of the lens and pixel blur."""
    white_level: float
    """Scene radiance that saturates a pixel at this exposure; a white matt surface under the
    default light has radiance near 1."""


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
    capture_time_s: float
    """Time from trigger to data, during which the arm stands still."""
    translation_sigma_m: float
    """Standard deviation, per axis, of the calibration's position error."""
    rotation_sigma_rad: float
    """Standard deviation, per axis, of the calibration's rotation error."""

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
