"""The touch test against closed-form answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from calibration_stage import BOARD, camera, pair
from test_calibration_checks import LOOK, VOLUME, specs

from cellpick.errors import InputError
from cellpick.evaluate import touch_test
from cellpick.geometry import exp_rotation, perturb, pose
from cellpick.structures import RigCalibration


def rig(cameras, covariance=None):
    size = 16 * len(cameras)
    covariance = np.zeros((size, size)) if covariance is None else covariance
    return RigCalibration(tuple(cameras), covariance, BOARD, 20, (0.1,) * len(cameras), "scene", 0)


def touched(cameras, covariance=None, factors=(1.0, 1.0), seed=0, looks=LOOK):
    believed = rig(cameras, covariance)
    rng = np.random.default_rng(seed)
    return touch_test(
        specs()[: len(cameras)], factors[: len(cameras)], believed, looks, VOLUME, rng
    )


def test_the_truth_touches_exactly():
    for touch in touched(pair()):
        assert len(touch.errors_m) == len(VOLUME)
        assert touch.distances_m.max() < 1e-9
        assert touch.bound_m == 0


def test_a_shift_of_the_camera_shifts_every_point():
    first, second = pair()
    shift = np.array([3e-4, -1e-4, 2e-4, 0, 0, 0])
    wrong = replace(first, T_mount_camera=perturb(first.T_mount_camera, shift))
    alone, other, _ = touched((wrong, second))
    expected = (LOOK[0] @ first.T_mount_camera)[:3, :3] @ shift[:3]
    assert np.allclose(alone.errors_m, expected, atol=1e-9)
    assert other.distances_m.max() < 1e-9


def test_a_shift_of_the_whole_rig_shifts_what_is_triangulated():
    shift = np.array([1e-4, 2e-4, -3e-4])
    moved = [replace(c, T_mount_camera=pose(np.eye(3), shift) @ c.T_mount_camera) for c in pair()]
    together = touched(moved)[-1]
    assert np.allclose(together.errors_m, LOOK[0, :3, :3] @ shift, atol=1e-9)


def test_readings_too_long_push_points_along_the_rays_of_that_camera_alone():
    alone, other, together = touched(pair(), factors=(1.01, 1.0))
    eye = LOOK[0] @ pair()[0].T_mount_camera
    assert np.allclose(alone.errors_m, 0.01 * (VOLUME - eye[:3, 3]), atol=1e-8)
    assert other.distances_m.max() < 1e-9
    assert together.distances_m.max() < 1e-9
    corrected = (replace(pair()[0], depth_scale=1 / 1.01), pair()[1])
    assert touched(corrected, factors=(1.01, 1.0))[0].distances_m.max() < 1e-9


def test_the_prediction_holds_as_often_as_it_says():
    rng = np.random.default_rng(1)
    sigma = np.tile([1e-4, 1e-4, 2e-4, *[2e-4] * 3, 0.2, 0.2, 0.3, 0.3, *[1e-4] * 5, 1e-4], 2)
    A = rng.normal(size=(32, 32))
    correlation = A @ A.T + 10 * np.eye(32)
    scale = 1 / np.sqrt(np.diag(correlation))
    covariance = correlation * np.outer(scale * sigma, scale * sigma)
    root = np.linalg.cholesky(covariance)
    held, inside = [], []
    for seed in range(60):
        error = root @ rng.normal(size=32)
        cameras = [_moved(c, -error[16 * i : 16 * i + 16]) for i, c in enumerate(pair())]
        for touch in touched(cameras, covariance, seed=seed):
            held.append(touch.held)
            inside.append(touch.inside_share)
    # binomial: 95 % within 5 % for 180 trials that come in threes, in sixties
    assert 0.87 < np.mean(held) < 1.0
    assert 0.89 < np.mean(inside) < 0.99


def _moved(calibration, change):
    K = calibration.K.copy()
    K[[0, 1, 0, 1], [0, 1, 2, 2]] += change[6:10]
    return replace(
        calibration,
        T_mount_camera=perturb(calibration.T_mount_camera, change[:6]),
        K=K,
        distortion=calibration.distortion + change[10:15],
        depth_scale=calibration.depth_scale + change[15],
    )


def test_one_camera_alone_has_no_crossing():
    assert [t.eye for t in touched((camera(),))] == ["cam0_3d"]


def test_points_that_one_camera_misses_are_left_out():
    looks = LOOK @ pose(exp_rotation([0, 0.35, 0]), np.zeros(3))
    counts = [len(t.errors_m) for t in touched(pair(), looks=looks)]
    assert counts[2] == min(counts) < len(VOLUME)
    assert counts[2] > 0


def test_a_camera_that_sees_nothing_of_the_work_is_refused():
    away = LOOK @ pose(np.diag([1.0, -1.0, -1.0]), np.zeros(3))
    with pytest.raises(InputError, match="sees no point of the working volume") as caught:
        touched(pair(), looks=away)
    assert caught.value.key == "cam0_3d"
