"""Hand-eye by OpenCV's five methods, for a camera on the flange and for one that is fixed.

Tsai and Lenz (1989); Park and Martin (1994); Horaud and Dornaika (1995); Andreff, Horaud and
Espiau (1999); Daniilidis (1999).
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from cellpick.geometry import Floats, invert, pose

METHODS = {
    "tsai": cv2.CALIB_HAND_EYE_TSAI,
    "park": cv2.CALIB_HAND_EYE_PARK,
    "horaud": cv2.CALIB_HAND_EYE_HORAUD,
    "andreff": cv2.CALIB_HAND_EYE_ANDREFF,
    "daniilidis": cv2.CALIB_HAND_EYE_DANIILIDIS,
}
"""Name -> OpenCV's number."""


def hand_eye(
    method: str,
    mount: Literal["flange", "base"],
    Ts_base_flange: Floats,
    Ts_camera_board: Floats,
) -> Floats:
    """`T_mount_camera` (4, 4) of k >= 3 flange poses and the board as the camera saw it (k, 4, 4).

    A fixed camera is the same problem with the flange poses turned round. NaN where OpenCV's
    method finds none.
    """
    Ts = Ts_base_flange if mount == "flange" else invert(Ts_base_flange)
    R, p = cv2.calibrateHandEye(
        list(Ts[:, :3, :3]),
        list(Ts[:, :3, 3]),
        list(Ts_camera_board[:, :3, :3]),
        list(Ts_camera_board[:, :3, 3]),
        method=METHODS[method],
    )
    if not (np.isfinite(R).all() and np.isfinite(p).all()):
        return np.full((4, 4), np.nan)
    return pose(_nearest_rotation(R), np.ravel(p))


def board_seen(pixels: Floats, points: Floats, K: Floats, distortion: Floats) -> Floats:
    """`T_camera_board` (4, 4) of corners `points` (n, 3) on a plane, seen at `pixels` (n, 2)."""
    _, turn, shift = cv2.solvePnP(points, pixels, K, distortion, flags=cv2.SOLVEPNP_IPPE)
    turn, shift = cv2.solvePnPRefineLM(points, pixels, K, distortion, turn, shift)
    return pose(cv2.Rodrigues(turn)[0], np.ravel(shift))


def mean_pose(Ts: Floats) -> Floats:
    """(4, 4) pose in the middle of poses (k, 4, 4) that are nearly the same."""
    return pose(_nearest_rotation(Ts[:, :3, :3].mean(axis=0)), np.median(Ts[:, :3, 3], axis=0))


def _nearest_rotation(M: Floats) -> Floats:
    U, _, Vt = np.linalg.svd(M)
    result: Floats = U @ np.diag([1.0, 1.0, np.linalg.det(U @ Vt)]) @ Vt
    return result
