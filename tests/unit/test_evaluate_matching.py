"""Matching against the truth: pairs, errors by hand, symmetric cells, polarity, codes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from grasping_stage import arm, box_cell, changed, cup_gripper, estimates, grid, round_cell

from cellpick.errors import InputError
from cellpick.evaluate import match_estimates
from cellpick.evaluate.symmetric_angle import flip_rotation, symmetric_angle
from cellpick.geometry import exp_rotation, perturb, pose, rotation_z, translation
from cellpick.scene.state import SceneState
from cellpick.structures import SearchTask, Symmetry

T_WORLD_BASE = pose(rotation_z(0.7), [0.2, -0.1, 0.05])
TURN_Z = pose(rotation_z(np.pi), np.zeros(3))
TURN_X = pose(exp_rotation([np.pi, 0, 0]), np.zeros(3))
TRAY = grid(3, 2, (0.15, 0.0285), 0.0555)


def state(Ts_base_cell, cell=None) -> SceneState:
    cell = box_cell() if cell is None else cell
    Ts = np.asarray(Ts_base_cell, dtype=float).reshape(-1, 4, 4)
    return SceneState(
        cell=cell, arm=arm(), gripper=cup_gripper(), rig=(), cameras=(), lights=(), ambient=0.3,
        materials={}, T_world_base=T_WORLD_BASE, q=np.zeros(6), opening_m=0.0, fixtures=(),
        T_world_tray=np.eye(4), T_world_module=np.eye(4), Ts_module_slot=np.zeros((0, 4, 4)),
        Ts_world_cell=T_WORLD_BASE @ Ts, serials=tuple(f"A{i:03d}" for i in range(len(Ts))),
        time_s=0.0,
    )  # fmt: skip


def test_perfect_estimates_in_any_order_match_without_error():
    rows = np.array([4, 2, 0, 5, 1, 3])
    table = replace(estimates(TRAY[rows]), code=tuple(f"A{i:03d}" for i in rows))
    matches = match_estimates(table, state(TRAY))
    assert matches.cell_row.tolist() == rows.tolist()
    assert matches.estimate_row.tolist() == list(range(6))
    assert np.allclose(matches.position_error_m, 0, atol=1e-12)
    assert np.allclose(matches.angle_error_rad, 0, atol=1e-7)
    assert set(matches.polarity) == set(matches.code) == {"right"}
    assert matches.recall == 1.0
    assert matches.missed == matches.false_rows == ()


def test_errors_by_hand():
    """0.3, 0.4 and 1.2 mm make 1.3 mm; a turn by 0.01 rad about an odd axis is 0.01 rad."""
    axis = np.array([2.0, -1.0, 2.0]) / 3
    delta = np.concatenate([[0.3e-3, 0.4e-3, 1.2e-3], 0.01 * axis])
    matches = match_estimates(estimates(perturb(TRAY[:1], delta)), state(TRAY[:1]))
    assert matches.position_error_m == pytest.approx([1.3e-3])
    assert matches.angle_error_rad == pytest.approx([0.01])


def test_an_error_counts_in_units_of_what_was_predicted_along_the_cells_own_axes():
    sigma = np.array([1e-4, 2e-4, 6e-4, 0.01, 0.01, 0.01])
    table = estimates(perturb(TRAY[:1] @ pose(rotation_z(0.4), np.zeros(3)), np.zeros(6)))
    table = replace(table, covariance=np.diag(sigma**2)[None])
    off = np.array([[0.3e-3, 0.4e-3, 1.2e-3, 0, 0, 0]])
    matches = match_estimates(table, state(perturb(table.Ts_base_cell, off)))
    assert matches.normalised_square == pytest.approx([(3**2 + 2**2 + 2**2) / 3], rel=1e-4)
    sure = replace(table, covariance=np.zeros((1, 6, 6)))
    assert match_estimates(sure, state(sure.Ts_base_cell)).normalised_square == pytest.approx([0])


def test_swapped_polarity_is_a_polarity_error_and_not_a_pose_error():
    turned = estimates(TRAY[:3] @ TURN_Z)
    turned = changed(turned, 2, polarity="unknown")
    matches = match_estimates(turned, state(TRAY[:3]))
    assert matches.polarity == ("wrong", "wrong", "unknown")
    assert np.allclose(matches.angle_error_rad, 0, atol=1e-7)


def test_a_round_cell_on_its_head_is_a_polarity_error_and_its_yaw_means_nothing():
    cell = round_cell()
    Ts = grid(1, 3, (0.03, 1), 0.045)
    spun = Ts @ pose(rotation_z([0.3, 2.0, -1.0]), np.zeros(3))
    tilted = perturb(spun, [0, 0, 0, 0.006, 0.008, 0])
    tilted[2] = tilted[2] @ TURN_X
    matches = match_estimates(estimates(tilted, cell), state(Ts, cell))
    assert matches.angle_error_rad == pytest.approx([0.01, 0.01, 0.01])
    assert matches.polarity == ("right", "right", "wrong")


def test_missed_and_false_cells_and_recall():
    ghost = translation([0.1, 0.4, 0.0555])
    table = estimates(np.concatenate([TRAY[:4], ghost[None]]))
    matches = match_estimates(table, state(TRAY))
    assert matches.missed == ("A004", "A005")
    assert matches.false_rows == (4,)
    assert matches.recall == pytest.approx(4 / 6)


def test_the_gate_is_half_the_smallest_side_and_can_be_set():
    near, far = (TRAY[:1] @ translation([0, 0, z]) for z in (0.0132, 0.0133))
    assert len(match_estimates(estimates(near), state(TRAY[:1]))) == 1
    assert len(match_estimates(estimates(far), state(TRAY[:1]))) == 0
    assert len(match_estimates(estimates(far), state(TRAY[:1]), gate_m=0.02)) == 1


def test_as_many_pairs_as_the_gate_allows_rather_than_the_nearest_pair_first():
    """Estimate 0 is nearest to cell 1, but only if it yields can estimate 1 have a partner."""
    cells = translation([[0.0, 0, 0], [0.010, 0, 0]])
    found = translation([[0.006, 0, 0], [0.020, 0, 0]])
    matches = match_estimates(estimates(found), state(cells), gate_m=0.011)
    assert matches.cell_row.tolist() == [0, 1]


def test_codes_are_compared_with_the_serial_numbers():
    table = changed(changed(estimates(TRAY[:3]), 1, code=""), 2, code="A000")
    assert match_estimates(table, state(TRAY)).code == ("right", "unread", "wrong")


def test_only_cells_in_the_search_region_count():
    cell = box_cell()
    region = pose(rotation_z(0.4), [0.5, -0.2, 0.01])
    task = SearchTask(cell, {}, region, np.array([0.3, 0.3, 0.14]), 0.99)
    away = TRAY[0] @ translation([0.5, 0, 0])
    lifted = TRAY[0] @ translation([0, 0, 0.3])
    truth = state(np.concatenate([TRAY, away[None], lifted[None]]))
    assert match_estimates(estimates(TRAY), truth, task).recall == 1.0
    assert match_estimates(estimates(TRAY), truth).missed == ("A006", "A007")


def test_nothing_found_and_nothing_there():
    none = estimates(np.zeros((0, 4, 4)))
    assert match_estimates(none, state(TRAY)).recall == 0.0
    assert np.isnan(match_estimates(none, state(np.zeros((0, 4, 4)))).recall)
    assert match_estimates(estimates(TRAY), state(np.zeros((0, 4, 4)))).false_rows == (
        0, 1, 2, 3, 4, 5,
    )  # fmt: skip


def test_estimates_of_another_cell_are_refused():
    with pytest.raises(InputError, match="of the scene's cell; got 'round'; accepted: box"):
        match_estimates(estimates(TRAY, round_cell()), state(TRAY))


@pytest.mark.parametrize("seed", range(5))
def test_symmetric_angle_is_invariant_and_least(seed):
    rng = np.random.default_rng(seed)
    R, S = exp_rotation(rng.normal(size=(2, 50, 3)))
    z = np.array([0.0, 0.0, 1.0])
    for symmetries, twins in (
        ((), [np.eye(3)]),
        ((Symmetry(z, 2),), rotation_z([0.0, np.pi])),
        ((Symmetry(z, 0),), rotation_z(rng.uniform(-3, 3, 5))),
        ((Symmetry(z, 4),), rotation_z(np.arange(4) * np.pi / 2)),
    ):
        cell = box_cell(symmetries)
        angle = symmetric_angle(cell, R, S)
        for turn in twins:
            assert np.allclose(symmetric_angle(cell, R @ turn, S), angle, atol=1e-6)
            assert np.allclose(symmetric_angle(cell, R, S @ turn), angle, atol=1e-6)
        trace = np.trace(
            np.swapaxes(R, 1, 2)[:, None] @ S[:, None] @ np.array(twins), axis1=2, axis2=3
        )
        brute = np.arccos(np.clip((trace - 1) / 2, -1, 1)).min(axis=1)
        assert (angle <= brute + 1e-6).all()
        if not any(s.fold == 0 for s in symmetries):
            assert np.allclose(angle, brute, atol=1e-6)


def test_flip_swaps_the_polar_axis():
    assert np.allclose(flip_rotation(box_cell())[:, 0], [-1, 0, 0])
    assert np.allclose(flip_rotation(round_cell())[:, 2], [0, 0, -1])
