"""Wrong conventions, degenerate poses and missing boards are named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from calibration_stage import (
    CENTRE,
    DOWN,
    board_in_camera,
    camera,
    flange_poses,
    pair,
    sightings,
)

from cellpick.calibration import solve
from cellpick.calibration.conventions import check_conventions
from cellpick.calibration.poses import check_motions
from cellpick.errors import InputError
from cellpick.geometry import invert, pose, rotation_z


def motions(mount="flange"):
    eye = camera(mount=mount)
    flanges = flange_poses(np.random.default_rng(1), 12, mount)
    return flanges, np.stack([board_in_camera(eye, T, mount) for T in flanges])


def in_mm(Ts):
    out = Ts.copy()
    out[:, :3, 3] *= 1e3
    return out


MISTAKES = {
    "flange poses were inverted": lambda F, B: (invert(F), B),
    "or the board poses were": lambda F, B: (F, invert(B)),
}


def other_mount(mount):
    return "base" if mount == "flange" else "flange"


@pytest.mark.parametrize("mount", ["flange", "base"])
def test_right_conventions_pass(mount):
    check_conventions(*motions(mount), mount, "cam")


@pytest.mark.parametrize("mount", ["flange", "base"])
@pytest.mark.parametrize("said", list(MISTAKES))
def test_inverted_poses_are_named(said, mount):
    with pytest.raises(InputError, match=said) as caught:
        check_conventions(*MISTAKES[said](*motions(mount)), mount, "cam0")
    assert caught.value.key == "cam0"


@pytest.mark.parametrize(("mount", "named"), [("flange", "eye-in-hand"), ("base", "eye-to-hand")])
def test_swapped_mounts_are_named(mount, named):
    with pytest.raises(InputError, match=rf"the camera is .*{named}.* and not"):
        check_conventions(*motions(mount), other_mount(mount), "cam")


@pytest.mark.parametrize("mount", ["flange", "base"])
def test_millimetres_are_named_wherever_they_are(mount):
    flanges, boards = motions(mount)
    with pytest.raises(InputError, match="flange poses look like millimetres"):
        check_conventions(in_mm(flanges), boards, mount, "cam")
    with pytest.raises(InputError, match="board poses look like millimetres"):
        check_conventions(flanges, in_mm(boards), mount, "cam")


def test_poses_of_another_board_fit_no_convention():
    flanges, boards = motions()
    with pytest.raises(InputError, match="no usual mistake of convention explains it"):
        check_conventions(flanges, boards[::-1], "flange", "cam")


def test_a_whole_calibration_names_inverted_flange_poses():
    seen = sightings()
    with pytest.raises(InputError, match="flange poses were inverted"):
        solve(replace(seen, Ts_base_flange=invert(seen.Ts_base_flange)), "hold")


def test_no_picture_at_all_is_refused():
    with pytest.raises(InputError, match="the board was never seen by any camera"):
        solve(replace(sightings(), pictures=()), "hold")


@pytest.mark.parametrize(("left", "said"), [(0, "never saw the board"), (3, "too seldom")])
def test_a_camera_that_sees_too_little_is_named(left, said):
    seen = sightings()
    few = [p for p in seen.pictures if p.camera == 0 or p.pose < left]
    with pytest.raises(InputError, match=said) as caught:
        solve(replace(seen, pictures=tuple(few)), "hold")
    assert caught.value.key == "cam1_2d"
    assert f"{left} of 12 poses" in str(caught.value)


def test_a_rotation_that_is_none_is_refused():
    seen = sightings()
    for spoil in (lambda T: T * 1.01, lambda T: T @ np.diag([1.0, 1, -1, 1])):
        Ts = seen.Ts_base_flange.copy()
        Ts[2] = spoil(Ts[2])
        with pytest.raises(InputError, match="not a rigid pose: its rotation is none") as caught:
            solve(replace(seen, Ts_base_flange=Ts), "hold")
        assert caught.value.key == "flange pose 2"


def test_turns_about_one_axis_only_are_refused():
    turns = rotation_z(np.linspace(0, 2, 8)) @ DOWN
    with pytest.raises(InputError, match="all turns have parallel axes"):
        check_motions(pose(turns, np.zeros(3)), "cam")
    flanges = pose(turns, CENTRE + np.array([0, 0, 0.6]))
    with pytest.raises(InputError, match="all turns have parallel axes"):
        solve(sightings(flanges=flanges), "hold")


def test_an_arm_that_only_shifts_is_refused():
    places = CENTRE + np.random.default_rng(0).uniform(-0.05, 0.05, (8, 3)) + [0, 0, 0.6]
    with pytest.raises(InputError, match="the arm does not turn between them"):
        solve(sightings(flanges=pose(DOWN, places)), "hold")


def test_cameras_of_two_mounts_are_refused():
    mixed = (pair()[0], replace(pair()[1], mount="base"))
    with pytest.raises(InputError, match="cannot share one board"):
        solve(replace(sightings(), cameras=mixed), "hold")


def test_no_camera_is_refused():
    with pytest.raises(InputError, match="no camera to calibrate"):
        solve(replace(sightings(), cameras=(), pictures=()), "hold")
