"""Cups: never on a terminal, the vent or over an edge; why there is no room; both turns."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from grasping_stage import (
    box_cell,
    changed,
    cup_gripper,
    estimates,
    feature,
    grid,
    recipe,
    round_cell,
)

from cellpick.geometry import exp_rotation, invert, perturb, pose, transform
from cellpick.grasping import plan_grasps
from cellpick.grasping.faces import distances, keep_outs
from cellpick.structures import Cups, GripperModel

DISC = np.array(
    [[r * np.cos(t), r * np.sin(t)] for r in (0.25, 0.6, 1.0) for t in np.arange(48) * np.pi / 24]
)


def points_under_cups(grasps, cups: Cups) -> np.ndarray:
    """(n, points, 3) points of the lips' discs in the cell frame."""
    rim = np.concatenate([cups.radius_m * DISC, np.zeros((len(DISC), 1))], axis=1)
    points = (cups.centers_m[:, None] + rim).reshape(-1, 3)
    return transform(invert(grasps.Ts_tcp_cell), points)


def assert_free(points: np.ndarray, cell) -> None:
    """Independent of the planner: plain comparisons of coordinates, no distances."""
    x, y, z = np.moveaxis(points, -1, 0)
    assert np.allclose(z, cell.height_m / 2, atol=1e-9)
    half = cell.size_m / 2 - cell.rim_radius_m
    assert (np.abs(x) <= half[0]).all()
    assert (np.abs(y) <= half[1]).all()
    for kept in cell.features:
        if kept.outline == "disc":
            away = np.hypot(x - kept.center_m[0], y - kept.center_m[1])
            assert (away > kept.size_m[0] / 2).all(), kept.name
        elif kept.kind in ("terminal", "vent"):
            over = (np.abs(x - kept.center_m[0]) < kept.size_m[0] / 2) & (
                np.abs(y - kept.center_m[1]) < kept.size_m[1] / 2
            )
            assert not over.any(), kept.name


def random_cell(rng):
    """A box cell with a random layout and a random, often crowded, set of features."""
    length = rng.uniform(0.1, 0.2)
    width = rng.uniform(0.02, 0.06)
    size = np.array([length, width, 0.09])
    features = [
        feature("vent", "vent", "+z", "rect", rng.uniform(-0.01, 0.01, 2), (0.020, 0.012)),
        feature("plus", "terminal", "+z", "rect", (0.37 * length, 0), (0.03, 0.015), 0.001, "+"),
        feature("minus", "terminal", "+z", "rect", (-0.37 * length, 0), (0.03, 0.015), 0.0, "-"),
        feature("port", "vent", "+z", "disc", rng.uniform(-0.04, 0.04, 2), (0.006, 0.006)),
    ]
    return replace(box_cell(), size_m=size, features=tuple(features))


def test_cups_are_never_on_a_keep_out_over_thousands_of_random_poses():
    rng = np.random.default_rng(11)
    planned = 0
    for _ in range(120):
        cell = random_cell(rng)
        gripper = cup_gripper(rng.uniform(0.005, 0.012), rng.uniform(0.012, 0.04))
        n = 40
        tilt = np.concatenate([rng.normal(0, 0.02, (n, 2)), rng.uniform(-3, 3, (n, 1))], axis=1)
        apart = np.stack([np.arange(n) % 8, np.arange(n) // 8, np.zeros(n)], axis=-1) * 0.25
        Ts = pose(exp_rotation(tilt), apart + np.array([0.3, -0.5, 0.06]))
        grasps = plan_grasps(estimates(Ts, cell), recipe(cell, gripper))
        assert_free(points_under_cups(grasps, gripper.cups), cell)
        assert set(grasps.cell_index.tolist()) | set(grasps.refused) == set(range(n))
        planned += len(grasps)
    assert planned > 4000


def test_margin_covers_the_predicted_error_at_the_cup():
    """A cell that lies off by three predicted sigmas still has no cup on a keep-out."""
    rng = np.random.default_rng(2)
    cell, gripper = box_cell(), cup_gripper(0.0105)
    table = estimates(grid(4, 4, (0.2, 0.1), 0.0555), cell, sigma_m=5e-4)
    grasps = plan_grasps(table, recipe(cell, gripper))
    assert len(grasps)
    sigma = np.sqrt(np.diagonal(table.covariance[0]))[[0, 1, 5]]
    for _ in range(50):
        error = rng.normal(size=3)
        error *= 3 * sigma / np.linalg.norm(error)
        delta = np.array([error[0], error[1], 0, 0, 0, error[2]])
        Ts_true = perturb(table.Ts_base_cell[grasps.cell_index], delta)
        moved = replace(grasps, Ts_tcp_cell=invert(grasps.Ts_base_tcp) @ Ts_true)
        assert_free(points_under_cups(moved, gripper.cups), cell)


def test_both_turns_are_offered_and_the_tcp_looks_straight_down_on_the_top():
    table = estimates(grid(1, 2, (0.2, 0.1), 0.0555, yaw=0.4))
    grasps = plan_grasps(table, recipe())
    for row in (0, 1):
        mine = grasps.cell_index == row
        T = invert(table.Ts_base_cell[row]) @ grasps.Ts_base_tcp[mine]
        assert sorted(np.round(T[:, 0, 0]).tolist()) == [-1, 1]
        assert np.allclose(T[:, :3, 2], [0, 0, -1])
        assert np.allclose(T[:, :3, 3], [0, 0, 0.091 / 2])


def test_cups_shift_when_the_nominal_place_is_taken_and_only_then():
    plain = plan_grasps(estimates(grid(1, 1, (1, 1), 0.0555)), recipe())
    assert np.allclose(plain.Ts_tcp_cell[:, :2, 3], 0)
    port = feature("port", "vent", "+z", "disc", (0.025, -0.006), (0.004, 0.004))
    cell = replace(box_cell(), features=(*box_cell().features, port))
    gripper = cup_gripper(0.006)
    shifted = plan_grasps(estimates(grid(1, 1, (1, 1), 0.0555), cell), recipe(cell, gripper))
    assert len(shifted)
    assert (np.linalg.norm(shifted.Ts_tcp_cell[:, :2, 3], axis=1) > 1e-4).all()
    assert_free(points_under_cups(shifted, gripper.cups), cell)


@pytest.mark.parametrize(
    ("gripper", "message"),
    [
        (cup_gripper(0.010, 0.012), r"cup \d is on vent by \d+\.\d mm"),
        (cup_gripper(0.010, 0.055), r"cup \d is (on plus|on minus|over the edge) by"),
        (cup_gripper(0.014, 0.025), r"cup \d is over the edge by"),
        (cup_gripper(0.010, 0.090), r"cup \d is over the edge by"),
    ],
)
def test_no_room_for_the_cups_is_refused_with_the_reason(gripper, message):
    grasps = plan_grasps(estimates(grid(1, 1, (1, 1), 0.0555)), recipe(gripper=gripper))
    assert len(grasps) == 0
    assert grasps.refused[0].startswith("no room for the cups: ")
    assert re.search(message, grasps.refused[0])


def test_a_round_cell_has_no_room_for_two_cups():
    cell = round_cell()
    grasps = plan_grasps(estimates(grid(1, 1, (1, 1), 0.045), cell), recipe(cell, cup_gripper()))
    assert "over the edge" in grasps.refused[0]


def single_cup(radius_m: float) -> GripperModel:
    base = cup_gripper(radius_m)
    return replace(base, cups=replace(base.cups, centers_m=np.zeros((1, 3))))


def test_a_ring_terminal_leaves_the_disc_inside_it_free():
    ring = feature("rim", "terminal", "+z", "ring", (0, 0), (0.046, 0.030))
    cell = replace(round_cell(), size_m=np.array([0.046, 0.046, 0.08]), features=(ring,))
    table = estimates(grid(1, 1, (1, 1), 0.05), cell, sigma_m=1e-5)
    assert len(plan_grasps(table, recipe(cell, single_cup(0.0149))))
    assert "is on rim" in plan_grasps(table, recipe(cell, single_cup(0.0151))).refused[0]


def test_a_cell_on_its_head_is_gripped_on_the_other_end():
    cell = box_cell()
    T = grid(1, 1, (1, 1), 0.0555)[0] @ pose(exp_rotation([np.pi, 0, 0]), np.zeros(3))
    seat = pose(exp_rotation([np.pi, 0, 0]), [0, 0, cell.height_m / 2])
    grasps = plan_grasps(estimates([T], cell), recipe(cell, Ts_module_slot=seat[None]))
    assert len(grasps) == 2
    assert np.allclose(grasps.Ts_base_tcp[:, 2, 2], -1)
    assert np.allclose(grasps.Ts_base_tcp[:, 2, 3], 0.0555 + cell.height_m / 2)


def test_yaw_error_counts_by_the_cups_lever_arm():
    """25 mm from the axis a yaw error of 0.06 rad is 1.5 mm: times three, more than the 2.75 mm."""
    table = estimates(grid(1, 1, (1, 1), 0.0555))
    wide = np.array(table.covariance[0])
    wide[5, 5] = 0.06**2
    refused = plan_grasps(changed(table, 0, covariance=wide), recipe()).refused
    assert "over the edge" in refused[0]


def test_distances_on_the_face_are_exact():
    cell = box_cell()
    outs = keep_outs(cell, 1)
    assert outs.names == ("vent", "plus", "minus", "edge")
    found = distances(outs, np.array([[0.025, 0.0], [0.055, 0.0], [0.013, 0.010]]))
    assert np.allclose(found[0], [0.015, 0.015, 0.065, 0.01275])
    assert found[1, 1] == pytest.approx(-0.0085)
    assert found[2, 0] == pytest.approx(0.005)
    other = keep_outs(cell, -1)
    assert other.names == ("edge",)


def test_print_and_code_may_be_gripped():
    assert "code" not in keep_outs(box_cell(), 1).names
