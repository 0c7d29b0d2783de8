"""Noise of depth on marks: a lean of the camera is none, rounding neither, and noise is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cellpick.geometry import invert, perturb, pixel_grid, pose, project, rays, transform
from cellpick.perception.health.mark_depth import depth_noise, depth_on_marks
from cellpick.perception.health.mark_model import corners_of
from cellpick.perception.health.mark_reading import MarkReadings
from cellpick.perception.health.picture import DEPTH_NOISE, depth_quality, picture_faults
from cellpick.scene import IdealDepth
from cellpick.structures import CameraCalibration, Capture, ReferenceMark

SIDE_M = 0.03
PLACES = ((-0.12, -0.07), (0.11, -0.06), (-0.1, 0.08), (0.1, 0.07))
MARKS = [ReferenceMark(k, SIDE_M, pose(np.eye(3), [*xy, 0.0]), 5e-5) for k, xy in enumerate(PLACES)]
T_BASE_CAMERA = perturb(pose(np.diag([1.0, -1, -1]), [0.02, -0.15, 0.66]), [0, 0, 0, 0.22, 0, 0.1])
TURN_SIGMA = 3.5e-4


BELIEF = CameraCalibration(
    camera="cam",
    width_px=480,
    height_px=360,
    K=np.array([[520.0, 0, 240.3], [0, 521.0, 179.1], [0, 0, 1]]),
    distortion=np.array([-0.06, 0.02, 4e-4, -3e-4, 0.0]),
    mount="base",
    T_mount_camera=T_BASE_CAMERA,
    translation_sigma_m=1e-4,
    rotation_sigma_rad=TURN_SIGMA,
    pixel_sigma_px=0.1,
    depth_sigma_m=1e-4,
    depth_reference_m=0.8,
)


def table_seen(belief, moved, noise_m=0.0, rng=None):
    """The table through a camera that stands `moved` (6,) beside its belief, and its marks."""
    T = invert(perturb(belief.T_mount_camera, moved))
    grid = pixel_grid(belief.width_px, belief.height_px)
    direction = rays(grid, belief.K, belief.distortion)
    depth = (T[:3, 3] @ T[:3, 2] / (direction @ T[:3, 2])).reshape(360, 480)
    if noise_m:
        growth = (depth / belief.depth_reference_m) ** 2
        depth = depth + noise_m * growth * rng.standard_normal(depth.shape)
    Ts = T @ np.array([mark.T_base_mark for mark in MARKS])
    pixels = project(transform(Ts, corners_of(SIDE_M)), belief.K, belief.distortion)
    image = np.full((*depth.shape, 3), 120, np.uint8)
    shot = Capture(belief, image, depth.astype(np.float32), 0.0, np.eye(4))
    n = len(MARKS)
    levels = np.full(n, 0.5), np.full(n, 0.1), np.full(n, 0.9)
    return shot, MarkReadings(np.arange(n), np.zeros((n, 4, 2)), pixels, *levels)


def on_first(shot, readings):
    """Depth on the first mark beside its plane."""
    T = invert(T_BASE_CAMERA) @ MARKS[0].T_base_mark
    return depth_on_marks(shot, readings.corners_px[:1], T[None]).of(0)


def leans(count):
    rng = np.random.default_rng(5)
    return rng.standard_normal((count, 6)) * ([1e-4] * 3 + [TURN_SIGMA] * 3)


def test_an_ideal_camera_that_leans_as_stated_has_no_noise():
    ideal = replace(BELIEF, depth_sigma_m=IdealDepth(0.3, 2.0, 0.1).stated.sigma_m)
    worst = leant = 0.0
    for moved in leans(20):
        shot, readings = table_seen(ideal, moved)
        share, noise = depth_quality(shot, readings, MARKS)
        assert share == 1.0
        worst = max(worst, noise)
        leant = max(leant, float(on_first(shot, readings)[0].std()))
    assert leant > 5 * ideal.depth_sigma_m
    assert worst < 0.5


@pytest.mark.parametrize("sigma_m", [1e-7, 1e-9, 0.0])
def test_rounding_alone_never_makes_a_camera_noisy(sigma_m):
    tiny = replace(BELIEF, depth_sigma_m=sigma_m)
    shot, readings = table_seen(tiny, leans(1)[0])
    assert depth_quality(shot, readings, MARKS)[1] < DEPTH_NOISE


@pytest.mark.parametrize("times", [1.0, 3.0, 8.0])
@pytest.mark.parametrize("sigma_m", [3e-5, 1e-4, 2e-3])
def test_noise_is_told_as_it_is_whatever_the_lean(sigma_m, times):
    real = replace(BELIEF, depth_sigma_m=sigma_m)
    rng = np.random.default_rng(2)
    for moved in (np.zeros(6), *leans(2)):
        shot, readings = table_seen(real, moved, times * sigma_m, rng)
        quality = depth_quality(shot, readings, MARKS)
        assert quality[1] == pytest.approx(times, rel=0.12)
        words = [f.reason for f in picture_faults(shot, readings, (), quality)]
        assert any("times as noisy as stated" in w for w in words) == (times > DEPTH_NOISE)


def test_outliers_do_not_tilt_a_mark():
    real = replace(BELIEF, depth_sigma_m=1e-4)
    rng = np.random.default_rng(3)
    shot, readings = table_seen(real, np.zeros(6), 1e-4, rng)
    depth = shot.depth.copy()
    u = np.arange(depth.shape[1])
    low = readings.corners_px[..., 0].min(axis=1)
    for left in low:
        depth[:, (u >= left) & (u < left + 5)] += 0.02
    assert depth_quality(replace(shot, depth=depth), readings, MARKS)[1] < 1.6


def test_a_mark_without_readings_has_offsets_and_no_noise():
    shot, readings = table_seen(replace(BELIEF, depth_sigma_m=1e-4), np.zeros(6))
    empty = replace(shot, depth=np.full_like(shot.depth, np.nan))
    offsets, by_turn = on_first(empty, readings)
    noise = depth_noise(offsets, by_turn, empty.calibration, 1e-4)
    assert np.isnan(offsets).all()
    assert len(offsets) > 100
    assert noise.shape == (0,)
    assert depth_quality(empty, readings, MARKS) == (0.0, float("inf"))


def disturbed(shot, readings, beside_m=0.0, rng=None):
    """The same look with depth that errs on the marks by several times what is stated."""
    depth, image = shot.depth.copy(), shot.image.copy()
    rng = rng or np.random.default_rng(2)
    depth += (beside_m * rng.standard_normal(depth.shape)).astype(np.float32)
    for corners in readings.corners_px:
        (u0, v0), (u1, v1) = np.floor(corners.min(0) - 3), np.ceil(corners.max(0) + 3)
        box = np.s_[int(v0) : int(v1), int(u0) : int(u1)]
        depth[box] += (6e-4 * rng.standard_normal(depth[box].shape)).astype(np.float32)
        image[box] = rng.integers(0, 256, (*depth[box].shape, 1), np.uint8)
    return replace(shot, depth=depth, image=image)


def test_depth_that_only_the_print_of_the_marks_disturbs_is_as_stated():
    shot, readings = table_seen(BELIEF, np.zeros(6), 1e-4, np.random.default_rng(1))
    _, noise = depth_quality(disturbed(shot, readings), readings, MARKS)
    assert noise == pytest.approx(1.0, rel=0.2)


def test_depth_that_is_noisy_beside_the_marks_too_is_told_as_it_is():
    shot, readings = table_seen(BELIEF, np.zeros(6), 1e-4, np.random.default_rng(1))
    at_m = invert(T_BASE_CAMERA)[2, 3]
    noisy = disturbed(shot, readings, 5e-4 * (at_m / BELIEF.depth_reference_m) ** 2)
    _, noise = depth_quality(noisy, readings, MARKS)
    assert noise > DEPTH_NOISE
    assert noise == pytest.approx(5.1, rel=0.2)
