"""From the joint solution to the calibrated rig: beliefs, their stated sigmas, their covariance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import nnls

from cellpick.calibration.depth import DepthScale, depth_scale
from cellpick.calibration.pinhole import INTRINSICS, pinhole_of, project_with_derivatives
from cellpick.calibration.solve import Solution
from cellpick.geometry import Floats, pixel_grid, rays, skew
from cellpick.structures import CameraCalibration, RigCalibration
from cellpick.structures.calibration import CAMERA_PARAMETERS

GRID = 5
"""Pixels along an image's side at which a camera's effect is weighed."""


def rig_calibration(
    solution: Solution, scene: str, seed: int
) -> tuple[RigCalibration, tuple[DepthScale, ...]]:
    """The calibrated rig, and the scale of each camera's depth."""
    problem, x = solution.problem, solution.x
    here, sightings = problem.geometry(x), problem.sightings
    scales = tuple(depth_scale(problem, x, row) for row in range(len(sightings.cameras)))
    covariance = _public_covariance(solution, scales)
    boards, errors = problem.cameras_boards(here), problem.errors_px(x)
    cameras, residuals = [], []
    for row, belief in enumerate(sightings.cameras):
        mine = np.array([picture.camera == row for picture in sightings.pictures])
        K, distortion = pinhole_of(here.intrinsics[row])
        seen = errors[mine[problem.picture]]
        residuals.append(float(np.sqrt(np.mean(seen**2))))
        at = slice(CAMERA_PARAMETERS * row, CAMERA_PARAMETERS * row + 6 + INTRINSICS)
        calibrated = replace(
            belief,
            K=K,
            distortion=distortion,
            T_mount_camera=here.Ts_mount_camera[row],
            depth_scale=scales[row].factor,
            depth_scale_sigma=float(np.sqrt(covariance[at.stop, at.stop])),
        )
        distances = np.quantile(boards[mine, 2, 3], [0.0, 0.5, 1.0])
        sigmas = stated_sigmas(calibrated, covariance[at, at], distances)
        cameras.append(
            replace(calibrated, translation_sigma_m=sigmas[0], rotation_sigma_rad=sigmas[1])
        )
    rig = RigCalibration(
        cameras=tuple(cameras),
        covariance=covariance,
        board=sightings.board,
        poses=len({picture.pose for picture in sightings.pictures}),
        residual_px=tuple(residuals),
        scene=scene,
        seed=seed,
    )
    return rig, scales


def stated_sigmas(
    camera: CameraCalibration, covariance: Floats, distances_m: Floats
) -> tuple[float, float]:
    """Position (m) and rotation (rad) sigma with which independent errors of the pose alone would
    put points as far off as `covariance` (15, 15) of pose and intrinsics does, over the image and
    at `distances_m` (d,).

    Errors of place, turn and lens are strongly correlated: each alone is larger than its effect.
    """
    pixels = pixel_grid(GRID, GRID) / (GRID - 1) * [camera.width_px - 1, camera.height_px - 1]
    directions = rays(pixels, camera.K, camera.distortion)
    points = (np.asarray(distances_m)[:, None, None] * directions).reshape(-1, 3)
    intrinsics = np.array(
        [*camera.K[[0, 1, 0, 1], [0, 1, 2, 2]], *camera.distortion], dtype=np.float64
    )
    J = point_derivatives(points, intrinsics)
    variance = np.einsum("nij,jk,nik->n", J, covariance, J)
    # a turn moves a point across its own direction only, along two of the three axes
    effect = np.stack([np.full(len(points), 3.0), 2 * (points**2).sum(axis=1)], axis=1)
    weight = 1 / variance[:, None]
    found = nnls(effect * weight, np.ones(len(points)))[0]
    return float(np.sqrt(found[0])), float(np.sqrt(found[1]))


def point_derivatives(p_camera: Floats, intrinsics: Floats) -> Floats:
    """(n, 3, 15) of points (n, 3) seen at their pixels and known depth, on axes of the camera
    frame, by the camera's small motion and its intrinsics (9,)."""
    view = project_with_derivatives(p_camera, intrinsics)
    across = np.linalg.inv(view.by_point[:, :, :2])
    by_intrinsics = np.zeros((len(p_camera), 3, INTRINSICS))
    by_intrinsics[:, :2] = -across @ view.by_intrinsics
    by_pose = np.concatenate([np.tile(np.eye(3), (len(p_camera), 1, 1)), -skew(p_camera)], axis=2)
    return np.concatenate([by_pose, by_intrinsics], axis=2)


def _public_covariance(solution: Solution, scales: tuple[DepthScale, ...]) -> Floats:
    """(16 n, 16 n), in the order that `RigCalibration` states."""
    problem = solution.problem
    n = len(scales)
    pick = np.zeros((CAMERA_PARAMETERS * n, problem.size))
    own = np.zeros(CAMERA_PARAMETERS * n)
    for row, scale in enumerate(scales):
        at = CAMERA_PARAMETERS * row
        pick[np.arange(at, at + 6), np.arange(6 * row, 6 * row + 6)] = 1.0
        first = problem.intrinsics.start + INTRINSICS * row
        lens = np.arange(INTRINSICS)
        pick[at + 6 + lens, first + lens] = problem.intrinsics_sigma[row]
        pick[at + CAMERA_PARAMETERS - 1] = scale.by_parameters
        own[at + CAMERA_PARAMETERS - 1] = scale.own_sigma**2
    result: Floats = pick @ solution.covariance @ pick.T + np.diag(own)
    return result
