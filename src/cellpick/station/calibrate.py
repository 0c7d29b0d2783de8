"""One calibration of a station's rig: the function behind `cellpick calibrate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cellpick.calibration import (
    METHODS,
    Check,
    Solution,
    all_checks,
    rig_calibration,
    solve,
)
from cellpick.calibration.depth import DepthScale
from cellpick.calibration.solve import Intrinsics
from cellpick.evaluate import Touch, touch_test
from cellpick.geometry import Floats, invert, pose, rotation_z, transform
from cellpick.scene import SceneModels
from cellpick.sensors import CameraRig
from cellpick.station.calibration_scene import calibration_scene
from cellpick.station.calibration_tour import Progress, Tour, planned_poses, take_tour
from cellpick.station.streams import streams
from cellpick.structures import CalibrationBoard, CameraCalibration, RigCalibration

GRID = (5, 5, 4)
"""Points of the touch test along x, y and z."""
ABOVE = 1.2
"""Height of the working volume over the table, in units of the cells' tops' height."""
YAWS = (0.0, np.pi / 2)
"""Turns of the rig over the tray in the touch test."""


@dataclass(frozen=True, eq=False)
class CalibrationRun:
    """A calibration with all that it was judged by."""

    calibration: RigCalibration
    """What the station now believes."""
    solution: Solution
    """The joint solution."""
    scales: tuple[DepthScale, ...]
    """Each camera's depth scale."""
    checks: tuple[Check, ...]
    """What the station can check by itself."""
    tour: Tour
    """Where the arm was and what was seen."""
    touch: tuple[Touch, ...]
    """Truth: the touch test of the calibration."""
    touch_before: tuple[Touch, ...]
    """Truth: the touch test of what was believed before."""
    touch_by_method: dict[str, tuple[Touch, ...]]
    """Truth: the touch test of OpenCV's methods, with the lenses as believed before; one without
    an entry found no solution."""


def calibrate_rig(
    models: SceneModels,
    seed: int,
    poses: int,
    intrinsics: Intrinsics,
    progress: Progress,
    printed: CalibrationBoard | None = None,
) -> CalibrationRun:
    """Calibrates the rig with `poses` poses of the arm; raises `InputError` where it cannot.

    `printed` is the board as it truly is, where that is not as believed.
    """
    source = streams(seed)
    touch_rng, scene_rng = source.scene.spawn(2)
    scene = calibration_scene(models, scene_rng, source.belief, printed)
    q, moving_s = planned_poses(scene, models, poses, progress)
    rig = CameraRig(scene.state, source.sensors)
    tour = take_tour(scene, rig, q, moving_s, source.world, progress)
    progress("solving")
    solution = solve(tour.sightings, intrinsics)
    calibration, scales = rig_calibration(solution, models.spec.name, seed)
    progress("touching")
    points, flanges = working_volume(models), working_poses(models)

    def touched(cameras: Sequence[CameraCalibration], covariance: Floats) -> tuple[Touch, ...]:
        believed = replace(calibration, cameras=tuple(cameras), covariance=covariance)
        rng = np.random.default_rng(touch_rng.integers(2**63))
        return touch_test(models.cameras, rig.depth_scales, believed, flanges, points, rng)

    nothing = np.zeros_like(calibration.covariance)
    by_method = {
        method: touched(cameras, nothing)
        for method in METHODS
        if (cameras := _by_method(method, rig.calibrations, solution))
    }
    return CalibrationRun(
        calibration,
        solution,
        scales,
        all_checks(solution, scales, working_depths(calibration, flanges, points)),
        tour,
        touched(calibration.cameras, calibration.covariance),
        touched(rig.calibrations, nothing),
        by_method,
    )


def working_volume(models: SceneModels) -> Floats:
    """(m, 3) points in the base frame: over the tray, from the table to above the cells' tops."""
    half = models.tray_size_m[:2] / 2
    floor = -models.T_world_tray[2, 3]
    top = ABOVE * (models.cell.height_m - floor) + floor
    axes = (
        np.linspace(-half[0], half[0], GRID[0]),
        np.linspace(-half[1], half[1], GRID[1]),
        np.linspace(floor, top, GRID[2]),
    )
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return transform(invert(models.T_world_base) @ models.T_world_tray, grid)


def working_poses(models: SceneModels) -> Floats:
    """(k, 4, 4) `T_base_flange` of looks at the tray."""
    height = models.cell.height_m + models.spec.rig.standoff_m
    down = rotation_z(np.array(YAWS)) @ np.diag([1.0, -1.0, -1.0])
    Ts = pose(down, np.array([0.0, 0.0, height]))
    result: Floats = invert(models.T_world_base) @ models.T_world_tray @ Ts
    return result


def working_depths(calibration: RigCalibration, flanges: Floats, points: Floats) -> list[Floats]:
    """(2,) nearest and farthest depth of the working volume for each camera."""
    depths = []
    for camera in calibration.cameras:
        mounts = flanges if camera.mount == "flange" else np.eye(4)[None]
        z = transform(invert(mounts @ camera.T_mount_camera), points)[..., 2]
        depths.append(np.array([z.min(), z.max()]))
    return depths


def _by_method(
    method: str, beliefs: Sequence[CameraCalibration], solution: Solution
) -> list[CameraCalibration]:
    """The beliefs with the method's places; none where the method failed for a camera."""
    Ts = [start.Ts_mount_camera[method] for start in solution.starts]
    if not np.isfinite(Ts).all():
        return []
    return [replace(belief, T_mount_camera=T) for belief, T in zip(beliefs, Ts, strict=True)]
