"""Closed-form inverse kinematics against the arm's own chain, over thousands of configurations."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from cellpick.geometry import Floats, difference, from_rpy, pose, translation
from cellpick.motion.branches import discomfort, smallest_singular_value, travel_time
from cellpick.motion.kinematics import InverseKinematics
from cellpick.motion.lines import lines_from
from cellpick.scene import load_arm
from cellpick.scene.library import data_folder
from cellpick.structures import ArmModel

ARMS = ("industrial_10kg", "collaborative_12kg")


@pytest.fixture(scope="module", params=ARMS)
def arm(request: pytest.FixtureRequest) -> ArmModel:
    return load_arm(data_folder("models") / "arms" / f"{request.param}.yaml").arm


def random_angles(arm: ArmModel, n: int, seed: int) -> Floats:
    low, high = np.maximum(arm.lower_rad, -np.pi), np.minimum(arm.upper_rad, np.pi)
    return np.random.default_rng(seed).uniform(low, high, (n, 6))


def turns_apart(a: Floats, b: Floats) -> Floats:
    """Largest joint difference (...) after full turns are taken away."""
    return np.abs((a - b + np.pi) % (2 * np.pi) - np.pi).max(axis=-1)


def test_every_branch_reaches_the_pose_and_the_generating_one_is_among_them(
    arm: ArmModel,
) -> None:
    ik = InverseKinematics(arm)
    for q in random_angles(arm, 1000, 1):
        T = arm.flange_pose(q)
        found = ik.branches(T)
        assert 2 <= len(found) <= 8
        assert np.abs(difference(arm.flange_pose(found), T)).max() < 1e-9
        assert turns_apart(found, q).min() < 1e-6
        for one, two in itertools.combinations(found, 2):
            assert turns_apart(one, two) > 1e-6


def test_a_rounded_drawing_is_solved_all_the_same(arm: ArmModel) -> None:
    """URDFs write pi/2 as 1.5708: axes that should be parallel are off by microradians."""
    rng = np.random.default_rng(2)
    tilt = pose(from_rpy(rng.uniform(-4e-6, 4e-6, (6, 3))), np.zeros(3))
    rounded = dataclasses.replace(arm, Ts_parent_joint=arm.Ts_parent_joint @ tilt)
    ik = InverseKinematics(rounded)
    well = [q for q in random_angles(arm, 300, 3) if smallest_singular_value(arm, q) > 0.02]
    assert len(well) > 100
    for q in well:
        found = ik.branches(rounded.flange_pose(q))
        assert turns_apart(found, q).min() < 1e-6


def test_the_flange_frame_may_lie_anywhere_on_the_last_link(arm: ArmModel) -> None:
    tool = pose(from_rpy([0.4, -0.7, 1.9]), [0.03, -0.05, 0.2])
    odd = dataclasses.replace(arm, T_link_flange=arm.T_link_flange @ tool)
    ik = InverseKinematics(odd)
    for q in random_angles(arm, 100, 4):
        assert turns_apart(ik.branches(odd.flange_pose(q)), q).min() < 1e-6


def test_no_branch_out_of_reach(arm: ArmModel) -> None:
    ik = InverseKinematics(arm)
    for q in random_angles(arm, 50, 5):
        T = arm.flange_pose(q).copy()
        T[:3, 3] *= (arm.reach_m + 1.0) / np.linalg.norm(T[:3, 3])
        assert ik.branches(T).shape == (0, 6)
        assert ik.tracks(np.stack([T, T])).shape == (0, 2, 6)
        assert ik.nearest(T, q).shape == (0, 6)


def test_shifts_by_full_turns_are_all_that_fit(arm: ArmModel) -> None:
    ik = InverseKinematics(arm)
    for q in random_angles(arm, 30, 6):
        track = q + np.linspace(0, 0.2, 5)[:, None]
        found = ik.in_range(track[None])
        expected = {
            tuple(turn)
            for turn in itertools.product((-1, 0, 1), repeat=6)
            if (track + 2 * np.pi * np.array(turn) >= arm.lower_rad).all()
            and (track + 2 * np.pi * np.array(turn) <= arm.upper_rad).all()
        }
        got = {tuple(np.round((one[0] - q) / (2 * np.pi)).astype(int)) for one in found}
        assert got == expected
        assert len(found) == len(expected)
        for one in found:
            np.testing.assert_allclose(np.diff(one, axis=0), np.diff(track, axis=0), atol=1e-12)


def test_the_nearest_solution_is_the_one_it_came_from(arm: ArmModel) -> None:
    ik = InverseKinematics(arm)
    rng = np.random.default_rng(7)
    for q in random_angles(arm, 300, 8):
        if smallest_singular_value(arm, q) < 0.05:
            continue
        near = q + rng.uniform(-0.01, 0.01, 6)
        found = ik.nearest(arm.flange_pose(q), near)
        if len(found):
            np.testing.assert_allclose(found[0], q, atol=1e-5)


def test_lines_follow_every_sample_without_a_jump(arm: ArmModel) -> None:
    ik = InverseKinematics(arm)
    tool = translation([0, 0, 0.2])
    followed = 0
    for q in random_angles(arm, 40, 9):
        T = arm.flange_pose(q) @ tool
        for line in lines_from(ik, T, tool, 0.08)[:8]:
            followed += 1
            Ts = arm.flange_pose(line.q) @ tool
            back = np.linspace(0, 0.08, len(Ts))
            np.testing.assert_allclose((np.linalg.inv(T) @ Ts)[:, 2, 3], -back, atol=1e-7)
            assert np.abs(np.diff(line.q, axis=0)).max() < 0.5
            assert (line.q >= arm.lower_rad).all()
            assert (line.q <= arm.upper_rad).all()
    assert followed > 100


def test_the_singular_value_is_that_of_finite_differences(arm: ArmModel) -> None:
    q = random_angles(arm, 20, 10)
    h = 1e-6
    for one, value in zip(q, smallest_singular_value(arm, q), strict=True):
        T = arm.flange_pose(one)
        columns = []
        for step in np.eye(6) * h:
            twist = difference(T, arm.flange_pose(one + step)) / h
            columns.append(np.concatenate([twist[:3] / arm.reach_m, twist[3:]]))
        numeric = np.linalg.svd(np.array(columns), compute_uv=False)[-1]
        assert value == pytest.approx(numeric, abs=1e-5)


def test_a_stretched_or_cramped_arm_is_less_comfortable(arm: ArmModel) -> None:
    middle = np.array([0.0, -1.2, 1.4, 0.1, 1.3, 0.0])
    at_end = middle.copy()
    at_end[0] = arm.upper_rad[0] - 0.01
    assert discomfort(arm, at_end) > discomfort(arm, middle) + 1.0
    folded = middle.copy()
    folded[4] = 0.0
    assert smallest_singular_value(arm, folded) < 0.02
    assert discomfort(arm, folded) > discomfort(arm, middle) + 0.5


def test_travel_time_is_that_of_the_slowest_joint_and_a_little_more(arm: ArmModel) -> None:
    step = np.array([0.0, 0.5, 0.0, 0.0, 0.0, 0.0])
    expected = 1.1 * 0.5 / arm.velocity_rad_s[1]
    assert travel_time(arm, np.zeros(6), step) == pytest.approx(expected)
