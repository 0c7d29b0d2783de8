"""Perception on what the simulated cameras see: every cell, once, in place, the right way round."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from perception_stage import Shot, angle_errors, blinded, degraded, nearest, shoot, without_cells

from cellpick.perception import perceive
from cellpick.structures import CaptureSet, Solid

EXACT = ("tray.jitter.yaw_deg=0", "tray.jitter.position_mm=0")
LOOKS = {
    "touching, yaw 170": ("prismatic_tray", 1, ("tray.gap_mm=0", "tray.yaw_deg=170", *EXACT)),
    "gap 0.5, yaw 0": ("prismatic_tray", 2, ("tray.gap_mm=0.5", "tray.yaw_deg=0")),
    "gap 3, yaw 90": ("prismatic_tray", 3, ("tray.gap_mm=3", "tray.yaw_deg=90")),
    "large cell": (
        "prismatic_tray",
        4,
        ("cell=prismatic_173x45x125", "tray.rows=3", "tray.columns=1", "tray.gap_mm=1"),
    ),
    "cylinders, some upside down": ("cylindrical_tray", 5, ("tray.turned_share=0.4",)),
    "large cylinders": (
        "cylindrical_tray",
        6,
        (
            "cell=cylindrical_4680",
            "gripper=pin_jaw_46",
            "tray.rows=2",
            "tray.columns=3",
            "tray.gap_mm=8",
            "module.rows=2",
            "module.columns=3",
        ),
    ),
}


@pytest.fixture(scope="module")
def shots() -> dict[str, Shot]:
    return {name: shoot(scene, seed, changes) for name, (scene, seed, changes) in LOOKS.items()}


def agreement(estimates, shot):
    """Truth rows of the estimates, after the checks that every test of a whole look makes."""
    rows, gap = nearest(estimates, shot)
    assert sorted(rows) == list(range(len(shot.serials))), "each cell once"
    angle = angle_errors(estimates, shot, rows)
    assert gap.max() < 0.7e-3
    assert np.degrees(angle).max() < 0.6, "also: no polarity the wrong way round"
    return rows


@pytest.mark.parametrize("name", LOOKS)
def test_every_cell_is_found_once_and_in_place(name, shots):
    shot = shots[name]
    estimates = perceive(shot.look)
    rows = agreement(estimates, shot)
    assert set(estimates.status) == {"ok"}
    assert set(estimates.polarity) <= {"+x", "+z"}
    has_code = any(f.kind == "code" for f in shot.look.task.cell.features)
    for row, code in zip(rows, estimates.code, strict=True):
        assert code == (shot.serials[row] if has_code else "")


def test_the_order_of_the_cameras_changes_nothing(shots, same_record):
    look = shots["touching, yaw 170"].look
    turned = CaptureSet(look.captures[::-1], look.task)
    same_record(perceive(look), perceive(turned))


@pytest.mark.parametrize("dead", [0, 1])
def test_a_dead_camera_costs_no_cell(dead, shots):
    shot = shots["touching, yaw 170"]
    captures = list(shot.look.captures)
    captures[dead] = blinded(captures[dead])
    estimates = perceive(CaptureSet(tuple(captures), shot.look.task))
    agreement(estimates, shot)


def test_3d_cameras_alone_find_every_cell(shots):
    shot = shots["gap 0.5, yaw 0"]
    captures = tuple(c for c in shot.look.captures if c.depth is not None)
    agreement(perceive(CaptureSet(captures, shot.look.task)), shot)


def test_2d_cameras_alone_are_never_sure_of_a_wrong_place(shots):
    shot = shots["gap 3, yaw 90"]
    captures = tuple(c for c in shot.look.captures if c.depth is None)
    estimates = perceive(CaptureSet(captures, shot.look.task))
    _, gap = nearest(estimates, shot)
    sure = np.array([status == "ok" for status in estimates.status])
    assert sure.sum() >= 6
    assert gap[sure].max() < 2e-3


def honest(estimates, shot):
    """Every cell once, as good as its own prediction says; the errors in that unit."""
    rows, gap = nearest(estimates, shot)
    assert sorted(rows) == list(range(len(shot.serials)))
    return gap / estimates.sigma_m


def test_one_2d_camera_finds_every_cell_and_says_how_well(shots):
    for name in ("gap 3, yaw 90", "touching, yaw 170"):
        shot = shots[name]
        captures = tuple(c for c in shot.look.captures if c.depth is None)[:1]
        estimates = perceive(CaptureSet(captures, shot.look.task))
        assert honest(estimates, shot).max() < 3.5
        both = perceive(CaptureSet(shot.look.captures, shot.look.task))
        assert np.median(estimates.sigma_m) > 1.5 * np.median(both.sigma_m)


@pytest.mark.parametrize("cameras", [4, 2, 1])
def test_poor_depth_costs_no_cell_and_is_owned_up_to(cameras, shots):
    shot, rng = shots["gap 0.5, yaw 0"], np.random.default_rng(7)
    captures = tuple(degraded(c, rng) for c in shot.look.captures[:cameras])
    estimates = perceive(CaptureSet(captures, shot.look.task))
    assert honest(estimates, shot).max() < 3.5
    assert set(estimates.status) <= ({"ok"} if cameras == 4 else {"ok", "uncertain"})


def test_foreign_and_half_hidden_things_are_never_ok():
    def change(state):
        half = state.cell.height_m / 2
        blank, cover = state.Ts_world_cell[3].copy(), state.Ts_world_cell[8].copy()
        small = state.Ts_world_cell[5].copy()
        cover[:3, 3] += 0.037 * cover[:3, 0] + (half + 0.02) * cover[:3, 2]
        things = (
            Solid("blank", "box", state.cell.size_m, blank, "aluminium"),
            Solid("small", "box", np.array([0.12, 0.024, 0.094]), small, "pet_blue"),
            Solid("cover", "box", np.array([0.074, 0.026, 0.002]), cover, "label_white"),
        )
        state = without_cells(state, [3, 5])
        return dataclasses.replace(state, fixtures=state.fixtures + things)

    shot = shoot("prismatic_tray", 21, ("tray.gap_mm=1", "tray.yaw_deg=0"), change)
    estimates = perceive(shot.look)
    rows, gap = nearest(estimates, shot)
    sure = np.array([status == "ok" for status in estimates.status])
    assert gap[sure].max() < 0.7e-3, "what is ok is a cell"
    covered = 6  # the eighth cell's row after two were taken away
    assert sorted(rows[sure]) == [row for row in range(10) if row != covered]
    here = (rows == covered) & (gap < 2e-3)
    assert [estimates.status[row] for row in np.flatnonzero(here)] == ["uncertain"]


def test_an_empty_tray_has_no_cells():
    shot = shoot("prismatic_tray", 0, (), lambda state: without_cells(state, range(12)))
    assert len(perceive(shot.look)) == 0
