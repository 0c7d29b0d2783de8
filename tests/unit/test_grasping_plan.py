"""The plan over all cells: refusals with reasons, equivariance, order, ties, empty tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from grasping_stage import (
    box_cell,
    changed,
    cup_gripper,
    estimates,
    grid,
    pin_gripper,
    recipe,
    round_cell,
    solid,
)

from cellpick.errors import InputError, ShapeError
from cellpick.geometry import exp_rotation, pose, rotation_z
from cellpick.grasping import gaps_to, hemmed_in, plan_grasps
from cellpick.grasping.scoring import (
    WEIGHTS,
    access_term,
    balance_term,
    clearance_term,
    error_term,
    reach_term,
    score,
)

TRAY = grid(6, 2, (0.150, 0.0285), 0.0555, yaw=0.1)


def test_no_estimates_give_no_grasps_and_no_refusals():
    for cell, gripper in ((box_cell(), cup_gripper()), (round_cell(), pin_gripper())):
        grasps = plan_grasps(estimates(np.zeros((0, 4, 4)), cell), recipe(cell, gripper))
        assert len(grasps) == 0
        assert grasps.refused == {}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"status": "uncertain", "reason": "seen by one camera"}, "uncertain: seen by one camera"),
        ({"status": "ambiguous", "reason": "no mark"}, "ambiguous: no mark"),
        ({"polarity": "unknown"}, "polarity is only 1.0000 probable, 0.99 is wanted"),
        ({"polarity_probability": 0.9}, "polarity is only 0.9000 probable, 0.99 is wanted"),
        (
            {"covariance": np.diag([1e-6, 1e-8, 1e-8, 1e-6, 1e-6, 1e-6])},
            "predicted error 1.00 mm is above 0.80 mm",
        ),
        (
            {"covariance": np.diag([1e-8, -1e-8, 1e-8, 1e-6, 1e-6, 1e-6])},
            "the covariance has a negative eigenvalue",
        ),
        (
            {"Ts_base_cell": TRAY[3] @ pose(exp_rotation([0.5, 0, 0]), np.zeros(3))},
            "the cell leans by 29 degrees",
        ),
    ],
)
def test_a_cell_that_must_not_be_picked_is_refused_with_the_reason(fields, message):
    grasps = plan_grasps(changed(estimates(TRAY), 3, **fields), recipe())
    assert grasps.refused[3] == message
    assert 3 not in grasps.cell_index
    assert len(set(grasps.cell_index.tolist()) | set(grasps.refused)) == len(TRAY)


def test_a_covariance_that_is_not_a_number_never_reaches_the_planner():
    with pytest.raises(ShapeError, match="covariance must be finite"):
        changed(estimates(TRAY), 2, covariance=np.full((6, 6), np.nan))


def test_estimates_of_another_cell_are_refused():
    table = replace(estimates(TRAY), cell="other")
    with pytest.raises(InputError, match="of the recipe's cell; got 'other'; accepted: box"):
        plan_grasps(table, recipe())


def test_a_gripper_with_neither_cups_nor_jaws_is_refused():
    bare = replace(cup_gripper(), cups=None)
    with pytest.raises(InputError, match="must have cups or jaws"):
        plan_grasps(estimates(TRAY), recipe(gripper=bare))


@pytest.mark.parametrize("filled", [(0, 1), (1, 0, 1)])
def test_a_full_module_refuses_every_cell(filled):
    grasps = plan_grasps(estimates(TRAY), recipe(), filled)
    assert len(grasps) == 0
    assert set(grasps.refused.values()) == {"all 2 slots are filled"}


@pytest.mark.parametrize(
    ("cell", "gripper", "Ts"),
    [
        (box_cell(), cup_gripper(), TRAY),
        (round_cell(), pin_gripper(), grid(3, 3, (0.027, 0.027), 0.045)),
    ],
)
def test_turning_the_world_about_the_base_turns_the_grasps(cell, gripper, Ts):
    wall = solid("table.post", "box", (40, 40, 300), (560, -60, 150))
    base = plan_grasps(estimates(Ts, cell), recipe(cell, gripper, (wall,)))
    for yaw in (0.3, -2.0):
        T = pose(rotation_z(yaw), np.zeros(3))
        turned = plan_grasps(estimates(T @ Ts, cell), recipe(cell, gripper, (wall.moved(T),)))
        assert np.array_equal(turned.cell_index, base.cell_index)
        assert np.allclose(turned.Ts_base_tcp, T @ base.Ts_base_tcp, atol=1e-9)
        assert np.allclose(turned.Ts_tcp_cell, base.Ts_tcp_cell, atol=1e-9)
        assert np.allclose(turned.clearance_m, base.clearance_m, atol=1e-9)
        assert np.allclose(turned.score, base.score, atol=1e-9)


def test_moving_the_world_moves_the_grasps_but_for_the_reach():
    T = pose(rotation_z(0.4), [-0.1, 0.35, 0.02])
    base = plan_grasps(estimates(TRAY), recipe())
    moved = plan_grasps(estimates(T @ TRAY), recipe())
    first, second = (
        {(int(row), *np.round(T.ravel(), 6).tolist()) for row, T in rows}
        for rows in (
            zip(grasps.cell_index, grasps.Ts_tcp_cell, strict=True) for grasps in (base, moved)
        )
    )
    assert first == second


def test_the_table_is_consistent_and_best_first():
    grasps = plan_grasps(estimates(TRAY), recipe())
    assert np.allclose(
        grasps.Ts_base_tcp @ grasps.Ts_tcp_cell, estimates(TRAY).Ts_base_cell[grasps.cell_index]
    )
    assert (np.diff(np.round(grasps.score, 9)) <= 0).all()
    assert (grasps.score > 0).all()
    assert (grasps.score <= 1).all()
    assert (grasps.clearance_m >= 0).all()
    assert np.allclose(grasps.approach_m, 0.091 + 0.0015 + 0.015)


def test_the_order_of_rows_carries_no_meaning():
    rows = np.random.default_rng(0).permutation(len(TRAY))
    base, shuffled = (plan_grasps(estimates(Ts), recipe()) for Ts in (TRAY, TRAY[rows]))
    poses = [
        {tuple(np.round(T.ravel(), 6).tolist()) for T in g.Ts_base_tcp} for g in (base, shuffled)
    ]
    assert poses[0] == poses[1]
    assert np.allclose(base.score, shuffled.score)


def test_the_same_input_twice_gives_the_same_bits():
    cell = round_cell()
    table = estimates(grid(4, 4, (0.027, 0.027), 0.045), cell)
    one, other = (plan_grasps(table, recipe(cell, pin_gripper())) for _ in range(2))
    for name in ("cell_index", "Ts_base_tcp", "opening_m", "clearance_m", "score"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()


def test_outer_cells_come_before_those_they_stand_in_front_of():
    cell = round_cell()
    Ts = grid(5, 5, (0.027, 0.027), 0.045)
    grasps = plan_grasps(estimates(Ts, cell), recipe(cell, pin_gripper()))
    order = list(dict.fromkeys(grasps.cell_index.tolist()))
    corners = {0, 4, 20, 24}
    assert set(order[:4]) == corners
    inner = {6, 7, 8, 11, 12, 13, 16, 17, 18}
    assert set(order[-9:]) == inner


def test_a_cell_that_blocks_the_gripper_is_named():
    leaning = np.array([TRAY[0], TRAY[0] @ pose(np.eye(3), [0.03, 0.0215, 0.05])])
    grasps = plan_grasps(estimates(leaning), recipe())
    assert 0 in grasps.refused
    assert grasps.refused[0].startswith("cell 1 (case) is ")
    assert grasps.refused[0].endswith(" mm too near in the best place")


def test_cells_of_any_status_are_obstacles():
    pair = np.array([TRAY[0], TRAY[0] @ pose(np.eye(3), [0.03, 0.0215, 0.05])])
    table = changed(estimates(pair), 1, status="inconsistent", reason="odd")
    assert "cell 1" in plan_grasps(table, recipe()).refused[0]


def test_a_hundred_cells_at_once():
    Ts = grid(10, 10, (0.155, 0.0285), 0.0555)
    grasps = plan_grasps(estimates(Ts), recipe())
    assert set(grasps.cell_index.tolist()) == set(range(100))


def test_each_term_goes_the_right_way_and_stays_between_0_and_1():
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)
    for values in (
        clearance_term(np.array([0.0, 0.001, 0.004, 0.01, 1.0])),
        error_term(np.array([1.0, 8e-4, 4e-4, 1e-4, 0.0]), 8e-4),
        balance_term(np.array([1.0, 0.013, 0.006, 0.0]), np.array([0.148, 0.0265, 0.091])),
        reach_term(np.array([[0.0, 0, 1], [0.1, 0, 1], [0.0, 0.5, 9]]), 1.1),
        reach_term(np.array([[2.0, 0, 1], [0.0, 1.0, 1], [0.5, 0.5, 9]]), 1.1),
    ):
        assert (np.diff(values) >= 0).all()
        assert values[0] == 0
        assert values[-1] == 1
    alone, pair = access_term(TRAY[:1], box_cell().size_m), access_term(TRAY, box_cell().size_m)
    assert alone.tolist() == [1.0]
    assert set(np.round(8 * (1 - pair)).tolist()) == {3.0, 5.0}
    ones = {name: np.ones(2) for name in WEIGHTS}
    assert np.allclose(score(ones), 1.0)


def test_odd_but_legal_inputs_give_a_plan():
    exact = replace(estimates(TRAY), covariance=np.zeros((12, 6, 6)))
    strict = replace(recipe(), max_sigma_m=0.0)
    assert set(plan_grasps(exact, strict).cell_index.tolist()) == set(range(12))
    bodiless = replace(cup_gripper(), solids=())
    assert len(plan_grasps(estimates(TRAY), recipe(gripper=bodiless)))
    plain = replace(box_cell(), features=())
    assert len(plan_grasps(estimates(TRAY, plain), recipe(plain)))


def test_two_estimates_of_one_cell_block_each_other():
    twins = np.array([TRAY[0], TRAY[0] @ pose(np.eye(3), [2e-4, 0, 0])])
    refused = plan_grasps(estimates(twins), recipe()).refused
    assert refused[0].startswith("cell 1 (case) is ")
    assert refused[1].startswith("cell 0 (case) is ")


def test_gaps_to_a_cell_are_those_of_the_cases():
    gaps = gaps_to(estimates(TRAY), box_cell(), 0)
    assert gaps[0] == np.inf
    assert gaps[1] == pytest.approx(0.002, abs=1e-9)
    assert gaps[2] == pytest.approx(0.002, abs=1e-9)
    assert gaps[3] == pytest.approx(np.hypot(0.002, 0.002), abs=1e-6)
    with pytest.raises(InputError, match="no such row of the estimates; got 12"):
        gaps_to(estimates(TRAY), box_cell(), 12)


def test_cells_with_flush_neighbours_on_both_sides_are_hemmed_in():
    size = box_cell().size_m
    tray = grid(6, 2, (size[0], size[1]), 0.0555, yaw=0.1)
    inner = [False] * 2 + [True] * 8 + [False] * 2
    assert hemmed_in(estimates(tray), box_cell()).tolist() == inner
    # the last row's neighbours are free once it is gone
    assert hemmed_in(estimates(tray[:10]), box_cell()).tolist() == inner[:8] + [False] * 2
    assert not hemmed_in(estimates(TRAY), box_cell()).any()


@pytest.mark.parametrize("n", [0, 1])
def test_no_cell_and_one_cell_are_not_hemmed_in(n):
    assert hemmed_in(estimates(TRAY[:n]), box_cell()).tolist() == [False] * n


def test_neighbours_across_corners_hem_nobody_in():
    size = box_cell().size_m
    diagonal = grid(3, 3, (size[0], size[1]), 0.0555)[[0, 4, 8]]
    assert not hemmed_in(estimates(diagonal), box_cell()).any()
