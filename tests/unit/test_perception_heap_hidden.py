"""Occlusion and what it leaves open: depth buffers, doubts of axes, rims out of sight."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from heap_stage import CELL, HALF, RADIUS, heap_look, lying

from cellpick.geometry import invert, transform
from cellpick.perception.heap import locate_heap
from cellpick.perception.heap.ends import end_odds
from cellpick.perception.heap.fit import fit_axes, frames_along
from cellpick.perception.heap.rims import REACH_M, end_shifts
from cellpick.perception.heap.rings import end_ring
from cellpick.perception.heap.slide import profiles_of, slide
from cellpick.perception.heap.surface import surface_of
from cellpick.perception.heap.zbuffer import MARGIN_M, cylinder_points, zbuffer

BODY = cylinder_points(2 * RADIUS, 2 * HALF)
NOTHING = np.zeros((0, 3), np.float32)
FLIP = np.diag([1.0, -1.0, -1.0, 1.0])


def buffers(look, Ts, things=NOTHING):
    return [zbuffer(c, look.task.T_base_region, Ts, BODY, things) for c in look.captures]


def test_points_of_a_cylinder_lie_on_it_and_leave_no_gap():
    rho, z = np.hypot(BODY[:, 0], BODY[:, 1]), np.abs(BODY[:, 2])
    side, cap = np.isclose(rho, RADIUS), np.isclose(z, HALF)
    assert (side | cap).all()
    assert (rho < RADIUS + 1e-12).all()
    assert (z < HALF + 1e-12).all()
    rng = np.random.default_rng(0)
    angle, along = rng.uniform(-np.pi, np.pi, 200), rng.uniform(-HALF, HALF, 200)
    asked = np.stack([RADIUS * np.cos(angle), RADIUS * np.sin(angle), along], -1)
    near = np.linalg.norm(asked[:, None] - BODY[None], axis=-1).min(axis=1)
    assert near.max() < 0.0025


def test_the_nearest_body_owns_a_place_and_hides_those_below_but_never_itself():
    low, high = lying(0.0, 0.0), lying(0.0, 0.0, z=3.2 * RADIUS, yaw=np.pi / 2)
    Ts = np.stack([low, high])
    look = heap_look(Ts)
    middle = np.array([[RADIUS, 0.0, 0.0]])
    crown = np.einsum("nji,j->ni", Ts[:, :3, :3], [0.0, 0.0, RADIUS])
    for buffer in buffers(look, Ts):
        uv = buffer.T_camera_region @ np.append(high[:3, 3] + [0, 0, RADIUS], 1)
        uv = buffer.belief.K @ (uv[:3] / uv[2]) / buffer.step_px
        assert buffer.owner[round(uv[1]), round(uv[0])] == 1
        seen = [buffer.open(Ts[k : k + 1], crown[k : k + 1], np.array([k]))[0, 0] for k in (0, 1)]
        assert seen == [False, True]
        # the own side away from the camera is not told as hidden: it is no other thing
        assert buffer.open(Ts[1:], -middle, np.array([1]))[0, 0]
    alone = buffers(look, Ts[:1])[0]
    assert alone.open(Ts[:1], crown[:1])[0, 0]


def test_readings_hide_what_lies_deeper_than_the_margin_only():
    T = lying(0.0, 0.0)[None]
    look = heap_look(T)
    capture = look.captures[0]
    eye = capture.T_base_camera[:3, 3]
    crown = np.array([0.0, 0.0, 2 * RADIUS])
    away = (eye - crown) / np.linalg.norm(eye - crown)
    p_cell = transform(invert(T[0]), crown[None])
    for lift, open_ in ((0.5 * MARGIN_M, True), (3 * MARGIN_M, False)):
        thing = (crown + lift * away)[None].astype(np.float32)
        buffer = zbuffer(capture, look.task.T_base_region, T, BODY, thing)
        assert buffer.open(T, p_cell)[0, 0] == open_


def test_places_outside_a_picture_are_open_and_no_cells_give_no_rows():
    look = heap_look(lying(0.0, 0.0)[None])
    buffer = buffers(look, lying(0.0, 0.0)[None])[0]
    far = lying(3.0, 0.0)[None]
    assert buffer.open(far, np.zeros((1, 3)), np.array([7])).all()
    assert buffer.open(np.zeros((0, 4, 4)), BODY).shape == (0, len(BODY))


def fitted(length_m, count=400, noise_m=1e-4, seed=0):
    """An axis along z from `count` readings on a strip of its side of `length_m`."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-1.0, 1.0, count)
    along = rng.uniform(-length_m / 2, length_m / 2, count)
    rho = RADIUS + rng.normal(0, noise_m, count)
    points = np.stack([rho * np.cos(angle), rho * np.sin(angle), along], -1).astype(np.float32)
    start = frames_along(np.zeros((1, 3)), np.array([[0.0, 0.0, 1.0]]))
    return fit_axes(start, points, np.zeros(count, np.int64), RADIUS)


def test_an_axis_is_known_best_amid_its_readings_and_the_worse_the_shorter_they_reach():
    t = np.linspace(-0.05, 0.05, 101)
    long, short = (fitted(length).aside_m(t)[0] for length in (0.06, 0.01))
    for doubt in (long, short):
        assert abs(t[doubt.argmin()]) < 0.003
        assert (np.diff(doubt[:40]) < 0).all()
        assert (np.diff(doubt[-40:]) > 0).all()
    assert (short[[0, -1]] > 3 * long[[0, -1]]).all()


def test_the_doubt_aside_is_that_of_the_fits_themselves():
    t = np.array([-0.03, 0.0, 0.03])
    fits = [fitted(0.02, seed=seed) for seed in range(40)]
    d = np.stack([f.Ts[0, :3, 2] * np.sign(f.Ts[0, 2, 2]) for f in fits])
    p = np.stack([f.Ts[0, :3, 3] for f in fits])
    at = p[:, None, :2] + (t - p[:, 2:])[..., None] * (d[:, None, :2] / d[:, None, 2:])
    spread = np.sqrt((at**2).sum(axis=-1).mean(axis=0))
    stated = np.sqrt(np.mean([f.aside_m(t)[0] ** 2 for f in fits], axis=0))
    # readings are counted twice on purpose: neighbours have something in common
    assert stated / np.sqrt(2) == pytest.approx(spread, rel=0.3)


def test_an_axis_without_readings_has_a_finite_and_wide_covariance():
    none = fit_axes(
        frames_along(np.zeros((1, 3)), np.array([[0.0, 0.0, 1.0]])),
        np.zeros((0, 3), np.float32),
        np.zeros(0, np.int64),
        RADIUS,
    )
    values = np.linalg.eigvalsh(none.covariance()[0])
    assert (values > 0).all()
    assert none.aside_m(np.array([HALF]))[0, 0] > HALF / 10


COVER = [lying(x, 0.0, z=3.1 * RADIUS, yaw=np.pi / 2) for x in (-0.0455, -0.024, 0.024, 0.0455)]
"""Four cells across one that leave the middle of its side in sight."""


def placed(look, T, things=NOTHING):
    """Where along its axis a cell at `T` is told to lie by depth alone, and how surely."""
    surfaces = [s for c in look.captures if (s := surface_of(c, look.task, 2 * RADIUS)) is not None]
    points = np.concatenate([s.p_region[np.isfinite(s.depth)] for s in surfaces])
    q = transform(invert(T), points)
    on = (np.abs(np.hypot(q[:, 0], q[:, 1]) - RADIUS) < 5e-4) & (np.abs(q[:, 2]) < HALF)
    axis = fit_axes(T[None], points[on], np.zeros(on.sum(), np.int64), RADIUS)
    found = slide(profiles_of(axis, surfaces, RADIUS, 2.2 * HALF), 2 * HALF)
    off = (axis.Ts[0, :3, 3] - T[:3, 3]) @ T[:3, 2] + found.middle[0]
    return off, found.doubt_m[0]


def test_a_cell_whose_ends_are_hidden_is_told_with_the_doubt_that_it_has():
    for shift in (-0.01, 0.0, 0.01):
        T = lying(shift, 0.0)
        off, doubt_m = placed(heap_look(np.stack([T, *COVER])), T)
        assert doubt_m > 0.003
        assert abs(off) < 2 * doubt_m
    off, doubt_m = placed(heap_look(lying(0.0, 0.0)[None]), lying(0.0, 0.0))
    assert abs(off) < 1e-3
    assert doubt_m < 1e-3


def test_missing_readings_beside_a_cell_move_it_nowhere():
    T = lying(0.0, 0.0)
    look = heap_look(np.stack([T, *COVER]))
    blank = []
    for capture in look.captures:
        if capture.depth is not None:
            depth = capture.depth.copy()
            depth[:, : depth.shape[1] // 2 - 12] = np.nan
            capture = dataclasses.replace(capture, depth=depth)
        blank.append(capture)
    whole, _ = placed(look, T)
    off, doubt_m = placed(dataclasses.replace(look, captures=tuple(blank)), T)
    assert doubt_m > 0.003
    assert abs(off) < 2 * doubt_m
    assert abs(whole) < 2 * doubt_m


def test_no_cell_is_told_of_where_only_the_middle_of_a_side_is_seen():
    truth = np.stack([lying(0.0, 0.0), *COVER])
    found = locate_heap(heap_look(truth)).estimates
    apart = np.linalg.norm(found.Ts_base_cell[:, None, :3, 3] - truth[None, :, :3, 3], axis=-1)
    assert (apart.min(axis=1) < RADIUS).all()
    assert (2 * np.sqrt(found.covariance[:, 2, 2]) < RADIUS).all()
    assert (apart[:, 1:].min(axis=0) < 1e-3).all()
    assert len(found) == len(COVER)
    # what is seen of the hidden one is of a cell all the same
    assert found.foreign == ()


@pytest.mark.parametrize("off_m", [-0.004, 0.003])
def test_rims_in_the_pictures_bring_a_cell_back_along_its_axis(off_m):
    truth = lying(0.01, 0.02, yaw=0.4)[None]
    look = heap_look(truth)
    moved = truth.copy()
    moved[:, :3, 3] += off_m * truth[:, :3, 2]
    shift, left = end_shifts(look, moved, np.array([0.002]), buffers(look, moved))
    assert shift[0] == pytest.approx(-off_m, abs=5e-4)
    assert left[0] < 0.001


def test_rims_out_of_sight_leave_place_and_doubt_as_they_were_however_wide_that_is():
    truth = np.stack([lying(0.0, -0.06), lying(0.0, 0.0), lying(0.0, 0.06)])
    dark = heap_look(truth)
    captures = tuple(dataclasses.replace(c, image=np.full_like(c.image, 90)) for c in dark.captures)
    look = dataclasses.replace(dark, captures=captures)
    doubt_m = np.array([0.0005, 0.002, 2 * REACH_M])
    shift, left = end_shifts(look, truth, doubt_m, buffers(look, truth))
    assert np.abs(shift).max() < 1e-6
    assert left == pytest.approx(np.hypot(doubt_m, 0.0005), rel=0.03)


def test_a_wide_doubt_of_one_cell_changes_nothing_for_the_others():
    truth = np.stack([lying(-0.06, -0.05, yaw=0.4), lying(0.05, 0.04, yaw=-0.3)])
    look = heap_look(truth)
    before = buffers(look, truth)
    alike, left = end_shifts(look, truth, np.array([0.0006, 0.0006]), before)
    shift, apart = end_shifts(look, truth, np.array([0.0006, 0.015]), before)
    assert (shift[0], apart[0]) == pytest.approx((alike[0], left[0]), rel=1e-9)
    assert abs(shift[1]) < 1e-3


def test_an_end_speaks_for_its_ring_and_a_hidden_one_says_nothing():
    ring = end_ring(CELL, heap_look(lying(0, 0)[None]).task.materials)
    raised = lying(0.0, 0.0, z=0.035, yaw=0.4, tilt=0.8)[None]
    lid = np.stack(np.meshgrid(*[np.linspace(-0.1, 0.1, 120)] * 2), -1).reshape(-1, 2)
    lid = np.concatenate([lid, np.full((len(lid), 1), 0.09)], axis=1).astype(np.float32)
    for T in (raised, raised @ FLIP):
        look = heap_look(T)
        before = buffers(look, T)
        odds = end_odds(look, T, before, ring)
        assert odds[0] > 4
        assert end_odds(look, T @ FLIP, before, ring)[0] == pytest.approx(-odds[0], abs=1e-6)
        assert end_odds(look, T, buffers(look, T, lid), ring)[0] == 0
        assert end_odds(look, T, before, None)[0] == 0
