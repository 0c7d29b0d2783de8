"""What a camera saw and what the station believes of the camera: all that perception gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cellpick.errors import ShapeError
from cellpick.geometry import Floats, frozen
from cellpick.structures.cell import CellModel
from cellpick.structures.checks import figure, finite, one_of, pinhole, rigid
from cellpick.structures.solids import Material

Arrangement = Literal["upright", "lying", "heap"]
"""How cells lie in a tray: +z up; on the largest face, a cylinder on its side; as they fell."""


Mount = Literal["flange", "base"]
"""What a camera is fixed to."""
MARKS = 50
"""Marks in the dictionary 4x4_50."""
IDEAL_DEPTH_SIGMA_M = 1e-6
"""What is stated of a depth camera without error: about the rounding of float32 near 1 m."""


@dataclass(frozen=True, eq=False)
class CameraCalibration:
    """The station's belief about one camera, as its last calibration gave it."""

    camera: str
    """The camera's name."""
    width_px: int
    """Image width."""
    height_px: int
    """Image height."""
    K: Floats
    """(3, 3) pinhole matrix in pixels."""
    distortion: Floats
    """(5,) Brown-Conrady k1 k2 p1 p2 k3."""
    mount: Mount
    """What the camera is fixed to."""
    T_mount_camera: Floats
    """(4, 4) believed pose of the camera on its mount."""
    translation_sigma_m: float
    """Stated standard deviation, per axis, of the believed position."""
    rotation_sigma_rad: float
    """Stated standard deviation, per axis, of the believed rotation."""
    pixel_sigma_px: float
    """Standard deviation of one edge reading in the image."""
    depth_sigma_m: float
    """Stated axial noise of one depth reading at `depth_reference_m`; 0 for a 2D camera."""
    depth_reference_m: float
    """Distance at which `depth_sigma_m` holds; it grows with the square of the distance."""
    depth_scale: float = 1.0
    """Factor that corrects the readings, as the calibration found it."""
    depth_scale_sigma: float = 0.0
    """Standard deviation of what is left of the scale error, as a share of the distance."""
    depth_warp_m: float = 0.0
    """Standard deviation of the smooth error that a whole neighbourhood of readings shares."""
    depth_correlation_px: float = 0.0
    """Standard deviation of the kernel over which neighbours share their noise; 0 for white."""

    @property
    def ideal_depth(self) -> bool:
        """Whether no real depth camera states so little noise; reports must say so."""
        return 0 < self.depth_sigma_m <= IDEAL_DEPTH_SIGMA_M

    def __post_init__(self) -> None:
        object.__setattr__(self, "K", pinhole("K", self.K))
        object.__setattr__(self, "distortion", frozen("distortion", self.distortion, (5,)))
        object.__setattr__(self, "T_mount_camera", rigid("T_mount_camera", self.T_mount_camera))
        figure("width_px", self.width_px, 1)
        figure("height_px", self.height_px, 1)
        one_of("mount", self.mount, get_args(Mount))
        for name in _NOT_NEGATIVE:
            figure(name, getattr(self, name), 0)
        for name in ("pixel_sigma_px", "depth_reference_m", "depth_scale"):
            figure(name, getattr(self, name), 0, above=True)


_NOT_NEGATIVE = (
    "translation_sigma_m",
    "rotation_sigma_rad",
    "depth_sigma_m",
    "depth_scale_sigma",
    "depth_warp_m",
    "depth_correlation_px",
)


@dataclass(frozen=True, eq=False)
class Capture:
    """One picture of one camera."""

    calibration: CameraCalibration
    """The believed camera, with its name."""
    image: NDArray[np.uint8]
    """(h, w, 3) RGB."""
    depth: NDArray[np.float32] | None
    """(h, w) metres along the camera's z, NaN where there is no reading; None for a 2D camera."""
    time_s: float
    """Station time of the exposure."""
    T_base_flange: Floats
    """(4, 4) flange pose that the joint encoders reported."""

    def __post_init__(self) -> None:
        h, w = self.calibration.height_px, self.calibration.width_px
        object.__setattr__(self, "image", frozen("image", self.image, (h, w, 3), dtype=np.uint8))
        if self.depth is not None:
            if np.asarray(self.depth).dtype.kind not in "f":
                raise ShapeError(
                    f"depth of shape {np.shape(self.depth)} must be metres in floating point",
                    got=np.asarray(self.depth).dtype.name,
                )
            depth = frozen("depth", self.depth, (h, w), dtype=np.float32, finite=False)
            object.__setattr__(self, "depth", depth)
        finite("time_s", self.time_s)
        object.__setattr__(self, "T_base_flange", rigid("T_base_flange", self.T_base_flange))

    @property
    def T_base_camera(self) -> Floats:
        """(4, 4) believed camera pose in the arm's base frame."""
        T_mount = self.calibration.T_mount_camera
        if self.calibration.mount == "base":
            return T_mount
        result: Floats = self.T_base_flange @ T_mount
        return result


@dataclass(frozen=True, eq=False)
class ReferenceMark:
    """A square ArUco mark (dictionary 4x4_50) on the station, whose place was touched."""

    number: int
    """Its number in the dictionary."""
    side_m: float
    """Side of its black square."""
    T_base_mark: Floats
    """(4, 4) believed pose: origin in its centre, x to the right of the print, +z out of it."""
    sigma_m: float
    """Standard deviation, per axis, of its believed place."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "T_base_mark", rigid("T_base_mark", self.T_base_mark))
        figure("number", self.number, 0, MARKS - 1)
        figure("side_m", self.side_m, 0, above=True)
        figure("sigma_m", self.sigma_m, 0)


@dataclass(frozen=True, eq=False)
class SearchTask:
    """What the station tells perception to look for, and where."""

    cell: CellModel
    """The only cell model in the region."""
    materials: dict[str, Material]
    """Appearance of every material that the cell's file names."""
    T_base_region: Floats
    """(4, 4) frame of the search region: origin on the surface that cells stand on, +z up."""
    region_size_m: Floats
    """(3,) extents: x and y centred on the origin, z from the surface upwards."""
    polarity_confidence: float
    """Probability below which a polarity is called unknown."""
    marks: tuple[ReferenceMark, ...] = ()
    """Reference marks that the cameras may see."""
    arrangement: Arrangement = "upright"
    """How the recipe says that the cells lie: a belief, one of them may lie otherwise."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "T_base_region", rigid("T_base_region", self.T_base_region))
        object.__setattr__(self, "region_size_m", frozen("region_size_m", self.region_size_m, (3,)))
        for axis, extent in enumerate(self.region_size_m):
            figure(f"region_size_m[{axis}]", extent, 0, above=True)
        figure("polarity_confidence", self.polarity_confidence, 0, 1)
        one_of("arrangement", self.arrangement, get_args(Arrangement))


@dataclass(frozen=True, eq=False)
class CaptureSet:
    """One look: all cameras' pictures and the task that they were taken for."""

    captures: tuple[Capture, ...]
    """One a camera, in the rig's order."""
    task: SearchTask
    """What to find."""
    expected: tuple[str, ...] = ()
    """Names of the cameras that were triggered; one without a capture did not answer."""
    triggered_s: float = 0.0
    """Station time of the look's first trigger: a capture stamped before it is an old one."""

    def __post_init__(self) -> None:
        finite("triggered_s", self.triggered_s)
