"""Slots: which a cell may go to, and TCP poses that seat it there with its polarity right."""

from __future__ import annotations

import numpy as np
import pytest
from grasping_stage import box_cell, cup_gripper, estimates, grid, pin_gripper, recipe, round_cell

from cellpick.errors import InputError
from cellpick.geometry import exp_rotation, invert, pose, rotation_z, translation
from cellpick.grasping import next_slot, place_pose, plan_grasps
from cellpick.structures import Symmetry

UPSIDE_DOWN = pose(exp_rotation([np.pi, 0, 0]), np.zeros(3))
UPRIGHT = translation([0.5, -0.2, 0.05])


def test_the_first_free_slot_is_next_and_a_full_module_says_so():
    assert next_slot(recipe(), UPRIGHT).slot == 0
    assert next_slot(recipe(), UPRIGHT, {0}).slot == 1
    full = next_slot(recipe(), UPRIGHT, {0, 1})
    assert (full.status, full.slot, full.reason) == ("full", -1, "all 2 slots are filled")


def test_a_cell_goes_only_to_a_slot_that_wants_its_upper_end_up():
    cell = round_cell()
    seat = translation([0, 0, cell.height_m / 2])
    slots = np.array([seat, translation([0.03, 0, 0]) @ seat @ UPSIDE_DOWN])
    r = recipe(cell, pin_gripper(), Ts_module_slot=slots)
    assert next_slot(r, UPRIGHT).slot == 0
    assert next_slot(r, UPRIGHT @ UPSIDE_DOWN).slot == 1
    none = next_slot(r, UPRIGHT @ UPSIDE_DOWN, [1])
    assert none.status == "wrong_end_up"
    assert none.reason == "no free slot wants the -z end up"
    table = estimates([UPRIGHT, translation([0.6, -0.2, 0.05]) @ UPSIDE_DOWN], cell)
    assert plan_grasps(table, r, (1,)).refused == {1: "no free slot wants the -z end up"}


@pytest.mark.parametrize("slot", [0, 1])
@pytest.mark.parametrize("turned", [0.0, np.pi])
def test_every_place_pose_seats_the_cell_as_the_slot_wants(slot, turned):
    r = recipe()
    T = grid(1, 1, (1, 1), 0.0555, yaw=turned + 0.1)
    grasps = plan_grasps(estimates(T), r)
    for T_tcp_cell in grasps.Ts_tcp_cell:
        Ts = place_pose(r, T_tcp_cell, slot)
        assert Ts.shape == (1, 4, 4)
        assert np.allclose(Ts[0] @ T_tcp_cell, r.Ts_base_slot[slot], atol=1e-12)


def test_polarity_turns_the_wrist_by_half_a_turn():
    """Slots 0 and 1 want opposite polarities: so do the TCPs that serve them."""
    r = recipe()
    T_tcp_cell = plan_grasps(estimates(grid(1, 1, (1, 1), 0.0555)), r).Ts_tcp_cell[0]
    one, other = (place_pose(r, T_tcp_cell, slot)[0] for slot in (0, 1))
    assert np.allclose(one[:3, 0], -other[:3, 0], atol=1e-12)
    assert np.allclose(one[:3, 2], [0, 0, -1], atol=1e-12)


def test_all_declared_symmetries_are_offered_once():
    two = box_cell((Symmetry(np.array([0.0, 0.0, 1.0]), 2),))
    r = recipe(two, cup_gripper())
    T_tcp_cell = plan_grasps(estimates(grid(1, 1, (1, 1), 0.0555), two), r).Ts_tcp_cell[0]
    Ts = place_pose(r, T_tcp_cell, 0)
    seated = invert(r.Ts_base_slot[0]) @ Ts @ T_tcp_cell
    turns = sorted(np.round(np.trace(seated[:, :3, :3], axis1=1, axis2=2)).tolist())
    assert turns == [-1, 3]
    assert np.allclose(seated[:, :3, 3], 0)


def test_a_round_cell_may_be_placed_at_any_yaw_and_roomy_ones_come_first():
    cell = round_cell()
    seat = translation([0, 0, cell.height_m / 2])
    xy = 0.027 * np.stack(np.meshgrid(np.arange(3), np.arange(3)), axis=-1).reshape(-1, 2)
    slots = translation(np.column_stack([xy, np.zeros(9)])) @ seat
    r = recipe(cell, pin_gripper(), Ts_module_slot=slots)
    grasps = plan_grasps(estimates(grid(1, 1, (1, 1), 0.045), cell), r)
    Ts = place_pose(r, grasps.Ts_tcp_cell[0], 4)
    assert Ts.shape == (72, 4, 4)
    assert np.allclose((Ts @ grasps.Ts_tcp_cell[0])[:, :3, 3], r.Ts_base_slot[4, :3, 3])
    yaw = np.degrees(np.arctan2(Ts[:, 1, 0], Ts[:, 0, 0]))
    off_grid = np.abs((yaw + 45) % 90 - 45)
    # pins at 45 degrees to the jaw fit the gaps of a square grid only along its rows
    assert (off_grid[:4] <= 10).all()
    assert (off_grid[-4:] >= 20).all()


@pytest.mark.parametrize("slot", [-1, 2])
def test_a_slot_that_the_module_lacks_is_refused(slot):
    with pytest.raises(InputError, match=f"no such slot; got {slot}; accepted: 0 to 1"):
        place_pose(recipe(), np.eye(4), slot)


def test_a_tilted_grasp_still_seats_the_cell_upright():
    r = recipe()
    T_tcp_cell = invert(UPSIDE_DOWN @ pose(exp_rotation([0.02, -0.01, 0.3]), [1e-3, 2e-3, 0.045]))
    seated = place_pose(r, T_tcp_cell, 1)[0] @ T_tcp_cell
    assert np.allclose(seated, r.T_base_module @ r.Ts_module_slot[1], atol=1e-12)
    assert np.allclose(seated[:3, :3], rotation_z(np.pi), atol=1e-12)
