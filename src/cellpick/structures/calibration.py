"""What a calibration of a whole rig found: the believed cameras and how sure they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.errors import ShapeError
from cellpick.geometry import Floats, frozen
from cellpick.structures.capture import CameraCalibration

CAMERA_PARAMETERS = 16
"""Parameters a camera has in `RigCalibration.covariance`."""


@dataclass(frozen=True)
class CalibrationBoard:
    """A ChArUco board: a chessboard whose white squares carry ArUco marks."""

    columns: int
    """Squares along x."""
    rows: int
    """Squares along y."""
    square_m: float
    """Side of a square."""
    marker_m: float
    """Side of a mark's black square."""


@dataclass(frozen=True, eq=False)
class RigCalibration:
    """All n cameras of a rig, solved together."""

    cameras: tuple[CameraCalibration, ...]
    """The believed cameras, in the rig's order."""
    covariance: Floats
    """(16 n, 16 n) of all parameters together. A camera's sixteen: the small motion (x, y, z, rx,
    ry, rz) in its own frame, then fx fy cx cy in pixels, k1 k2 p1 p2 k3, and the depth scale."""
    board: CalibrationBoard
    """The board that was looked at, as it was believed to be."""
    poses: int
    """Poses of the arm that were used."""
    residual_px: tuple[float, ...]
    """Root mean square of a camera's residuals along u and v."""
    scene: str
    """Scene that it was taken in."""
    seed: int
    """Seed of that scene."""

    def __post_init__(self) -> None:
        count = len(self.cameras)
        size, shape = CAMERA_PARAMETERS * count, np.shape(self.covariance)
        if shape != (size, size):
            raise ShapeError(
                f"covariance must have shape ({size}, {size}): {CAMERA_PARAMETERS} parameters "
                f"(place, lens, depth scale) of each of the cameras, here {count}",
                got=shape,
            )
        object.__setattr__(self, "covariance", frozen("covariance", self.covariance, (size, size)))
        if len(self.residual_px) != len(self.cameras):
            raise ShapeError("residual_px must have one entry a camera", got=len(self.residual_px))
