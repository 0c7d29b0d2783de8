"""The joint solution finds what is there, and says truly how sure it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from calibration_stage import BOARD, board_in_camera, camera, flange_poses, pair, sightings

from cellpick.calibration import METHODS, hand_eye, rig_calibration, solve
from cellpick.calibration.checks import check_depth_scale
from cellpick.calibration.result import stated_sigmas
from cellpick.calibration.spread import jackknife_covariance, shared_covariance
from cellpick.geometry import difference


def pose_errors(solution, cameras):
    """(n, 6) of the solved cameras."""
    found = solution.problem.geometry(solution.x).Ts_mount_camera
    true = np.stack([c.T_mount_camera for c in cameras])
    return difference(found, true)


# Tsai and Lenz' equations are singular where camera and mount differ by half a turn, as under a
# camera that looks straight down from above the base
FINDS = [
    (m, mount) for m in METHODS for mount in ("flange", "base") if (m, mount) != ("tsai", "base")
]


@pytest.mark.parametrize(("method", "mount"), FINDS)
def test_every_method_finds_the_exact_place(method, mount):
    eye = camera(mount=mount)
    flanges = flange_poses(np.random.default_rng(1), 12, mount)
    boards = np.stack([board_in_camera(eye, T, mount) for T in flanges])
    found = hand_eye(method, mount, flanges, boards)
    assert np.allclose(found, eye.T_mount_camera, atol=1e-6)


@pytest.mark.parametrize("intrinsics", ["solve", "hold"])
@pytest.mark.parametrize("mount", ["flange", "base"])
def test_exact_corners_give_the_truth(mount, intrinsics):
    solution = solve(sightings(mount=mount), intrinsics)
    assert np.abs(pose_errors(solution, pair(mount))).max() < 1e-6
    rig, _ = rig_calibration(solution, "s", 3)
    assert max(rig.residual_px) < 1e-5
    assert (rig.scene, rig.seed, rig.poses, rig.board) == ("s", 3, 12, BOARD)
    for believed, true in zip(rig.cameras, pair(mount), strict=True):
        assert np.allclose(believed.K, true.K, atol=1e-3)
        assert believed.depth_scale == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("mount", ["flange", "base"])
def test_errors_are_as_large_as_the_covariance_says(mount):
    cost, spread = [], []
    for seed in range(6):
        solution = solve(sightings(seed, mount=mount, sigma_px=0.08, encoders=True), "hold")
        rows = solution.problem.poses
        error = pose_errors(solution, pair(mount)).ravel()
        cost.append(error @ np.linalg.solve(solution.covariance[rows, rows], error) / len(error))
        spread.append(solution.spread_ratio)
        assert np.abs(solution.problem.sigma_px / 0.08 - 1).max() < 0.15
    # 72 degrees of freedom: the mean of chi-squared over its degrees is 1 within 0.5
    assert 0.5 < np.mean(cost) < 1.5
    assert 0.7 < np.mean(spread) < 1.3


def test_leaving_out_a_pose_is_the_solution_without_it():
    seen = sightings(2, count=9, sigma_px=0.05)
    whole = solve(seen, "hold")
    kept = tuple(p for p in seen.pictures if p.pose != 4)
    without = solve(replace(seen, pictures=kept), "hold")
    moved = difference(
        whole.problem.geometry(whole.x).Ts_mount_camera,
        without.problem.geometry(without.x).Ts_mount_camera,
    ).ravel()
    predicted = whole.leave_one_out[4, whole.problem.poses]
    assert np.linalg.norm(predicted - moved) < 0.1 * np.linalg.norm(moved)
    assert np.linalg.norm(moved) > 1e-6


def test_the_jackknife_of_a_mean_is_its_variance_over_n():
    values = np.random.default_rng(3).normal(size=(10, 2))
    without = (values.sum(axis=0) - values) / 9
    expected = np.cov(values.T) / 10
    assert np.allclose(jackknife_covariance(without), expected)


def test_what_all_corners_share_is_told_by_the_covariance():
    off = np.array([0.02, -0.03])
    exact = sightings(1, sigma_px=0.02)
    moved = tuple(replace(p, pixels=p.pixels + off) if p.camera == 0 else p for p in exact.pictures)
    before, after = solve(exact, "hold"), solve(replace(exact, pictures=moved), "hold")
    problem, J = before.problem, before.problem.jacobian(before.x)
    geometries = [s.problem.geometry(s.x).Ts_mount_camera for s in (before, after)]
    found = difference(*geometries[::-1]).ravel()
    # an error of one pixel along u and along v of one camera: the covariance is the sum of both
    rows = problem.poses
    parts = shared_covariance(problem, J, 1.0)[rows, rows]
    value, vector = np.linalg.eigh(parts)
    assert (value > 1e-12 * value.max()).sum() <= 2 * len(problem.sigma_px)
    inside = vector[:, -4:] @ (vector[:, -4:].T @ found)
    assert np.linalg.norm(inside - found) < 0.02 * np.linalg.norm(found)
    size = found @ np.linalg.pinv(parts, rcond=1e-9) @ found
    assert size == pytest.approx(off @ off, rel=0.1)
    assert np.allclose(shared_covariance(problem, J, 2.0)[rows, rows], 4 * parts)


def test_corners_far_off_are_left_out():
    seen = sightings(sigma_px=0.05)
    first = seen.pictures[0]
    pixels = first.pixels.copy()
    pixels[[0, 3]] += [[15.0, -9.0], [4.0, 6.0]]
    wrong = replace(seen, pictures=(replace(first, pixels=pixels), *seen.pictures[1:]))
    assert solve(wrong, "hold").outliers == 2
    assert np.abs(pose_errors(solve(wrong, "hold"), pair())).max() < 2e-4


def test_a_lens_that_its_pictures_contradict_is_solved_from_them():
    true = pair()
    off = true[0].K * np.array([[1.01], [1.01], [1.0]])
    off[:2, 2] = true[0].K[:2, 2]
    seen = sightings(4, sigma_px=0.03, believed=(replace(true[0], K=off), true[1]))
    solution = solve(seen, "solve")
    assert solution.contradicted == ("cam0_3d",)
    rig, _ = rig_calibration(solution, "s", 0)
    assert rig.cameras[0].K[0, 0] == pytest.approx(700.0, abs=0.5)
    assert solve(sightings(4, sigma_px=0.03), "solve").contradicted == ()
    held = solve(seen, "hold")
    assert held.problem.geometry(held.x).intrinsics[0, 0] == pytest.approx(707.0)


@pytest.mark.parametrize("factor", [0.997, 1.0, 1.004])
def test_the_depth_scale_undoes_the_reading_error(factor):
    rig, scales = rig_calibration(
        solve(sightings(5, sigma_px=0.05, depth_factor=factor), "hold"), "s", 0
    )
    flat = rig.cameras[1]
    assert (flat.depth_scale, flat.depth_scale_sigma, len(scales[1].by_picture)) == (1.0, 0.0, 0)
    error = rig.cameras[0].depth_scale * factor - 1
    assert abs(error) < 4 * rig.cameras[0].depth_scale_sigma < 1e-3


@pytest.mark.parametrize("measured", [0, 1])
def test_a_scale_that_was_not_measured_stays_as_believed(measured):
    former = camera(depth_scale=0.998, depth_scale_sigma=7e-4), pair()[1]
    seen = sightings(5, sigma_px=0.05, depth_factor=1.004, believed=former)
    few = [
        replace(p, depth_pixels=p.depth_pixels[:49], depth_m=p.depth_m[:49])
        if p.pose >= measured
        else p
        for p in seen.pictures
    ]
    solution = solve(replace(seen, pictures=tuple(few)), "hold")
    rig, scales = rig_calibration(solution, "s", 0)
    assert [scale.status for scale in scales] == ["unmeasured", "no depth"]
    assert rig.cameras[0].depth_scale == 0.998
    assert rig.cameras[0].depth_scale_sigma == pytest.approx(7e-4, rel=1e-12)
    assert np.sqrt(rig.covariance[15, 15]) == pytest.approx(7e-4, rel=1e-12)
    assert not rig.covariance[15, :15].any()
    check = check_depth_scale(scales[0], "cam0_3d")
    assert not check.passed
    assert check.words == (
        "fewer than 2 pictures of the board have 50 readings: believed as before, 0.99800 with a "
        "standard deviation of 0.70 per mille"
    )
    assert scales[1].reason == ""


def test_stated_sigmas_are_those_of_independent_errors_with_the_same_effect():
    covariance = np.zeros((15, 15))
    covariance[range(6), range(6)] = [1e-4**2] * 3 + [2e-4**2] * 3
    found = stated_sigmas(camera(), covariance, np.array([0.4, 0.6, 0.8]))
    assert found == pytest.approx((1e-4, 2e-4), rel=1e-6)


def test_the_same_sightings_give_the_same_bits():
    seen = sightings(sigma_px=0.1)
    first, second = (rig_calibration(solve(seen, "solve"), "s", 0)[0] for _ in "ab")
    assert np.array_equal(first.covariance, second.covariance)
    assert np.array_equal(first.cameras[0].T_mount_camera, second.cameras[0].T_mount_camera)
