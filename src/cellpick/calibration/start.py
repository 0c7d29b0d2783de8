"""Where the joint solution starts: each camera on its own, by OpenCV's five methods."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from cellpick.calibration.board import corner_points
from cellpick.calibration.conventions import check_conventions, scatter
from cellpick.calibration.methods import METHODS, board_seen, hand_eye, mean_pose
from cellpick.calibration.pinhole import intrinsics_of
from cellpick.calibration.problem import Geometry
from cellpick.calibration.sightings import Sightings
from cellpick.errors import InputError
from cellpick.geometry import Floats, invert


class CameraStart(NamedTuple):
    """One camera alone."""

    Ts_mount_camera: dict[str, Floats]
    """Each method's (4, 4); NaN where it found none."""
    best: str
    """The method by which the board stands stillest."""
    picture_rms_px: float
    """Residual of OpenCV's `calibrateCamera` on the pictures alone, the arm unknown."""


def start_of(sightings: Sightings, camera: int) -> tuple[CameraStart, Floats]:
    """One camera's start, and the board's poses (k, 4, 4) in the base or the flange frame.

    Raises `InputError` naming a wrong convention.
    """
    belief, seen = sightings.cameras[camera], sightings.of_camera(camera)
    points = corner_points(sightings.board)
    boards = np.stack(
        [board_seen(s.pixels, points[s.corners], belief.K, belief.distortion) for s in seen]
    )
    flanges = sightings.Ts_base_flange[[s.pose for s in seen]]
    check_conventions(flanges, boards, belief.mount, belief.camera)
    found = {name: hand_eye(name, belief.mount, flanges, boards) for name in METHODS}
    still = {
        name: float(np.median(scatter(flanges, boards, belief.mount, T)))
        for name, T in found.items()
        if np.isfinite(T).all()
    }
    if not still:
        raise InputError("no hand-eye method finds the camera's place", key=belief.camera)
    best = min(still, key=still.__getitem__)
    homes = (flanges if belief.mount == "flange" else invert(flanges)) @ found[best] @ boards
    return CameraStart(found, best, _pictures_alone(sightings, camera)), homes


def start_geometry(sightings: Sightings) -> tuple[Geometry, tuple[CameraStart, ...]]:
    """All cameras round one board, to be refined together."""
    starts, homes = zip(
        *(start_of(sightings, row) for row in range(len(sightings.cameras))), strict=True
    )
    geometry = Geometry(
        np.stack([start.Ts_mount_camera[start.best] for start in starts]),
        mean_pose(np.concatenate(homes)),
        np.stack([intrinsics_of(c.K, c.distortion) for c in sightings.cameras]),
        sightings.Ts_base_flange,
    )
    return geometry, tuple(starts)


def _pictures_alone(sightings: Sightings, camera: int) -> float:
    belief, seen = sightings.cameras[camera], sightings.of_camera(camera)
    points = corner_points(sightings.board).astype(np.float32)
    rms, *_ = cv2.calibrateCamera(
        [points[s.corners] for s in seen],
        [s.pixels.astype(np.float32)[:, None] for s in seen],
        (belief.width_px, belief.height_px),
        belief.K.copy(),
        belief.distortion.copy(),
        flags=cv2.CALIB_USE_INTRINSIC_GUESS,
    )
    # OpenCV sums in threads, whose order changes the last digits from run to run
    return round(float(rms), 6)
