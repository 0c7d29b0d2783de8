"""Cells that lie anyhow: found with pose, status and polarity; what is no cell is foreign."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from heap_stage import CELL, HALF, RADIUS, heap_look, lying

from cellpick.evaluate import model_points, mssd, symmetry_rotations
from cellpick.geometry import exp_rotation, pose
from cellpick.perception.heap import locate_heap
from cellpick.perception.heap.apart import overlaps, segment_distance
from cellpick.perception.heap.fit import fit_axes, frames_along
from cellpick.perception.heap.rings import end_ring
from cellpick.structures import CaptureSet

PILE = np.stack(
    [
        lying(-0.07, -0.06, yaw=0.3),
        lying(0.06, -0.05, yaw=2.2),
        lying(0.0, 0.06, yaw=-0.2),
        lying(-0.08, 0.03, yaw=1.4),
        lying(0.075, 0.045, z=0.03, yaw=0.5, tilt=0.55),
        lying(-0.01, 0.0, z=0.0315, yaw=1.3),
    ]
)
FLIP = np.diag([1.0, -1.0, -1.0, 1.0])


def errors_m(Ts, truth):
    """(m, n) MSSD whose ends are told apart."""
    i, j = (a.ravel() for a in np.indices((len(Ts), len(truth))))
    points, turns = model_points(CELL), symmetry_rotations(CELL.symmetries)
    return mssd(Ts[i], truth[j], points, turns).reshape(len(Ts), len(truth))


@pytest.fixture(scope="module")
def pile():
    return locate_heap(heap_look(PILE)).estimates


def test_every_cell_of_a_pile_is_found_once_with_its_polarity(pile):
    exact = errors_m(pile.Ts_base_cell, PILE)
    either = np.minimum(exact, errors_m(pile.Ts_base_cell @ FLIP, PILE))
    assert len(pile) == len(PILE)
    assert (either.min(axis=0) < 5e-4).all()
    assert sorted(either.argmin(axis=1)) == list(range(len(PILE)))
    known = np.array([p == "+z" for p in pile.polarity])
    assert known.sum() >= 4
    assert (exact[known].min(axis=1) < 5e-4).all()
    assert set(pile.polarity) <= {"+z", "unknown"}
    assert pile.foreign == ()


def test_most_cells_of_a_pile_may_be_picked_and_scores_are_shares(pile):
    assert pile.status.count("ok") >= 4
    assert set(pile.status) <= {"ok", "ambiguous"}
    assert ((pile.score > 0.8) & (pile.score <= 1)).all()
    for status, reason in zip(pile.status, pile.reason, strict=True):
        assert (reason == "") == (status == "ok")


def test_covariances_are_of_possible_errors(pile):
    for T, covariance in zip(pile.Ts_base_cell, pile.covariance, strict=True):
        assert np.allclose(covariance, covariance.T)
        values = np.linalg.eigvalsh(covariance)
        assert values[0] > 0
        assert covariance[5, 5] == pytest.approx((np.pi / 2) ** 2)
        assert np.sqrt(values[:-1].max()) < 0.02
        assert np.allclose(T[:3, :3] @ T[:3, :3].T, np.eye(3), atol=1e-9)


def test_the_same_look_gives_the_same_bits_again(pile):
    again = locate_heap(heap_look(PILE)).estimates
    assert np.array_equal(again.Ts_base_cell, pile.Ts_base_cell)
    assert np.array_equal(again.covariance, pile.covariance)
    assert again.status == pile.status


def test_a_moved_station_gives_moved_cells(pile):
    T = pose(exp_rotation(np.array([0.0, 0.0, 0.7])), np.array([0.5, -0.3, 0.2]))
    moved = locate_heap(heap_look(PILE, T_base_region=T)).estimates
    error = errors_m(moved.Ts_base_cell, T @ pile.Ts_base_cell)
    assert (error.min(axis=0) < 1e-4).all()


def test_a_cell_turned_end_for_end_is_a_cell_of_the_other_polarity():
    raised = lying(0.0, 0.0, z=0.035, yaw=0.4, tilt=0.8)[None]
    for truth in (raised, raised @ FLIP):
        found = locate_heap(heap_look(truth)).estimates
        assert found.polarity == ("+z",)
        assert errors_m(found.Ts_base_cell, truth)[0, 0] < 1e-3


def test_a_cell_that_two_others_hide_is_uncertain_not_misplaced():
    over = [lying(-0.032, 0.0, z=0.0316, yaw=np.pi / 2), lying(0.02, 0.0, z=0.0316, yaw=np.pi / 2)]
    truth = np.stack([lying(0.0, 0.0), *over])
    found = locate_heap(heap_look(truth)).estimates
    error = np.minimum(
        errors_m(found.Ts_base_cell, truth), errors_m(found.Ts_base_cell @ FLIP, truth)
    )
    for row, status in enumerate(found.status):
        assert error[row].min() < 2e-3 or status == "uncertain"
    assert (error[:, 1:].min(axis=0) < 1e-3).all()


def test_an_orange_rod_of_a_cells_size_is_foreign_and_no_cell():
    rod = (lying(0.0, 0.0), RADIUS, HALF)
    found = locate_heap(heap_look(PILE[:2], rods=[rod])).estimates
    assert len(found) == 2
    assert len(found.foreign) == 1
    box = found.foreign[0]
    assert np.linalg.norm(box.T_base_box[:2, 3]) < 0.01
    assert "no cell" in box.reason


def test_a_thick_rod_is_foreign_though_it_has_a_cells_colour_nowhere_and_no_cells_radius():
    rod = (lying(0.0, 0.0, z=0.016), 0.016, 0.05)
    found = locate_heap(heap_look(PILE[:2], rods=[rod])).estimates
    assert len(found) == 2
    assert len(found.foreign) == 1
    assert found.foreign[0].size_m.max() == pytest.approx(0.1, abs=0.02)


def test_an_empty_bin_and_a_bin_without_3d_cameras_give_no_rows():
    none = np.zeros((0, 4, 4))
    assert len(locate_heap(heap_look(none)).estimates) == 0
    look = heap_look(PILE)
    flat = CaptureSet(tuple(c for c in look.captures if c.depth is None), look.task)
    assert len(locate_heap(flat).estimates) == 0


def test_depth_without_a_reading_gives_no_rows():
    look = heap_look(PILE)
    blank = [
        c if c.depth is None else dataclasses.replace(c, depth=np.full_like(c.depth, np.nan))
        for c in look.captures
    ]
    assert len(locate_heap(CaptureSet(tuple(blank), look.task)).estimates) == 0


def test_one_3d_camera_alone_finds_the_cells_that_it_sees():
    look = heap_look(PILE)
    found = locate_heap(CaptureSet(look.captures[:1], look.task)).estimates
    error = np.minimum(
        errors_m(found.Ts_base_cell, PILE), errors_m(found.Ts_base_cell @ FLIP, PILE)
    )
    assert (error.min(axis=0) < 2e-3).all()


def test_axes_are_fitted_to_readings_on_a_cylinder():
    rng = np.random.default_rng(3)
    R = exp_rotation(np.array([0.4, -0.7, 0.2]))
    angle, along = rng.uniform(-1.2, 1.2, 400), rng.uniform(-0.02, 0.02, 400)
    local = np.stack([RADIUS * np.cos(angle), RADIUS * np.sin(angle), along], -1)
    points = (local @ R.T + [0.1, 0.2, 0.3]).astype(np.float32)
    off = R[:, 2] + [0.03, -0.02, 0.02]
    start = frames_along(np.array([[0.1005, 0.2, 0.3]]), (off / np.linalg.norm(off))[None])
    fitted = fit_axes(start, points, np.zeros(400, np.int64), RADIUS)
    axis = fitted.Ts[0, :3, 2]
    assert np.abs(axis @ R[:, 2]) == pytest.approx(1, abs=1e-7)
    aside = fitted.Ts[0, :3, 3] - [0.1, 0.2, 0.3]
    assert np.linalg.norm(aside - (aside @ axis) * axis) < 1e-5
    assert fitted.used[0] == 400


def test_segments_are_as_far_apart_as_their_nearest_points():
    rng = np.random.default_rng(5)
    p, q = rng.normal(0, 0.05, (2, 40, 3))
    d, e = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in rng.normal(size=(2, 40, 3)))
    s = np.linspace(-0.03, 0.03, 301)
    a = p[:, None] + s[:, None] * d[:, None]
    b = q[:, None] + s[:, None] * e[:, None]
    brute = np.linalg.norm(a[:, :, None] - b[:, None], axis=-1).min(axis=(1, 2))
    assert np.allclose(segment_distance(p, d, q, e, 0.03), brute, atol=2e-4)


def test_cells_end_to_end_and_side_by_side_do_not_overlap_but_crossed_ones_do():
    flush = np.stack([lying(0, 0), lying(2 * HALF, 0), lying(0, 2 * RADIUS), lying(0, 0, yaw=1.0)])
    deep = overlaps(flush, 2 * RADIUS, 2 * HALF)
    assert np.abs(deep[0, 1:3]).max() < 1e-9
    assert deep[0, 3] == pytest.approx(2 * RADIUS)
    assert np.isneginf(np.diag(deep)).all()


def test_the_ring_that_tells_the_ends_apart_is_read_from_the_drawing():
    look = heap_look(PILE[:1])
    ring = end_ring(CELL, look.task.materials)
    assert ring is not None
    assert ring.on_plus
    assert ring.width_m == pytest.approx(0.00275, abs=3e-4)
    plain = dataclasses.replace(CELL, features=())
    assert end_ring(plain, look.task.materials) is None
