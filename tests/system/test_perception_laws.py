"""Laws of the whole of perception: frames, order, repetition, parts of a tray."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from perception_stage import nearest, shoot

from cellpick.geometry import difference, exp_rotation, invert, pixel_grid, pose, rays
from cellpick.perception import drawing_of, perceive
from cellpick.structures import CaptureSet

TRAYS = {
    "boxes": (
        "prismatic_tray",
        9,
        ("tray.rows=4", "tray.columns=1", "module.rows=4", "tray.gap_mm=1"),
    ),
    "cylinders": (
        "cylindrical_tray",
        7,
        ("tray.rows=2", "tray.columns=3", "module.rows=2", "module.columns=3"),
    ),
}


@pytest.fixture(scope="module")
def shots():
    return {name: shoot(*arguments) for name, arguments in TRAYS.items()}


@pytest.fixture(scope="module")
def found(shots):
    return {name: perceive(shot.look) for name, shot in shots.items()}


def free(shot):
    """(6,) 0 for a turn that means nothing, else 1."""
    return np.array([1, 1, 1, 1, 1, 0 if shot.look.task.cell.turns_freely else 1])


@pytest.mark.parametrize("name", TRAYS)
def test_the_fixtures_cells_are_found(name, shots, found):
    rows, gap = nearest(found[name], shots[name])
    assert sorted(rows) == list(range(len(shots[name].serials)))
    assert gap.max() < 0.8e-3
    assert set(found[name].status) == {"ok"}


@pytest.mark.parametrize("name", TRAYS)
def test_any_order_of_the_captures_gives_the_same_bits(name, shots, found, same_record):
    look = shots[name].look
    for order in list(permutations(range(4)))[5::6]:
        mixed = replace(look, captures=tuple(look.captures[k] for k in order))
        again = perceive(mixed)
        cameras = {status.camera: status for status in again.cameras}
        again = replace(again, cameras=tuple(cameras[s.camera] for s in found[name].cameras))
        same_record(again, found[name])


@pytest.mark.parametrize("name", TRAYS)
def test_the_same_look_gives_the_same_bits_with_and_without_its_drawing(
    name, shots, found, same_record
):
    look = shots[name].look
    same_record(perceive(look), found[name])
    drawing = drawing_of(look.task.cell, look.task.materials, look.task.arrangement)
    same_record(perceive(look, drawing=drawing), found[name])


def carried(look: CaptureSet, T) -> CaptureSet:
    """The same look of a station whose base frame lies elsewhere: `T` is the old one in it."""

    def moved(capture):
        belief = capture.calibration
        if belief.mount == "base":
            belief = replace(belief, T_mount_camera=T @ belief.T_mount_camera)
        return replace(capture, calibration=belief, T_base_flange=T @ capture.T_base_flange)

    marks = tuple(replace(mark, T_base_mark=T @ mark.T_base_mark) for mark in look.task.marks)
    task = replace(look.task, T_base_region=T @ look.task.T_base_region, marks=marks)
    return replace(look, captures=tuple(moved(c) for c in look.captures), task=task)


@pytest.mark.parametrize("name", TRAYS)
@pytest.mark.parametrize(
    ("turn", "shift"), [([0, 0, 2.1], [0.7, -0.4, 0.3]), ([0.9, -1.6, 0.5], [-2.0, 1.0, 0.5])]
)
def test_moving_the_base_frame_moves_the_estimates(name, turn, shift, shots, found):
    T = pose(exp_rotation(np.array(turn)), np.array(shift))
    there, here = perceive(carried(shots[name].look, T)), found[name]
    gap = np.linalg.norm(
        (T @ here.Ts_base_cell)[:, None, :3, 3] - there.Ts_base_cell[None, :, :3, 3], axis=-1
    )
    rows = gap.argmin(axis=1)
    assert sorted(rows) == list(range(len(here)))
    apart = difference(T @ here.Ts_base_cell, there.Ts_base_cell[rows]) * free(shots[name])
    # points and pixels are single precision: one reading at a border may change sides
    assert np.abs(apart[:, :3]).max() < 2e-6
    assert np.abs(apart[:, 3:]).max() < 2e-5
    assert [there.status[row] for row in rows] == list(here.status)
    assert [there.code[row] for row in rows] == list(here.code)
    np.testing.assert_allclose(there.sigma_m[rows], here.sigma_m, rtol=0.02)


@pytest.mark.parametrize("name", TRAYS)
def test_cameras_on_a_flange_and_on_the_base_that_see_alike_find_alike(name, shots, found):
    T_flange = pose(exp_rotation(np.array([0.3, -2.0, 0.4])), np.array([0.4, 0.1, 0.6]))

    def carried_by_the_arm(capture):
        belief = replace(
            capture.calibration,
            mount="flange",
            T_mount_camera=np.linalg.inv(T_flange) @ capture.T_base_camera,
        )
        return replace(capture, calibration=belief, T_base_flange=T_flange)

    look = shots[name].look
    there = perceive(replace(look, captures=tuple(map(carried_by_the_arm, look.captures))))
    apart = difference(found[name].Ts_base_cell, there.Ts_base_cell) * free(shots[name])
    assert np.abs(apart).max() < 2e-6
    assert there.status == found[name].status


@pytest.mark.parametrize("name", TRAYS)
@pytest.mark.parametrize("side", [-1, 1])
def test_a_part_of_a_tray_has_the_poses_of_the_whole(name, side, shots, found):
    shot = shots[name]
    task, axis = shot.look.task, 1
    whole = found[name]
    p = (np.linalg.inv(task.T_base_region) @ whole.Ts_base_cell)[:, :3, 3]
    # half the region, so that the line between two rows of cells is its border
    size = task.region_size_m.copy()
    size[axis] /= 2
    shift = np.zeros(3)
    shift[axis] = side * size[axis] / 2
    T = task.T_base_region @ pose(np.eye(3), shift)
    part = perceive(replace(shot.look, task=replace(task, T_base_region=T, region_size_m=size)))
    inside = np.flatnonzero(side * p[:, axis] > 0)
    sure = [row for row, status in enumerate(part.status) if status == "ok"]
    gap = np.linalg.norm(
        whole.Ts_base_cell[inside][:, None, :3, 3] - part.Ts_base_cell[sure][:, :3, 3], axis=-1
    )
    assert sorted(gap.argmin(axis=1)) == list(range(len(inside))) == list(range(len(sure)))
    ours, theirs = whole.Ts_base_cell[inside], part.Ts_base_cell[sure][gap.argmin(axis=1)]
    apart = difference(ours, theirs) * free(shot)
    sigma = np.sqrt(np.diagonal(whole.covariance[inside], axis1=1, axis2=2))
    assert (np.abs(apart[:, :3]) < sigma[:, :3]).all()
    assert (np.abs(apart[:, 3:]) < 2 * sigma[:, 3:]).all()


def test_masked_cells_cost_the_others_nothing(shots, found):
    shot, whole = shots["boxes"], found["boxes"]
    p = (np.linalg.inv(shot.look.task.T_base_region) @ whole.Ts_base_cell)[:, :3, 3]
    last = int(p[:, 1].argmax())

    def masked(capture):
        if capture.depth is None:
            return capture
        belief = capture.calibration
        ray = rays(pixel_grid(belief.width_px, belief.height_px), belief.K, belief.distortion)
        q = ray * capture.depth.reshape(-1, 1)
        T = invert(whole.Ts_base_cell[last]) @ capture.T_base_camera
        q = q @ T[:3, :3].T + T[:3, 3]
        on = (np.abs(q) < shot.look.task.cell.size_m / 2 + 2e-3).all(axis=1)
        depth = np.where(on.reshape(capture.depth.shape), np.nan, capture.depth)
        return replace(capture, depth=depth)

    part = perceive(replace(shot.look, captures=tuple(map(masked, shot.look.captures))))
    assert len(part) == len(whole)
    others = np.arange(len(whole)) != last
    apart = difference(whole.Ts_base_cell, part.Ts_base_cell)
    sigma = np.sqrt(np.diagonal(whole.covariance, axis1=1, axis2=2))
    assert (np.abs(apart[others]) < sigma[others]).all()
    assert part.sigma_m[last] > 1.1 * whole.sigma_m[last]
    worse = np.sqrt(np.diagonal(part.covariance, axis1=1, axis2=2))[last]
    assert (np.abs(apart[last]) < 4 * worse).all()


def test_calibrations_that_state_more_doubt_make_every_cell_less_sure(shots, found):
    look = shots["boxes"].look
    poor = tuple(
        replace(
            c,
            calibration=replace(
                c.calibration,
                translation_sigma_m=3 * c.calibration.translation_sigma_m,
                rotation_sigma_rad=3 * c.calibration.rotation_sigma_rad,
            ),
        )
        for c in look.captures
    )
    doubtful = perceive(replace(look, captures=poor))
    assert (doubtful.sigma_m > 1.5 * found["boxes"].sigma_m).all()
