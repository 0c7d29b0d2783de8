"""Average recall and a look's table of pose errors: looks by hand, and what they must count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from grasping_stage import box_cell, changed, estimates, grid, round_cell
from test_evaluate_matching import state

from cellpick.errors import InputError, ShapeError
from cellpick.evaluate import (
    diameter_m,
    match_by_score,
    match_estimates,
    pool_recalls,
    pose_errors,
    pose_recall,
)
from cellpick.evaluate.cover import cover_shares
from cellpick.geometry import exp_rotation, pose, rotation_z, translation
from cellpick.structures import SearchTask, Symmetry

K = np.array([[1200.0, 0.0, 640.0], [0.0, 1200.0, 480.0], [0.0, 0.0, 1.0]])
DOWN = exp_rotation([np.pi, 0.0, 0.0])
EYE = pose(DOWN, [0.5, -0.2, 0.7])
TRAY = grid(3, 2, (0.15, 0.0285), 0.0555)
FLUSH = grid(2, 1, (0.15, 0.0265), 0.0555)
HEAP = grid(3, 3, (0.03, 0.03), 0.045)
D = diameter_m(box_cell())


def recall(Ts_est, Ts_true, cell=None, **more):
    return pose_recall(estimates(Ts_est, cell), state(Ts_true, cell), EYE, K, 1280, **more)


def shifted(Ts, x=0.0, y=0.0, z=0.0):
    moved = np.array(Ts)
    moved[..., :3, 3] += [x, y, z]
    return moved


def test_perfect_estimates_in_any_order_find_everything():
    got = recall(TRAY[[4, 2, 0, 5, 1, 3]], TRAY)
    assert (got.cells, got.estimates, got.correct) == (6, 6, 6)
    assert got.ar_mssd == got.ar_mspd == got.average_recall == got.recall == got.precision == 1.0
    assert (got.false_positives, got.merges, got.splits) == (0, 0, 0)


def test_each_threshold_counts_the_cells_whose_error_is_below_it():
    """A pure shift is an MSSD of its own length: 12 and 31 % of the diameter."""
    Ts = TRAY[:3].copy()
    Ts[1], Ts[2] = shifted(Ts[1], z=-0.12 * D), shifted(Ts[2], z=-0.31 * D)
    got = recall(Ts, TRAY[:3])
    assert got.found_mssd.tolist() == [1, 1, 2, 2, 2, 2, 3, 3, 3, 3]
    assert got.ar_mssd == pytest.approx((1 + 8 / 10 + 4 / 10) / 3)
    assert got.correct == 1
    assert recall(Ts, TRAY[:3], correct_m=0.13 * D).correct == 2
    assert recall(Ts, TRAY[:3], correct_m=0.9 * D).correct == 3


def test_pixel_thresholds_grow_with_the_width_of_the_image():
    """Under the camera, the face at 0.599 m; 0.02 m aside are 40 px there, 33.7 at the bottom."""
    Ts, moved = FLUSH[:1], shifted(FLUSH[:1], x=0.02)
    px = 0.02 * 1200 / (0.7 - 0.0555 - 0.0455)
    table = estimates(moved), state(Ts)
    wide = pose_recall(*table, EYE, K, 1280)
    assert wide.found_mspd.tolist() == (px < np.arange(10, 101, 10)).astype(int).tolist()
    narrow = pose_recall(*table, EYE, K, 640)
    assert narrow.found_mspd.tolist() == (px < np.arange(5, 51, 5)).astype(int).tolist()
    assert wide.ar_mspd > narrow.ar_mspd > 0


def test_a_swapped_polarity_is_found_by_neither_measure():
    got = recall(TRAY @ pose(rotation_z(np.pi), np.zeros(3)), TRAY)
    assert got.correct == 0
    assert got.ar_mssd == 0
    symmetric = replace(box_cell(), symmetries=(Symmetry(np.array([0.0, 0.0, 1.0]), 2),))
    assert recall(TRAY @ pose(rotation_z(np.pi), np.zeros(3)), TRAY, symmetric).average_recall == 1


def test_round_cells_may_spin():
    spun = HEAP @ pose(rotation_z(np.linspace(0, 6, 9)), np.zeros(3))
    assert recall(spun, HEAP, round_cell()).average_recall == 1.0


def test_a_missed_cell_and_a_false_one():
    Ts = TRAY[:3].copy()
    Ts[2] = shifted(Ts[2], z=1.0)
    got = recall(Ts, TRAY[:3])
    assert (got.correct, got.false_positives) == (2, 1)
    assert got.recall == got.precision == got.ar_mssd == pytest.approx(2 / 3)


def test_an_estimate_half_way_between_two_cells_is_a_merge():
    Ts = shifted(FLUSH[:1], y=0.0265 / 2)
    got = recall(Ts, FLUSH)
    assert (got.merges, got.splits) == (1, 0)
    assert (recall(FLUSH, FLUSH).merges, recall(FLUSH, FLUSH).splits) == (0, 0)


def test_two_estimates_on_one_cell_are_a_split_and_one_of_them_is_false():
    got = recall(np.concatenate([TRAY, shifted(TRAY[:1], z=0.003)]), TRAY)
    assert (got.merges, got.splits) == (0, 1)
    assert (got.correct, got.false_positives) == (6, 1)


def test_recall_takes_no_more_estimates_than_cells_the_best_scored_ones():
    """Seven estimates of six cells: a false one with the best score costs a place."""
    table = estimates(np.concatenate([TRAY, shifted(TRAY[:1], z=1.0)]))
    table = replace(table, score=np.array([0.9] * 5 + [0.8, 1.0]))
    got = pose_recall(table, state(TRAY), EYE, K, 1280)
    assert got.found_mssd.tolist() == [5] * 10
    assert got.correct == 6
    unsure = changed(table, 6, polarity_probability=0.5)
    assert pose_recall(unsure, state(TRAY), EYE, K, 1280).found_mssd.tolist() == [6] * 10


def test_only_cells_of_the_region_are_wanted():
    centers = TRAY[:, :3, 3].mean(axis=0)
    size = np.array([0.16, 0.04, 0.5])
    task = SearchTask(box_cell(), {}, translation([*centers[:2], 0.0]), size, 0.99)
    inside = (np.abs(TRAY[:, :2, 3] - centers[:2]) <= size[:2] / 2).all(axis=1)
    assert recall(TRAY, TRAY, task=task).cells == inside.sum() == 2


def test_nothing_to_find_and_nothing_found():
    none = np.zeros((0, 4, 4))
    got = recall(none, TRAY)
    assert (got.average_recall, got.recall, got.false_positives) == (0.0, 0.0, 0)
    assert np.isnan(got.precision)
    got = recall(TRAY, none)
    assert np.isnan([got.average_recall, got.recall]).all()
    assert (got.precision, got.false_positives) == (0.0, 6)
    assert np.isnan(recall(none, none).average_recall)
    assert pool_recalls([]).cells == 0


def test_looks_pool_by_their_cells():
    one, other = recall(TRAY, TRAY), recall(shifted(TRAY[:2], z=1.0), TRAY[:2])
    both = pool_recalls([one, other])
    assert both.average_recall == pytest.approx(6 / 8)
    assert (both.cells, both.estimates, both.correct, both.false_positives) == (8, 8, 6, 2)


def test_matching_is_greedy_by_score_and_takes_the_nearest_free_cell():
    errors = [[1.0, 2.0, 9.0], [0.5, 3.0, 9.0], [0.1, 5.0, 8.0]]
    assert match_by_score(errors, [0.9, 0.8, 0.7], 6.0, 3).tolist() == [0, 1, -1]
    assert match_by_score(errors, [0.7, 0.8, 0.9], 6.0, 3).tolist() == [-1, 1, 0]
    assert match_by_score(errors, [0.9, 0.8, 0.7], 6.0, 1).tolist() == [0, -1, -1]
    assert match_by_score(errors, [0.5, 0.5, 0.5], 10.0, 3).tolist() == [0, 1, 2]
    assert match_by_score([[5.0]], [1.0], 5.0, 1).tolist() == [-1]
    assert match_by_score(np.zeros((2, 0)), [1.0, 0.5], 5.0, 2).tolist() == [-1, -1]


def test_shares_of_a_cell_are_volumes():
    cell = box_cell()
    along = translation([0.0375 * 0.148 / 0.15, 0.0, 0.0])
    shares = cover_shares(cell, np.stack([np.eye(4), along]), np.stack([np.eye(4), 3 * along]))
    assert shares[0, 0] == 1.0
    assert shares[1, 0] == pytest.approx(0.75, abs=0.051)
    turned = pose(rotation_z(np.pi / 2), np.zeros(3))
    crossed = cover_shares(cell, turned[None], np.eye(4)[None])[0, 0]
    assert crossed == pytest.approx(0.0265 / 0.148, abs=0.051)


def test_the_table_holds_each_matched_pair_in_the_pairs_order():
    Ts = shifted(TRAY[[3, 1]], x=0.003, y=0.004)
    table, truth = estimates(Ts), state(TRAY)
    got = pose_errors(match_estimates(table, truth), table, truth, EYE, K)
    assert len(got) == 2
    assert got.cell_row.tolist() == [3, 1]
    assert got.mssd_m == pytest.approx([0.005, 0.005])
    assert got.add_m == pytest.approx([0.005, 0.005])
    assert got.mspd_px == pytest.approx([0.005 * 1200 / (0.7 - 0.101)] * 2)
    assert (got.add_s_m < got.add_m).all()
    assert got.diameter_m == D
    columns = got.columns()
    assert list(columns) == ["estimate_row", "cell_row", "mssd_m", "mspd_px", "add_m", "add_s_m"]
    assert columns["cell_row"] == [3, 1]
    with pytest.raises(ValueError, match="read-only"):
        got.mssd_m[0] = 0.0


def test_the_table_of_a_look_without_pairs_is_empty():
    table, truth = estimates(np.zeros((0, 4, 4))), state(TRAY)
    assert len(pose_errors(match_estimates(table, truth), table, truth, EYE, K)) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width_px": 0}, "width_px must be positive and finite; got 0"),
        ({"correct_m": float("nan")}, "correct_m must be positive and finite; got nan"),
        ({"correct_m": -0.002}, "correct_m must be positive and finite; got -0.002"),
    ],
)
def test_figures_that_limit_nothing_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        pose_recall(**{
            "estimates": estimates(TRAY), "state": state(TRAY), "T_base_camera": EYE, "K": K,
            "width_px": 1280, **change,
        })  # fmt: skip


def test_wrong_shapes_and_models_are_named():
    table, truth = estimates(TRAY), state(TRAY)
    matches = match_estimates(table, truth)
    with pytest.raises(ShapeError, match=r"T_base_camera must have shape \(4, 4\); got \(3, 4\)"):
        pose_errors(matches, table, truth, EYE[:3], K)
    with pytest.raises(ShapeError, match=r"K must have shape \(3, 3\); got \(9,\)"):
        pose_recall(table, truth, EYE, K.ravel(), 1280)
    with pytest.raises(ShapeError, match=r"scores must have shape \(2\); got \(3,\)"):
        match_by_score(np.zeros((2, 2)), np.ones(3), 1.0, 2)
    with pytest.raises(ShapeError, match=r"errors must have shape \(n, n\); got \(2,\)"):
        match_by_score(np.zeros(2), np.ones(2), 1.0, 2)
    other = replace(table, cell="another")
    with pytest.raises(InputError, match="estimates must be of the scene's cell; got 'another'"):
        pose_recall(other, truth, EYE, K, 1280)
    with pytest.raises(InputError, match="estimates must be of the scene's cell"):
        pose_errors(matches, other, truth, EYE, K)
