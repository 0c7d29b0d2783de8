"""What a calibration starts from: the arm's poses and what each camera saw of the board there."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, frozen
from cellpick.structures import CalibrationBoard, CameraCalibration


@dataclass(frozen=True, eq=False)
class Sighting:
    """The board in one picture."""

    camera: int
    """Row of the camera."""
    pose: int
    """Row of the arm's pose."""
    corners: NDArray[np.int64]
    """(n,) rows of `corner_points`."""
    pixels: Floats
    """(n, 2) where they are seen."""
    depth_pixels: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    """(m, 2) pixels on the board that have a reading of depth."""
    depth_m: Floats = field(default_factory=lambda: np.zeros(0))
    """(m,) those readings, along the camera's z."""

    def __post_init__(self) -> None:
        n, m = len(self.corners), len(self.depth_m)
        object.__setattr__(self, "corners", frozen("corners", self.corners, (n,), dtype=np.int64))
        object.__setattr__(self, "pixels", frozen("pixels", self.pixels, (n, 2)))
        object.__setattr__(self, "depth_pixels", frozen("depth_pixels", self.depth_pixels, (m, 2)))
        object.__setattr__(self, "depth_m", frozen("depth_m", self.depth_m, (m,)))


@dataclass(frozen=True, eq=False)
class Sightings:
    """All pictures of a calibration: n cameras, k poses."""

    cameras: tuple[CameraCalibration, ...]
    """What was believed of each camera before; its pose is not used."""
    board: CalibrationBoard
    """The board, as it is believed to be."""
    Ts_base_flange: Floats
    """(k, 4, 4) flange poses that the joint encoders reported."""
    flange_covariance: Floats
    """(k, 6, 6) of their errors, each in the flange's own frame; zero for an exact arm."""
    pictures: tuple[Sighting, ...]
    """Those in which the board was found."""

    def __post_init__(self) -> None:
        Ts = frozen("Ts_base_flange", self.Ts_base_flange, (None, 4, 4))
        object.__setattr__(self, "Ts_base_flange", Ts)
        covariance = frozen("flange_covariance", self.flange_covariance, (len(Ts), 6, 6))
        object.__setattr__(self, "flange_covariance", covariance)

    def of_camera(self, camera: int) -> list[Sighting]:
        """The pictures of one camera, in the order of the poses."""
        return [picture for picture in self.pictures if picture.camera == camera]
