"""Marks are found where they are believed, round there, and anywhere when the camera was moved."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from sensors_stage import camera, look, state_of

from cellpick.geometry import invert, perturb, pose, project, rotation_z, transform
from cellpick.perception.health.mark_model import corners_of
from cellpick.perception.health.mark_reading import read_marks
from cellpick.perception.health.mark_search import believed_corners, find_marks, shows
from cellpick.scene.marks import THICK_M, DrawnMark, mark_decals
from cellpick.structures import ReferenceMark

SIDE_M = 0.03
PLACES = ((-0.07, -0.04, 0.3), (0.06, -0.05, 2.0), (-0.06, 0.05, 4.0), (0.07, 0.04, 5.5))
NUMBERS = tuple(range(len(PLACES)))


def marks():
    """In another order than that of their numbers."""
    Ts = [pose(rotation_z(turn), [x, y, THICK_M]) for x, y, turn in PLACES]
    return [ReferenceMark(k, SIDE_M, Ts[k], 5e-5) for k in (2, 0, 3, 1)]


@cache
def picture():
    spec = camera(
        size=(400, 300), focal_px=800.0, depth=None,
        translation_sigma_m=0.0, rotation_sigma_rad=0.0,
    )  # fmt: skip
    drawn = [DrawnMark(m.number, SIDE_M, m.T_base_mark) for m in marks()]
    return look(state_of([spec], decals=mark_decals(drawn))).captures[0]


def believed_off(capture, motion):
    belief = capture.calibration
    moved = perturb(belief.T_mount_camera, motion)
    return replace(capture, calibration=replace(belief, T_mount_camera=moved))


def true_corners():
    found, order = picture(), sorted(marks(), key=lambda m: m.number)
    Ts = invert(found.T_base_camera) @ np.array([m.T_base_mark for m in order])
    belief = found.calibration
    return project(transform(Ts, corners_of(SIDE_M)), belief.K, belief.distortion)


def test_marks_show_at_their_places_and_other_patterns_do_not():
    found = picture()
    assert shows(found, marks()).all()
    others = [replace(m, number=m.number + 10) for m in marks()]
    assert not shows(found, others).any()
    turned = [
        replace(m, T_base_mark=m.T_base_mark @ pose(rotation_z(np.pi / 2), np.zeros(3)))
        for m in marks()
    ]
    assert not shows(found, turned).any()
    assert shows(found, []).shape == (0,)
    behind = [replace(m, T_base_mark=pose(np.eye(3), [0.0, 0.0, 5.0])) for m in marks()]
    assert not shows(found, behind).any()


@pytest.mark.parametrize(
    "motion",
    [
        np.zeros(6),
        np.array([1e-3, -5e-4, 0, 0, 0, 0]),  # within half a square
        np.array([8e-3, 6e-3, 0, 0, 0, 0.02]),  # within a side
        np.array([0.03, -0.03, 0.01, 0.05, 0.02, 0.1]),  # anywhere
    ],
)
def test_all_marks_are_read_alike_wherever_the_camera_is_believed(motion):
    numbers, corners = find_marks(believed_off(picture(), motion), marks(), NUMBERS)
    assert numbers.tolist() == list(NUMBERS)
    assert np.abs(corners - true_corners()).max() < 0.6 * SIDE_M / 6 * 800 / 0.6
    exact = read_marks(picture(), marks(), NUMBERS)
    read = read_marks(believed_off(picture(), motion), marks(), NUMBERS)
    np.testing.assert_array_equal(read.number, exact.number)
    np.testing.assert_allclose(read.corners, exact.corners, atol=0.03 / 800)
    np.testing.assert_allclose(read.blur_px, exact.blur_px, atol=0.05)


def test_a_mark_that_was_moved_a_little_is_found_though_the_others_are_in_their_places():
    shifted = [
        replace(m, T_base_mark=m.T_base_mark @ pose(np.eye(3), [0.008, 0, 0]))
        if m.number == 1
        else m
        for m in marks()
    ]
    numbers, corners = find_marks(picture(), shifted, NUMBERS)
    assert numbers.tolist() == list(NUMBERS)
    assert np.abs(corners - true_corners()).max() < 2.0


def test_a_hidden_mark_is_unseen_and_the_others_are_still_read():
    capture = picture()
    image = capture.image.copy()
    low, high = true_corners()[1].min(axis=0).astype(int), true_corners()[1].max(axis=0).astype(int)
    image[low[1] : high[1], low[0] : high[0]] = 120
    numbers, _ = find_marks(replace(capture, image=image), marks(), NUMBERS)
    assert numbers.tolist() == [0, 2, 3]


def test_a_camera_that_shows_none_of_its_marks_finds_none():
    blank = replace(picture(), image=np.full_like(picture().image, 90))
    assert len(find_marks(blank, marks(), NUMBERS)[0]) == 0
    assert believed_corners(blank, []).shape == (0, 4, 2)
