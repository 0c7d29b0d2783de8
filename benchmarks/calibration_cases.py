"""Calibrations with simulated corners: true projections with the noise that rendered ones have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from cellpick.calibration import (
    Sighting,
    Sightings,
    Solution,
    all_checks,
    corner_points,
    rig_calibration,
    solve,
)
from cellpick.calibration.depth import WARP_LEFT
from cellpick.calibration.detection import LEAST_CORNERS
from cellpick.calibration.solve import Intrinsics
from cellpick.evaluate import Touch, touch_test
from cellpick.geometry import Floats, invert, project, transform
from cellpick.scene import CameraSpec, SceneModels
from cellpick.sensors import CameraRig
from cellpick.station.calibrate import working_depths, working_poses, working_volume
from cellpick.station.calibration_poses import DISTANCE, flange_poses
from cellpick.station.calibration_scene import CalibrationScene, calibration_scene
from cellpick.station.calibration_tour import Tour, encoder_covariance
from cellpick.station.streams import streams
from cellpick.structures import CameraCalibration, RigCalibration

BORDER_PX = 6
"""Corners nearer to the image's edge are not found."""
POSES = 20


@dataclass(frozen=True)
class Case:
    """One way to calibrate, right or wrong."""

    label: str
    printed_mm: float | None = None
    """Side of a square as it truly is; as believed by default."""
    distance: tuple[float, float] = DISTANCE
    """Distances of the board in units of the rig's standoff."""
    trueness: float = 0.0
    """Further relative error of the 3D cameras' readings."""
    depth_ignored: bool = False
    """The depth scale is taken to be 1."""
    lens: float = 0.0
    """Relative error of the believed focal lengths."""
    intrinsics: Intrinsics = "solve"


CASES = (
    Case("as it should be"),
    Case("lenses held", intrinsics="hold"),
    Case("square 30.3 mm, stated as 30.0 mm", printed_mm=30.3),
    Case("board at 1.6 to 1.8 times the standoff", distance=(1.6, 1.8)),
    Case("board at 0.50 to 0.55 times the standoff", distance=(0.50, 0.55)),
    Case("readings 6 per mille long, calibrated", trueness=6e-3),
    Case("readings 6 per mille long, depth not calibrated", trueness=6e-3, depth_ignored=True),
    Case("believed focal lengths 5 per mille off", lens=5e-3),
    Case("believed focal lengths 5 per mille off, held", lens=5e-3, intrinsics="hold"),
)


def simulated(
    models: SceneModels, q: Floats, seed: int, noise: Floats, case: Case
) -> dict[str, Any]:
    """One calibration at joint angles q (k, 6); `noise` (n, 3) is each camera's bias along u and v
    and its standard deviation, in pixels."""
    source = streams(seed)
    scene_rng, noise_rng = source.scene.spawn(2)
    scene = calibration_scene(models, scene_rng, source.belief)
    rig = CameraRig(scene.state, source.sensors)
    arm = scene.recipe.arm
    true = arm.flange_pose(q)
    reported = arm.flange_pose(q + source.world.normal(size=q.shape) * arm.encoder_sigma_rad)
    if case.distance != DISTANCE:
        # farther than the arm may reach: the encoders' error is that of the usual poses
        far = np.stack(list(islice(flange_poses(models, scene, case.distance), len(q))))
        true, reported = far, far @ invert(true) @ reported
    factors = [
        s * (1 + case.trueness * (c.depth is not None))
        for s, c in zip(rig.depth_scales, models.cameras, strict=True)
    ]
    pictures = _pictures(models, scene, true, factors, noise, noise_rng, case)
    beliefs = tuple(_lens(camera, case.lens) for camera in rig.calibrations)
    sightings = Sightings(beliefs, scene.board, reported, encoder_covariance(arm, q), pictures)
    solution = solve(sightings, case.intrinsics)
    calibration, scales = rig_calibration(solution, models.spec.name, seed)
    if case.depth_ignored:
        cameras = tuple(replace(c, depth_scale=1.0) for c in calibration.cameras)
        calibration = replace(calibration, cameras=cameras)
    points, flanges = working_volume(models), working_poses(models)
    touch = touch_test(models.cameras, factors, calibration, flanges, points, noise_rng)
    checks = all_checks(solution, scales, working_depths(calibration, flanges, points))
    failed = [f"{check.name}: {check.words}" for check in checks if not check.passed]
    return {**figures(touch), **residuals(solution, calibration), "failed": failed}


def figures(touch: Sequence[Touch]) -> dict[str, Any]:
    """The touch test of one calibration, with what it predicted."""
    errors = p95s(touch)
    return {
        "touch": {
            t.eye: {
                "p50_mm": 1e3 * float(np.median(t.distances_m)),
                "p95_mm": errors[t.eye],
                "max_mm": 1e3 * float(t.distances_m.max()),
                "predicted_p95_mm": 1e3 * t.bound_m,
                "held": t.held,
                "inside_share": t.inside_share,
            }
            for t in touch
        }
    }


def p95s(touch: Sequence[Touch]) -> dict[str, float]:
    """Touch error of each eye in mm, 95 % quantile over the points."""
    return {t.eye: 1e3 * t.p95_m for t in touch}


def residuals(solution: Solution, calibration: RigCalibration) -> dict[str, Any]:
    """What is left in the pictures."""
    return {
        "residual_px": list(calibration.residual_px),
        "pictures_alone_px": [s.picture_rms_px / np.sqrt(2) for s in solution.starts],
    }


def corner_noise(models: SceneModels, tour: Tour) -> Floats:
    """(n, 3) bias along u and v and standard deviation of the rendered corners, in pixels: against
    the true cameras, the true flange and the place of the board that fits them all best."""
    from scipy.optimize import least_squares

    from cellpick.geometry import exp_rotation, pose

    solved = solve(tour.sightings, "hold").problem
    start = solved.start.T_home_board
    points = corner_points(tour.sightings.board)

    def errors(delta: Floats) -> list[Floats]:
        T = start @ pose(exp_rotation(delta[3:]), delta[:3])
        return [
            p.pixels
            - _seen(models.cameras[p.camera], tour.Ts_base_flange_true[p.pose], T, points)[
                p.corners
            ]
            for p in tour.sightings.pictures
        ]

    fit = least_squares(
        lambda d: np.concatenate(errors(d)).ravel(), np.zeros(6), loss="soft_l1", f_scale=0.2
    )
    found = errors(fit.x)
    rows = []
    for camera in range(len(models.cameras)):
        own = np.concatenate(
            [e for e, p in zip(found, tour.sightings.pictures, strict=True) if p.camera == camera]
        )
        rows.append([*own.mean(axis=0), own.std()])
    return np.array(rows)


def _lens(camera: CameraCalibration, share: float) -> CameraCalibration:
    K = camera.K.copy()
    K[[0, 1], [0, 1]] *= 1 + share
    return replace(camera, K=K)


def _seen(spec: CameraSpec, T_base_flange: Floats, T_home_board: Floats, points: Floats) -> Floats:
    return project(_in_camera(spec, T_base_flange, T_home_board, points), spec.K, spec.distortion)


def _in_camera(spec: CameraSpec, T_base_flange: Floats, T_home: Floats, points: Floats) -> Floats:
    if spec.mount == "flange":
        return transform(invert(T_base_flange @ spec.T_mount_camera) @ T_home, points)
    return transform(invert(spec.T_mount_camera) @ T_base_flange @ T_home, points)


def _pictures(
    models: SceneModels,
    scene: CalibrationScene,
    Ts_base_flange: Floats,
    factors: Sequence[float],
    noise: Floats,
    rng: np.random.Generator,
    case: Case,
) -> tuple[Sighting, ...]:
    board = scene.state.decals[-1]
    T_home = board.T_parent_decal
    if scene.mount == "flange":
        T_home = invert(models.T_world_base) @ T_home
    points = corner_points(scene.board) * (
        (case.printed_mm or 0.0) * 1e-3 / scene.board.square_m or 1.0
    )
    # the device's smooth error is the same in all pictures; its mean over the board is left
    warp = WARP_LEFT * rng.standard_normal(len(models.cameras))
    found = []
    for pose_row, T in enumerate(Ts_base_flange):
        for row, spec in enumerate(models.cameras):
            p_camera = _in_camera(spec, T, T_home, points)
            pixels = project(p_camera, spec.K, spec.distortion)
            last = np.array([spec.width_px, spec.height_px]) - 1 - BORDER_PX
            kept = np.flatnonzero(((pixels > BORDER_PX) & (pixels < last)).all(axis=1))
            if len(kept) < LEAST_CORNERS:
                continue
            seen = (
                pixels[kept] + noise[row, :2] + noise[row, 2] * rng.standard_normal((len(kept), 2))
            )
            depth = np.zeros((0, 2)), np.zeros(0)
            if spec.depth is not None:
                depth = _readings(
                    pixels[kept], p_camera[kept, 2], factors[row], spec, warp[row], rng
                )
            found.append(Sighting(row, pose_row, kept, seen, *depth))
    return tuple(found)


def _readings(
    pixels: Floats,
    depth_m: Floats,
    factor: float,
    spec: CameraSpec,
    warp: float,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Readings at the corners, repeated; `warp` is the device's mean smooth error, in sigmas."""
    assert spec.depth is not None
    stated = spec.depth.stated
    pixels, depth_m = np.tile(pixels, (4, 1)), np.tile(depth_m, 4)
    noise = stated.sigma_m * rng.standard_normal(len(depth_m)) + stated.warp_m * warp
    return pixels, factor * depth_m + noise
