"""The board in the scene, the arm's poses, and what the encoders leave open."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from cellpick.errors import InputError
from cellpick.geometry import difference, invert, translation
from cellpick.scene import load_scene, resolve_scene
from cellpick.station.calibrate import working_poses, working_volume
from cellpick.station.calibration_poses import AIM_M, DISTANCE, TILT_RAD, flange_poses
from cellpick.station.calibration_scene import THICK_M, calibration_scene
from cellpick.station.calibration_tour import encoder_covariance, planned_poses
from cellpick.structures import CalibrationBoard

MOUNTS = {"flange": [], "base": ["rig.mount=fixed"]}


@pytest.fixture(scope="module", params=list(MOUNTS))
def stage(request):
    models = resolve_scene(load_scene("prismatic_tray", MOUNTS[request.param]))
    rngs = (np.random.default_rng(k) for k in (1, 2))
    return request.param, models, calibration_scene(models, *rngs)


def test_the_board_takes_the_place_of_tray_and_cells(stage):
    mount, _, scene = stage
    names = [s.name for s in (*scene.state.fixtures, *scene.recipe.fixtures)]
    assert not [name for name in names if name.startswith("tray.")]
    assert len(scene.state.Ts_world_cell) == 0
    assert scene.mount == mount
    owner = scene.state.fixtures if mount == "flange" else scene.state.rig
    plate = next(s for s in owner if s.name == "board")
    decal = scene.state.decals[-1]
    assert decal.parent == ("world" if mount == "flange" else "flange")
    top = plate.T_parent_solid @ translation([0, 0, plate.size_m[2] / 2])
    assert np.allclose(decal.T_parent_decal, top)
    half = plate.size_m[:2] / 2
    assert (np.abs(decal.rects_m.reshape(-1, 2)) <= half).all()
    if mount == "flange":
        assert decal.T_parent_decal[2, 3] == pytest.approx(THICK_M)
    else:
        assert scene.state.gripper.solids == ()


def test_a_board_may_be_printed_wrong_and_is_believed_right():
    models = resolve_scene(load_scene("prismatic_tray"))
    rngs = [np.random.default_rng(k) for k in (1, 2)]
    right = calibration_scene(models, *rngs)
    rngs = [np.random.default_rng(k) for k in (1, 2)]
    wrong = calibration_scene(models, *rngs, CalibrationBoard(9, 7, 0.0303, 0.02222))
    printed, believed = (scene.state.decals[-1].rects_m for scene in (wrong, right))
    assert np.allclose(printed, 1.01 * believed)
    assert wrong.board == right.board


def test_poses_are_spread_within_their_bounds(stage):
    mount, models, scene = stage
    Ts = np.stack(list(islice(flange_poses(models, scene), 30)))
    assert np.array_equal(Ts, np.stack(list(islice(flange_poses(models, scene), 30))))
    up = scene.recipe.T_base_tray[:3, 2]
    tilt = np.arccos(-(Ts[:, :3, 2] @ up))
    assert tilt.min() > TILT_RAD[0] - 1e-9
    assert tilt.max() < TILT_RAD[1] + 1e-9
    assert np.ptp(tilt) > 0.8 * np.ptp(TILT_RAD)
    if mount == "flange":
        standoff = models.spec.rig.standoff_m
        focus = Ts[:, :3, 3] - scene.T_home_board[:3, 3]
        distance = np.linalg.norm(focus, axis=1)
        assert distance.max() <= DISTANCE[1] * standoff + 2 * AIM_M
        assert distance.min() >= DISTANCE[0] * standoff - 2 * AIM_M


def test_the_arm_reaches_poses_one_from_the_other(stage):
    _, models, scene = stage
    q, seconds = planned_poses(scene, models, 3, lambda line: None)
    assert q.shape == (3, 6)
    assert seconds > 0.5
    arm = scene.recipe.arm
    assert ((q > arm.lower_rad) & (q < arm.upper_rad)).all()


def test_poses_out_of_reach_are_refused_with_the_reason():
    models = resolve_scene(load_scene("prismatic_tray"))
    scene = calibration_scene(models, *(np.random.default_rng(k) for k in (1, 2)))
    away = scene.recipe.T_base_tray @ translation([3.0, 0, 0])
    lost = type(scene)(scene.state, scene.recipe, scene.mount, scene.board, away)
    with pytest.raises(InputError, match="reaches too few poses") as caught:
        planned_poses(lost, models, 2, lambda line: None)
    assert "0 of 2" in str(caught.value)
    assert "reach" in str(caught.value)


def test_the_encoders_covariance_is_that_of_many_readings(stage):
    _, _, scene = stage
    arm, rng = scene.recipe.arm, np.random.default_rng(4)
    q = np.array([0.3, -1.2, 1.4, 0.2, 1.1, -0.4])
    reported = arm.flange_pose(q + rng.normal(size=(4000, 6)) * arm.encoder_sigma_rad)
    errors = difference(reported, np.broadcast_to(arm.flange_pose(q), reported.shape))
    expected, found = encoder_covariance(arm, q[None])[0], np.cov(errors.T)
    scale = np.sqrt(np.diag(expected))
    assert np.abs((found - expected) / np.outer(scale, scale)).max() < 0.1


def test_the_working_volume_is_over_the_tray_from_the_table_up(stage):
    _, models, _ = stage
    points = working_volume(models) @ models.T_world_base[:3, :3].T + models.T_world_base[:3, 3]
    assert points[:, 2].min() == pytest.approx(0.0, abs=1e-9)
    top = models.T_world_tray[2, 3] + models.cell.height_m
    assert points[:, 2].max() == pytest.approx(1.2 * top)
    inside = (points - models.T_world_tray[:3, 3]) @ models.T_world_tray[:3, :3]
    assert np.allclose(np.abs(inside[:, :2]).max(axis=0), models.tray_size_m[:2] / 2)
    heights = (models.T_world_base @ working_poses(models))[:, 2, 3] - top
    assert np.allclose(heights, models.spec.rig.standoff_m)
    assert np.allclose(invert(invert(working_poses(models))), working_poses(models))
