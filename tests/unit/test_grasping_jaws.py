"""Jaws: fit between close neighbours down to the computed pitch, never touch, say what is near."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from grasping_stage import (
    box_cell,
    estimates,
    grid,
    pin_gripper,
    recipe,
    round_cell,
    solid,
)

from cellpick.geometry import pose, rotation_z, transform
from cellpick.grasping import plan_grasps
from cellpick.grasping.bodies import SIGMAS
from cellpick.grasping.jaws import SPARE_M, jaw_parts
from cellpick.structures import GripperModel, Jaws

PIN_RADIUS, CELL_RADIUS = 0.00225, 0.0105
SIGMA = 1e-4


def pins_xy(grasps, jaws: Jaws, opening) -> np.ndarray:
    """(n, 4, 2) pin axes in the base frame at an opening (n,)."""
    xy = np.array([[7.516, 9.016], [7.516, -9.016], [-7.516, 9.016], [-7.516, -9.016]]) * 1e-3
    moved = xy + np.sign(xy[:, :1]) * [1.0, 0.0] * np.asarray(opening)[:, None, None]
    points = np.concatenate([moved, np.full((*moved.shape[:-1], 1), 0.01)], axis=-1)
    return transform(grasps.Ts_base_tcp, points)[..., :2]


@pytest.mark.parametrize("pitch", [0.0225, 0.024, 0.027])
def test_open_and_closing_pins_clear_every_cell_of_a_grid(pitch):
    """By the distance of parallel cylinders, sampled over the whole closing travel."""
    cell, gripper = round_cell(), pin_gripper()
    rng = np.random.default_rng(1)
    Ts = grid(3, 4, (pitch, pitch), 0.045, yaw=0.2)
    Ts = Ts @ pose(rotation_z(rng.uniform(-3, 3, len(Ts))), np.zeros(3))
    table = estimates(Ts, cell, SIGMA)
    grasps = plan_grasps(table, recipe(cell, gripper))
    assert set(grasps.cell_index.tolist()) == set(range(12))
    centers = table.Ts_base_cell[:, :2, 3]
    for share in np.linspace(0.0, 1.0, 9):
        pins = pins_xy(grasps, gripper.jaws, share * grasps.opening_m)
        gap = np.linalg.norm(pins[:, :, None] - centers, axis=-1) - PIN_RADIUS - CELL_RADIUS
        own = np.arange(12) == grasps.cell_index[:, None]
        assert (gap.min(axis=1)[~own] > 0).all()
        if share == 1.0:
            assert (gap.min(axis=1)[own] > SIGMAS * SIGMA).all()
            worst = np.where(own, gap.min(axis=1) - SIGMAS * SIGMA, np.inf).min(axis=1)
            others = np.where(own, np.inf, gap.min(axis=1) - SIGMAS * SIGMA * np.sqrt(2))
            assert (grasps.clearance_m <= np.minimum(worst, others.min(axis=1)) + 1e-9).all()


def box_jaws(thick_mm: float) -> GripperModel:
    """Two plain plates that grip a box cell across its thickness."""
    base = pin_gripper((0.0, 0.010))
    plates = tuple(
        (solid("plate", "box", (thick_mm, 20, 40), (s * (13.25 - 0.5 + thick_mm / 2), 0, 5)),)
        for s in (1, -1)
    )
    return replace(base, jaws=replace(base.jaws, solids=plates))


@pytest.mark.parametrize(("spare", "fits"), [(+2e-5, True), (-2e-5, False)])
def test_jaws_between_box_cells_fit_from_the_computed_pitch_on(spare, fits):
    """A plate of 3 mm needs its thickness, its opening and the predicted errors of both cells.

    Cells stand with their thickness along y; plates go down the long sides, a cell on each side.
    """
    cell, gripper = box_cell(), box_jaws(3.0)
    step = 0.010 / 24
    wanted = SIGMAS * SIGMA + SPARE_M
    opening = np.ceil((wanted + 0.0005) / step - 1e-9) * step
    need = (opening - 0.0005) + 0.003 + SIGMAS * SIGMA * np.sqrt(2)
    pitch = 0.0265 + need + spare
    table = estimates(grid(3, 1, (1.0, pitch), 0.0555), cell, SIGMA)
    grasps = plan_grasps(table, recipe(cell, gripper))
    assert (1 in grasps.cell_index) == fits
    if not fits:
        assert "too near in the best place" in grasps.refused[1]
        assert "cell " in grasps.refused[1]


def test_wide_room_is_shared_between_both_sides_of_the_jaw():
    cell, gripper = box_cell(), box_jaws(3.0)
    table = estimates(grid(3, 1, (1.0, 0.0265 + 0.009), 0.0555), cell, SIGMA)
    grasps = plan_grasps(table, recipe(cell, gripper))
    middle = grasps.cell_index == 1
    assert middle.any()
    assert np.allclose(grasps.opening_m[middle], 0.0005 + 0.003, atol=1e-4)


def test_a_divider_under_the_pins_is_fine_and_a_tall_one_is_named():
    cell, gripper = round_cell(), pin_gripper()
    table = estimates(grid(1, 1, (1, 1), 0.045), cell)
    for top_mm, fits in ((50.0, True), (70.0, False)):
        walls = tuple(
            solid(f"tray.wall.{k}", "box", (400, 400, top_mm), (500 + x, -200 + y, top_mm / 2))
            for k, (x, y) in enumerate([(215, 0), (-215, 0), (0, 215), (0, -215)])
        )
        grasps = plan_grasps(table, recipe(cell, gripper, walls))
        assert (len(grasps) > 0) == fits
        if not fits:
            assert grasps.refused[0].startswith("tray.wall.")


def test_the_tray_is_widened_sideways_by_its_tolerance_and_not_upwards():
    cell, gripper = round_cell(), pin_gripper()
    table = estimates(grid(1, 1, (1, 1), 0.045), cell)
    tips = 0.045 + 0.035 - 0.025
    for name, low, fits in (
        ("tray.wall", 0.017, False),
        ("table.wall", 0.017, True),
        ("tray.wall", 0.022, True),
    ):
        wall = solid(name, "box", (20, 400, 100), (500 + 1e3 * low + 10, -200, 50))
        free = solid(name, "box", (400, 400, 1e3 * tips - 0.6), (500, -200, 500 * tips - 0.3))
        grasps = plan_grasps(table, recipe(cell, gripper, (wall,)))
        assert (len(grasps) > 0) == fits
        assert len(plan_grasps(table, recipe(cell, gripper, (free,))))


def test_jaws_that_cannot_open_wide_enough_or_do_not_reach_say_so():
    cell = round_cell()
    table = estimates(grid(1, 1, (1, 1), 0.045), cell)
    narrow = plan_grasps(table, recipe(cell, pin_gripper((0.0, 0.0018))))
    assert "leave" in narrow.refused[0]
    assert "less than its predicted error" in narrow.refused[0]
    wide = plan_grasps(table, recipe(cell, pin_gripper((0.004, 0.006))))
    assert wide.refused[0] == "the jaws close without touching the cell"
    low = pin_gripper()
    body = solid("gripper.body", "box", (96, 50, 50), (0, 0, 155))
    sunk = plan_grasps(table, recipe(cell, replace(low, solids=(body,))))
    assert sunk.refused[0] == "the gripper's body would sink 5.3 mm into the cell"


def test_swept_jaws_hold_the_jaws_at_every_opening_between():
    jaws = pin_gripper((0.001, 0.006)).jaws
    swept = jaw_parts(jaws, np.array([0.005]))
    x = swept.poses[0, :, 0, 3]
    reach = swept.shapes.half[0, :, 0] + swept.shapes.disc[0]
    for opening in np.linspace(0.001, 0.005, 5):
        for k, (side, sign) in enumerate(zip(jaws.solids, (1, -1), strict=True)):
            for j, body in enumerate(side):
                center = body.T_parent_solid[0, 3] + sign * opening
                b = 3 * k + j
                assert x[b] - reach[b] <= center - body.size_m[0] / 2 + 1e-12
                assert x[b] + reach[b] >= center + body.size_m[0] / 2 - 1e-12
    assert np.allclose(x + reach - (x - reach), 0.004 + np.tile([0.012, 0.0045, 0.0045], 2))


def test_a_lopsided_gripper_is_tried_at_all_yaws_and_a_symmetric_one_at_half_of_them():
    cell = round_cell()
    table = estimates(grid(1, 1, (1, 1), 0.045), cell)
    bearings = np.radians(np.arange(-90, 91, 10))
    fence = tuple(
        solid("fence", "box", (8, 8, 300), (500 + 70 * np.cos(t), -200 + 70 * np.sin(t), 150))
        for t in bearings
    )
    arm = solid("gripper.arm", "box", (120, 10, 10), (60, 0, 85))
    lopsided = replace(pin_gripper(), solids=(*pin_gripper().solids, arm))
    turned = plan_grasps(table, recipe(cell, lopsided, fence))
    assert len(turned)
    assert (turned.Ts_base_tcp[:, 0, 0] < 0).all()
    assert (turned.Ts_base_tcp[:, 1, 0] < -0.1).any()
    plain = plan_grasps(table, recipe(cell, pin_gripper(), fence))
    assert (plain.Ts_base_tcp[:, 1, 0] > -1e-9).all()
