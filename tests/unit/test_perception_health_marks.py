"""Marks read from pictures, the derivatives of what they should show, and the filter on top."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sensors_stage import camera, look, state_of

from cellpick.geometry import invert, perturb, pose, rotation_z, transform, translation
from cellpick.perception.health.correction import corrected, solve
from cellpick.perception.health.mark_model import (
    CAMERA,
    FLANGE_SIGMA,
    SMALL_PX,
    corners_of,
    residuals,
)
from cellpick.perception.health.mark_reading import MarkReadings, read_marks, square_px
from cellpick.perception.health.place import PlaceMemory, judge_place
from cellpick.scene.marks import THICK_M, DrawnMark, mark_decals
from cellpick.structures import ReferenceMark

SIDE_M = 0.03
PLACES = ((-0.12, -0.07, 0.3), (0.11, -0.06, 2.0), (-0.1, 0.08, 4.0), (0.1, 0.07, 5.5))
T_FLANGE = pose(rotation_z(0.4) @ np.diag([1.0, -1, -1]), [0.02, -0.01, 0.7])
T_MOUNT = perturb(np.eye(4), [0.02, 0.03, 0.05, 0.15, -0.1, 0.2])


def capture_of(rng, K=None, mount="flange"):
    """A believed camera over the table, without a picture worth looking at."""
    found = look(state_of([camera(size=(640, 480), focal_px=772.0, depth=None)])).captures[0]
    belief = replace(
        found.calibration,
        mount=mount,
        T_mount_camera=T_MOUNT if mount == "flange" else T_FLANGE @ T_MOUNT,
        translation_sigma_m=1e-4,
        rotation_sigma_rad=3.5e-4,
        distortion=np.array([-0.06, 0.02, 4e-4, -3e-4, 0.0]),
    )
    return replace(found, calibration=belief, T_base_flange=T_FLANGE)


def marks_on_table():
    return [
        ReferenceMark(k, SIDE_M, pose(rotation_z(turn), [x, y, 0.0]), 5e-5)
        for k, (x, y, turn) in enumerate(PLACES)
    ]


def readings_of(capture, marks, camera_off=None, flange_off=None, marks_off=None, focal=0.0):
    """What a camera that is off would read, exactly."""
    off = np.zeros(6) if camera_off is None else camera_off
    T_mount = perturb(capture.calibration.T_mount_camera, off)
    T = T_mount
    if capture.calibration.mount == "flange":
        flange = np.zeros(6) if flange_off is None else flange_off
        T = perturb(capture.T_base_flange, flange) @ T_mount
    Ts = np.array([mark.T_base_mark for mark in marks])
    if marks_off is not None:
        Ts = perturb(Ts, marks_off)
    p = transform(invert(T) @ Ts, np.array([corners_of(mark.side_m) for mark in marks]))
    xy = p[..., :2] / p[..., 2:] * (1 + focal)
    n, belief = len(marks), capture.calibration
    px = xy * belief.K[0, 0] + belief.K[:2, 2]
    return MarkReadings(
        np.array([m.number for m in marks]), xy, px, np.full(n, 0.6), np.zeros(n), np.ones(n)
    )


def test_rendered_marks_are_read_to_a_tenth_of_a_pixel():
    for focal_px, number in ((772.0, 1), (1930.0, 7)):
        T = pose(rotation_z(0.4 + number), [0.004, -0.003, THICK_M])
        spec = camera(
            size=(320, 240), focal_px=focal_px, depth=None,
            translation_sigma_m=0.0, rotation_sigma_rad=0.0,
        )  # fmt: skip
        mark = DrawnMark(number, SIDE_M, T)
        found = look(state_of([spec], decals=mark_decals([mark]))).captures[0]
        read = read_marks(found, [ReferenceMark(number, SIDE_M, T, 5e-5)], [number])
        p = transform(invert(found.T_base_camera) @ T, corners_of(SIDE_M))
        off_px = (read.corners[0] - p[:, :2] / p[:, 2:]) * focal_px
        assert read.number.tolist() == [number]
        assert np.sqrt((off_px**2).mean()) < 0.1
        assert 0.5 < read.blur_px[0] < 0.8
        other = [ReferenceMark(number + 1, SIDE_M, T, 5e-5)]
        assert read_marks(found, other, [number + 1]).number.size == 0


def test_a_mark_whose_white_leaves_the_picture_is_unseen():
    spec = camera(
        size=(160, 120), focal_px=1200.0, depth=None,
        translation_sigma_m=0.0, rotation_sigma_rad=0.0,
    )  # fmt: skip
    for right_m, expected in ((0.02, [3]), (0.0229, []), (0.0235, [])):
        T = translation([right_m, 0.0, THICK_M])
        found = look(state_of([spec], decals=mark_decals([DrawnMark(3, SIDE_M, T)]))).captures[0]
        assert (
            read_marks(found, [ReferenceMark(3, SIDE_M, T, 5e-5)], []).number.tolist() == expected
        )


def test_marks_that_are_too_small_are_not_read_and_small_ones_count_for_less():
    T, errors = pose(rotation_z(1.4), [0.004, -0.003, THICK_M]), []
    for square, expected in ((1.8, []), (3.5, [1]), (9.0, [1])):
        spec = camera(
            size=(160, 120), focal_px=square * 6 / SIDE_M * 0.6, depth=None,
            translation_sigma_m=0.0, rotation_sigma_rad=0.0,
        )  # fmt: skip
        found = look(state_of([spec], decals=mark_decals([DrawnMark(1, SIDE_M, T)]))).captures[0]
        read = read_marks(found, [ReferenceMark(1, SIDE_M, T, 5e-5)], [1])
        assert read.number.tolist() == expected
        if expected:
            seen = residuals(found, [ReferenceMark(1, SIDE_M, T, 1e-6)], read)
            sigma_px = np.sqrt(seen.noise[0, 0])
            assert np.sqrt((seen.value**2).mean()) < sigma_px
            errors.append(sigma_px)
    assert errors[0] > errors[1] > found.calibration.pixel_sigma_px


def test_an_empty_and_a_saturated_picture_show_no_marks():
    capture = capture_of(np.random.default_rng(0))
    for level in (0, 255):
        blank = replace(capture, image=np.full_like(capture.image, level))
        assert len(read_marks(blank, marks_on_table(), range(4))) == 0


@pytest.mark.parametrize("mount", ["flange", "base"])
def test_derivatives_are_those_of_the_exact_model(mount):
    capture, marks = capture_of(np.random.default_rng(0), mount=mount), marks_on_table()
    seen = residuals(capture, marks, readings_of(capture, marks))
    assert np.abs(seen.value).max() < 1e-9
    step = 1e-6
    for k in range(6):
        off = step * np.eye(6)[k]
        moved = residuals(capture, marks, readings_of(capture, marks, camera_off=off))
        np.testing.assert_allclose(moved.value / step, seen.by_camera[:, k], rtol=1e-3, atol=0.5)
    focal = residuals(capture, marks, readings_of(capture, marks, focal=step))
    np.testing.assert_allclose(focal.value / step, seen.by_camera[:, 6], rtol=1e-3, atol=0.5)
    for k, axis in enumerate((0, 1, 2, 5)):
        off = np.zeros((len(marks), 6))
        off[2, axis] = step
        moved = residuals(capture, marks, readings_of(capture, marks, marks_off=off))
        expected = seen.by_marks[:, 2, k]
        np.testing.assert_allclose(moved.value / step, expected, rtol=1e-3, atol=0.5)
        assert not seen.by_marks[:16, 2].any()


def test_the_encoders_noise_is_shared_by_all_corners_and_is_none_for_a_fixed_camera():
    marks = marks_on_table()
    for mount in ("flange", "base"):
        capture = capture_of(np.random.default_rng(0), mount=mount)
        read = readings_of(capture, marks)
        seen = residuals(capture, marks, read)
        small = SMALL_PX / square_px(read.corners_px)
        shared = seen.noise - np.diag(np.repeat(0.1**2 + small**2, 8))
        if mount == "base":
            assert np.abs(shared).max() < 1e-12
            continue
        columns = [
            residuals(capture, marks, readings_of(capture, marks, flange_off=1e-6 * e)).value
            for e in np.eye(6)
        ]
        J = np.stack(columns, axis=1) / 1e-6 * FLANGE_SIGMA
        np.testing.assert_allclose(shared, J @ J.T, atol=1e-4 * np.abs(shared).max())


def noisy(readings, capture, rng, sigma_px=0.1):
    noise = rng.normal(size=readings.corners.shape) * sigma_px / capture.calibration.K[0, 0]
    return replace(readings, corners=readings.corners + noise)


def task_of(capture):
    spec = look(state_of([camera()])).task
    return replace(spec, region_size_m=np.array([0.3, 0.18, 0.12]), T_base_region=np.eye(4))


def test_a_bump_is_solved_back_with_an_honest_error():
    rng = np.random.default_rng(1)
    capture, marks = capture_of(rng), marks_on_table()
    task, squares = task_of(capture), []
    for _ in range(40):
        off = rng.normal(size=6) * np.array([1e-3] * 3 + [5e-3] * 3)
        touched = rng.normal(size=(4, 6)) * np.array([5e-5] * 3 + [0, 0, 5e-5 / SIDE_M])
        read = readings_of(capture, marks, off, rng.normal(size=6) * FLANGE_SIGMA, touched)
        memory = PlaceMemory.of(capture.calibration)
        placed = judge_place(memory, capture, marks, noisy(read, capture, rng), task, 1e-4)
        assert placed.verdict == "corrected"
        error = off - memory.belief.camera[:6]
        squares.append(error @ np.linalg.solve(memory.belief.covariance[:6, :6], error))
        belief = placed.capture.calibration
        assert belief.translation_sigma_m >= capture.calibration.translation_sigma_m
        assert belief.rotation_sigma_rad >= capture.calibration.rotation_sigma_rad
    assert 3.5 < np.mean(squares) < 8.5  # chi-square of 6 degrees of freedom, mean of 40


def test_two_marks_that_contradict_every_place_distrust_the_camera():
    rng = np.random.default_rng(2)
    capture, marks = capture_of(rng), marks_on_table()
    off = np.zeros((4, 6))
    off[1, 0], off[2, 1] = 4e-3, -4e-3
    read = noisy(readings_of(capture, marks, marks_off=off), capture, rng)
    placed = judge_place(
        PlaceMemory.of(capture.calibration), capture, marks, read, task_of(capture), 1e-4
    )
    assert (placed.verdict, placed.capture) == ("distrusted", None)
    assert "no place of it explains its marks" in placed.reason


@pytest.mark.parametrize("hidden", range(4))
def test_one_mark_that_is_read_wrongly_is_left_out_and_costs_no_camera(hidden):
    rng = np.random.default_rng(4)
    capture, marks = capture_of(rng), marks_on_table()
    read = noisy(readings_of(capture, marks), capture, rng)
    corners = read.corners.copy()
    corners[hidden, 2:, 1] -= np.array([2.7, 1.4]) / capture.calibration.K[0, 0]
    memory = PlaceMemory.of(capture.calibration)
    read = replace(read, corners=corners)
    placed = judge_place(memory, capture, marks, read, task_of(capture), 1e-4)
    assert (placed.verdict, placed.reason) == ("ok", "")
    assert not memory.is_off
    assert marks[hidden].number not in memory.belief.marks


def test_of_two_marks_neither_is_left_out():
    rng = np.random.default_rng(5)
    capture, marks = capture_of(rng), marks_on_table()[:2]
    off = np.zeros((2, 6))
    off[1, 0] = 8e-3
    read = noisy(readings_of(capture, marks, marks_off=off), capture, rng)
    memory = PlaceMemory.of(capture.calibration)
    assert judge_place(memory, capture, marks, read, task_of(capture), 1e-4).verdict != "ok"


def test_a_lone_far_mark_is_too_little_to_solve_from():
    rng = np.random.default_rng(3)
    capture, marks = capture_of(rng), marks_on_table()[:1]
    bump = np.array([2e-3, 0, 0, 0, 9e-3, 0])
    read = noisy(readings_of(capture, marks, bump), capture, rng)
    placed = judge_place(
        PlaceMemory.of(capture.calibration), capture, marks, read, task_of(capture), 1e-4
    )
    assert placed.verdict == "distrusted"
    assert "1 marks place it only to" in placed.reason


def test_a_camera_that_sees_no_marks_is_judged_by_nothing():
    capture = capture_of(np.random.default_rng(0))
    none = readings_of(capture, marks_on_table()).take(np.zeros(0, np.intp))
    memory = PlaceMemory.of(capture.calibration)
    placed = judge_place(memory, capture, [], none, task_of(capture), 1e-4)
    assert (placed.verdict, placed.capture) == ("ok", capture)
    assert len(memory.belief.mean) == CAMERA


def test_a_correction_undoes_exactly_what_it_names():
    capture, marks = capture_of(np.random.default_rng(0)), marks_on_table()
    off = np.array([1e-3, -2e-3, 5e-4, 4e-3, 2e-3, -3e-3, 1e-3, 0.0])
    read = readings_of(capture, marks, off[:6], focal=off[6])
    prior = PlaceMemory.of(capture.calibration).belief
    loose = prior.with_marks(read.number, np.full((4, 4), 1e-9)).forgotten(
        np.array([0.02] * 3 + [0.05] * 3 + [3e-3, 1e-6])
    )
    after = solve(capture, marks, read, loose, task_of(capture), 1e-4).belief.camera
    fixed = corrected(capture, after)
    left = residuals(fixed, marks, replace(read, corners=read.corners / (1 + after[6])))
    assert np.abs(left.value).max() < 0.02
