"""Finds the board in a picture: corners by OpenCV's ArUco module, and readings of depth on it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from cellpick.calibration.board import detector
from cellpick.calibration.sightings import Sighting
from cellpick.geometry import Floats
from cellpick.structures import CalibrationBoard, Capture

LEAST_CORNERS = 8
"""A picture with fewer is left out: four fix a plane's pose, the rest says how well."""
MOST_READINGS = 400
"""Readings of depth kept from a picture."""


def find_board(
    captures: Sequence[Capture], pose: int, board: CalibrationBoard, cameras: Sequence[str]
) -> list[Sighting]:
    """The board in each camera's picture of one pose; no entry where it was not found.

    `cameras` names the rig's cameras, in the order of their rows: one that did not answer has no
    capture.
    """
    found = []
    for capture in captures:
        camera = cameras.index(capture.calibration.camera)
        grey = cv2.cvtColor(capture.image, cv2.COLOR_RGB2GRAY)
        corners, numbers, _, _ = detector(board).detectBoard(grey)
        if numbers is None or len(numbers) < LEAST_CORNERS:
            continue
        pixels = np.asarray(corners, dtype=np.float64).reshape(-1, 2)
        readings = _readings(capture, pixels)
        found.append(Sighting(camera, pose, np.ravel(numbers), pixels, *readings))
    return found


def _readings(capture: Capture, corners: Floats) -> tuple[Floats, Floats]:
    """Pixels (m, 2) and depths (m,) inside the corners' hull, evenly thinned."""
    if capture.depth is None:
        return np.zeros((0, 2)), np.zeros(0)
    inside = np.zeros(capture.depth.shape, dtype=np.uint8)
    hull = cv2.convexHull(np.round(corners).astype(np.int32))
    cv2.fillConvexPoly(inside, hull, 1)
    v, u = np.nonzero((inside > 0) & np.isfinite(capture.depth))
    kept = np.unique(np.linspace(0, len(u) - 1, min(MOST_READINGS, len(u))).astype(np.int64))
    pixels = np.stack([u[kept], v[kept]], axis=1).astype(np.float64)
    return pixels, capture.depth[v[kept], u[kept]].astype(np.float64)
