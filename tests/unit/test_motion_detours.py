"""Ways round obstacles: OMPL's sampling and the grid of level poses."""

from __future__ import annotations

import itertools

import numpy as np
import ompl.util as ou
import pytest
from motion_stage import ARMS, stage

from cellpick.geometry import Floats, translation
from cellpick.motion.kinematics import InverseKinematics
from cellpick.motion.phases import Tooling, standing_bodies
from cellpick.motion.roadmap import level_corners
from cellpick.motion.sampling import sampled_corners, shortcut
from cellpick.motion.transfers import Transfers
from cellpick.structures import Solid

LOW, HIGH = np.full(6, -3.0), np.full(6, 3.0)
START, GOAL = np.array([-1.0, 0, 0, 0, 0, 0]), np.array([1.0, 0, 0, 0, 0, 0])
UP = np.array([0.0, 0.0, 1.0])


def gate(a: Floats, b: Floats) -> bool:
    """A wall at q0 = 0 with a gap where q1 > 1."""
    q = a + np.linspace(0, 1, 40)[:, None] * (b - a)
    return not bool(((np.abs(q[:, 0]) < 0.2) & (q[:, 1] < 1.0)).any())


def closed(a: Floats, b: Floats) -> bool:
    """A wall at q0 = 0 without a gap."""
    return bool(a[0] * b[0] > 0)


def test_sampling_finds_the_gap() -> None:
    corners = sampled_corners(START, GOAL, LOW, HIGH, gate)
    np.testing.assert_array_equal(corners[[0, -1]], [START, GOAL])
    assert all(gate(a, b) for a, b in itertools.pairwise(corners))
    assert ((corners >= LOW) & (corners <= HIGH)).all()


def test_sampling_gives_up_on_a_closed_wall() -> None:
    assert sampled_corners(START, GOAL, LOW, HIGH, closed).shape == (0, 6)


def test_sampling_depends_on_nothing_that_went_before() -> None:
    first = sampled_corners(START, GOAL, LOW, HIGH, gate)
    ou.RNG().uniform01()
    sampled_corners(START * 0.9, GOAL * 0.8, LOW, HIGH, gate)
    level = ou.getLogLevel()
    again = sampled_corners(START, GOAL, LOW, HIGH, gate)
    assert first.tobytes() == again.tobytes()
    assert ou.getLogLevel() == level


def test_shortcuts_skip_corners_and_stay_free() -> None:
    corners = sampled_corners(START, GOAL, LOW, HIGH, gate)
    short = shortcut(corners, gate)
    np.testing.assert_array_equal(short[[0, -1]], corners[[0, -1]])
    assert len(short) <= len(corners)
    assert all(gate(a, b) for a, b in itertools.pairwise(short))
    np.testing.assert_array_equal(shortcut(corners, lambda a, b: True), corners[[0, -1]])


@pytest.mark.parametrize("arm", ARMS)
def test_the_grid_goes_over_a_wall_with_the_tool_upright(arm: str) -> None:
    station = stage("prismatic_tray", arm)
    recipe = station.recipe
    wall = Solid("a wall", "box", np.array([1.0, 0.02, 0.4]), translation([0.85, 0, 0.2]))
    ik = InverseKinematics(recipe.arm)
    down = recipe.arm.flange_pose(station.park_rad)[:3, :3]
    ends = []
    for y in (-0.3, 0.3):
        T = np.eye(4)
        T[:3, :3], T[:3, 3] = down, [0.5, y, 0.35]
        ends.append(ik.nearest(T, station.park_rad)[0])
    standing = standing_bodies(recipe, (wall,), np.zeros((0, 4, 4)))
    checker = Tooling(recipe, 0.0).checker(standing, 0.005, near_grasp=False)

    def free(a: Floats, b: Floats) -> bool:
        return checker.first_clash(a + np.linspace(0, 1, 30)[:, None] * (b - a)).free

    assert not free(*ends)
    corners = level_corners(recipe.arm, ik, UP, *ends, free)
    assert len(corners) > 2
    np.testing.assert_array_equal(corners[[0, -1]], ends)
    between = np.concatenate(
        [a + np.linspace(0, 1, 9)[:, None] * (b - a) for a, b in itertools.pairwise(corners)]
    )
    assert -recipe.arm.flange_pose(between)[:, 2, 2].max() > np.cos(np.radians(1.0))
    assert all(free(a, b) for a, b in itertools.pairwise(corners))


def test_the_grid_gives_up_where_nothing_is_free() -> None:
    station = stage()
    arm, ik = station.recipe.arm, InverseKinematics(station.recipe.arm)
    goal = station.park_rad + np.array([0.5, 0, 0, 0, 0, 0])
    corners = level_corners(arm, ik, UP, station.park_rad, goal, lambda a, b: False)
    assert corners.shape == (0, 6)


def test_a_way_whose_end_is_blocked_is_not_searched() -> None:
    station = stage()
    recipe = station.recipe
    goal = station.park_rad + np.array([0.8, 0, 0, 0, 0, 0])
    T = recipe.arm.flange_pose(goal) @ translation([0, 0, 0.1])
    there = Solid("a post", "box", np.full(3, 0.05), T)
    standing = standing_bodies(recipe, (there,), np.zeros((0, 4, 4)))
    checker = Tooling(recipe, 0.0).checker(standing, 0.005, near_grasp=False)
    transfers = Transfers(recipe.arm, InverseKinematics(recipe.arm), UP, 0.01)
    way = transfers.around(station.park_rad, goal, checker)
    assert way.clash.status == "blocked"
    assert "a post" in way.clash.reason
