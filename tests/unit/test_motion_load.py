"""The load on a grip against force balances done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from motion_stage import changed, stage

from cellpick.geometry import Floats, exp_rotation, translation
from cellpick.motion.load import GRAVITY_M_S2, REST_SHARE, GripLoad
from cellpick.structures import Cups, Jaws

UP = np.array([0.0, 0.0, 1.0])
DOWNWARD = np.diag([1.0, -1.0, -1.0])[None]


def load(scene: str, T_tcp_cell: Floats, safety: float = 2.0) -> GripLoad:
    return GripLoad(stage(scene).recipe, T_tcp_cell, safety, UP)


def cups() -> tuple[Cups, float, float]:
    """The shipped cups, the cell's weight and one cup's holding force."""
    recipe = stage().recipe
    assert recipe.gripper.cups is not None
    one = recipe.gripper.cups
    return one, recipe.cell.mass_kg * GRAVITY_M_S2, one.vacuum_pa * np.pi * one.radius_m**2


def test_cups_share_the_weight() -> None:
    one, weight, hold = cups()
    share = load("prismatic_tray", translation([0, 0, 0.05])).share(DOWNWARD, np.zeros((1, 3)))
    assert share == pytest.approx(2 * weight / len(one.centers_m) / hold)


def test_cups_are_not_pulled_when_they_carry_from_below() -> None:
    share = load("prismatic_tray", translation([0, 0, 0.05])).share(
        np.eye(3)[None], np.zeros((1, 3))
    )
    assert share == pytest.approx(0.0)


def test_free_fall_loads_nothing() -> None:
    for scene in ("prismatic_tray", "cylindrical_tray"):
        falling = load(scene, translation([0, 0, 0.05])).share(DOWNWARD, -GRAVITY_M_S2 * UP[None])
        assert falling == pytest.approx(0.0)


def test_shear_at_the_lips_plane_is_held_by_friction() -> None:
    one, weight, hold = cups()
    a = np.array([[30.0, 0.0, 0.0]])
    share = load("prismatic_tray", np.eye(4)).share(DOWNWARD, a)
    shear = weight / GRAVITY_M_S2 * 30.0 / len(one.centers_m)
    assert share == pytest.approx(2 * shear / (one.friction * hold))


def test_a_low_centre_peels_a_row_of_cups_over_its_narrow_side() -> None:
    """M / W of rings in a row: W = n r / 2 across it, (sum x^2 + n r^2 / 2) / (x + r) along."""
    one, weight, hold = cups()
    n, r, x = len(one.centers_m), one.radius_m, float(one.centers_m[:, 0].max())
    along = (n * x**2 + n * r**2 / 2) / (x + r)
    arm = 0.05
    for axis, modulus in ((0, along), (1, n * r / 2)):
        a = np.zeros((1, 3))
        a[0, axis] = 1.5
        share = load("prismatic_tray", translation([0, 0, arm])).share(DOWNWARD, a)
        moment = weight / GRAVITY_M_S2 * 1.5 * arm
        assert share == pytest.approx(2 * (weight / n + moment / modulus) / hold)


def test_jaws_hold_by_friction_and_push_by_force() -> None:
    recipe = stage("cylindrical_tray").recipe
    jaws = recipe.gripper.jaws
    assert isinstance(jaws, Jaws)
    mass = recipe.cell.mass_kg
    grip = load("cylindrical_tray", translation([0, 0, 0.03]), safety=1.5)
    still = grip.share(DOWNWARD, np.zeros((1, 3)))
    assert still == pytest.approx(1.5 * mass * GRAVITY_M_S2 / (2 * jaws.friction * jaws.force_n))
    pushed = grip.share(DOWNWARD, np.array([[500.0, 0, 0]]))
    assert pushed == pytest.approx(1.5 * mass * 500 / jaws.force_n)


def test_share_at_rest_follows_the_tilt() -> None:
    station = stage()
    arm = station.recipe.arm
    grip = load("prismatic_tray", station.T_tcp_cell)
    q = np.tile(station.park_rad, (5, 1))
    q[:, 4] += np.linspace(0, 0.8, 5)
    share = grip.share_at_rest(q)
    assert (np.diff(share) > 0).all()
    Rs = arm.flange_pose(q)[:, :3, :3]
    np.testing.assert_allclose(share, grip.share(Rs, np.zeros((5, 3))), rtol=1e-12)


def test_the_base_may_hang_from_a_wall() -> None:
    """Only `up` tells where gravity pulls: turning all of it changes nothing."""
    R = exp_rotation(np.array([0.3, 1.2, -0.5]))
    recipe, T = stage().recipe, translation([0, 0, 0.05])
    a = np.array([[1.0, 2.0, 3.0]])
    straight = GripLoad(recipe, T, 2.0, UP).share(DOWNWARD, a)
    turned = GripLoad(recipe, T, 2.0, R @ UP).share(R @ DOWNWARD, a @ R.T)
    np.testing.assert_allclose(straight, turned, rtol=1e-12)


def test_a_held_motion_is_just_slow_enough() -> None:
    """The load of the exact motion comes near its bound, and stays below it."""
    station = stage()
    goal = station.park_rad + np.array([1.4, 0, 0, 0, 0, 0])
    heavy = changed(station, "cell", mass_kg=1.5)
    plan = heavy.planner.move_to(station.park_rad, goal, (), held=station.T_tcp_cell)
    assert plan.status == "ok", plan.reason
    grip = GripLoad(heavy.recipe, station.T_tcp_cell, 2.0, UP)
    centres, rotations = grip.motion(plan.moves[0].q)
    a = np.diff(centres, 2, axis=0) * 240**2
    share = grip.share(rotations[1:-1], a).max()
    assert 0.9 < share <= 1.01
    assert grip.share_at_rest(plan.moves[0].q).max() <= REST_SHARE
