"""Calibrations without pictures: corners projected exactly, with whatever noise a test wants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cellpick.calibration import Sighting, Sightings, corner_points
from cellpick.geometry import (
    exp_rotation,
    invert,
    perturb,
    pose,
    project,
    rotation_z,
    transform,
)
from cellpick.structures import CalibrationBoard, CameraCalibration

BOARD = CalibrationBoard(columns=6, rows=5, square_m=0.04, marker_m=0.03)
DOWN = np.diag([1.0, -1.0, -1.0])
CENTRE = np.array([0.5, -0.2, 0.0])
T_BASE_BOARD = pose(rotation_z(0.3), CENTRE)
FLANGE_COVARIANCE = np.diag([1e-5**2] * 3 + [1e-5**2] * 3)


def camera(name="cam0_3d", mount="flange", side=1.0, **changes):
    """A camera that looks at the focus in front of a flange, or from above at the table."""
    K = np.array([[700.0, 0, 319.5], [0, 702.0, 239.5], [0, 0, 1]])
    tilt = exp_rotation([0.0, -0.2 * side, 0.0])
    T = pose(rotation_z(0.4 * side) @ tilt, [0.1 * side, 0.05, 0.05])
    if mount == "base":
        T = pose(DOWN @ tilt, CENTRE + np.array([0.2 * side, 0.0, 0.9]))
    belief = CameraCalibration(
        camera=name,
        width_px=640,
        height_px=480,
        K=K,
        distortion=np.array([-0.06, 0.02, 4e-4, -3e-4, 0.0]),
        mount=mount,
        T_mount_camera=T,
        translation_sigma_m=1e-4,
        rotation_sigma_rad=3e-4,
        pixel_sigma_px=0.1,
        depth_sigma_m=1e-4 if "3d" in name else 0.0,
        depth_reference_m=0.6,
    )
    return replace(belief, **changes)


def pair(mount="flange"):
    return camera(mount=mount), camera("cam1_2d", mount, -1.0)


T_FLANGE_BOARD = pose(DOWN, [0.05, 0.02, 0.05])


def flange_poses(rng, count, mount="flange", tilt=0.45, distance=(0.5, 0.65)):
    """`T_base_flange` (count, 4, 4): looks at the board, or carries it under the cameras."""
    found = []
    for _ in range(count):
        axis = np.append(rng.normal(size=2), 0.0)
        turn = exp_rotation(tilt * rng.uniform(0.3, 1) * axis / np.linalg.norm(axis))
        R = turn @ rotation_z(rng.uniform(-np.pi, np.pi)) @ DOWN
        aim = CENTRE + np.append(rng.uniform(-0.04, 0.04, 2), 0.0)
        if mount == "flange":
            found.append(pose(R, aim - rng.uniform(*distance) * R[:, 2]))
        else:
            board = pose(R @ DOWN, aim + np.array([0, 0, rng.uniform(0.2, 0.4)]))
            found.append(board @ invert(T_FLANGE_BOARD))
    return np.array(found)


def board_in_camera(true, T_base_flange, mount):
    if mount == "flange":
        return invert(T_base_flange @ true.T_mount_camera) @ T_BASE_BOARD
    return invert(true.T_mount_camera) @ T_base_flange @ T_FLANGE_BOARD


def sightings(
    seed=0,
    *,
    count=12,
    mount="flange",
    sigma_px=0.0,
    encoders=False,
    printed=1.0,
    depth_factor=1.0,
    cameras=None,
    believed=None,
    flanges=None,
):
    """What true `cameras` see; `printed` is the true size of the board over the believed one."""
    rng = np.random.default_rng(seed)
    cameras = cameras or pair(mount)
    true = flange_poses(rng, count, mount) if flanges is None else flanges
    covariance = FLANGE_COVARIANCE * encoders
    error = rng.normal(size=(len(true), 6)) * np.sqrt(np.diag(covariance))
    points = printed * corner_points(BOARD)
    pictures = []
    for j, T in enumerate(true):
        for i, eye in enumerate(cameras):
            p_camera = transform(board_in_camera(eye, T, mount), points)
            pixels = project(p_camera, eye.K, eye.distortion)
            seen = np.flatnonzero(((pixels > 2) & (pixels < [637, 477])).all(axis=1))
            if len(seen) < 8:
                continue
            noise = sigma_px * rng.normal(size=(len(seen), 2))
            readings = np.zeros((0, 2)), np.zeros(0)
            if eye.depth_sigma_m > 0:
                readings = np.tile(pixels[seen], (4, 1)), np.tile(p_camera[seen, 2], 4)
            depth = depth_factor * readings[1]
            pictures.append(Sighting(i, j, seen, pixels[seen] + noise, readings[0], depth))
    # the place that was believed before must not matter
    lost = [replace(c, T_mount_camera=np.eye(4)) for c in believed or cameras]
    return Sightings(
        tuple(lost),
        BOARD,
        perturb(true, -error),
        np.tile(covariance, (len(true), 1, 1)),
        tuple(pictures),
    )
