"""Perception of odd cells, foreign objects, lying cells and stacks, as the cameras see them."""

from __future__ import annotations

import numpy as np
import pytest
from perception_stage import Shot, shoot

from cellpick.geometry import invert
from cellpick.perception import perceive


def in_region(shot: Shot, Ts):
    return invert(shot.look.task.T_base_region) @ Ts


@pytest.fixture(scope="module")
def odd() -> Shot:
    return shoot("odd_tray", 3, ())


def test_each_oddity_of_a_tray_is_named_and_no_thing_is_taken_for_a_cell(odd):
    estimates = perceive(odd.look, codes=False)
    Ts, truth = in_region(odd, estimates.Ts_base_cell), in_region(odd, odd.Ts_base_cell)
    apart = np.linalg.norm(Ts[:, None, :3, 3] - truth[None, :, :3, 3], axis=-1)
    assert apart.min(axis=1).max() < 2e-3, "every estimate is a cell"
    whose = apart.argmin(axis=1)
    assert len(set(whose)) == len(whose)
    tilt = truth[:, 2, 2]
    half = odd.look.task.cell.height_m / 2
    expected = {
        "upside down": np.flatnonzero(tilt < -0.9),
        "leans by": np.flatnonzero((tilt > 0) & (tilt < 0.98)),
        "too high": np.flatnonzero(truth[:, 2, 3] > 1.5 * half),
    }
    for words, cells in expected.items():
        (row,) = [i for i, reason in enumerate(estimates.reason) if words in reason]
        assert [whose[row]] == list(cells)
        assert estimates.status[row] == "inconsistent"
    # under the screwdriver's handle, under its blade, under the fingers
    hidden = [i for i, reason in enumerate(estimates.reason) if reason == "something lies on it"]
    assert sorted(whose[hidden]) == [0, 2, 7]
    assert {estimates.status[i] for i in hidden} == {"uncertain"}
    assert estimates.status.count("ok") == 5
    # the screwdriver touches the hex key, so that the two are one
    assert len(estimates.foreign) == 2
    for thing in estimates.foreign:
        T = in_region(odd, thing.T_base_box)
        assert T[2, 3] + thing.size_m[2] / 2 > 2 * half + 0.01


def test_the_uppermost_pouch_of_each_stack_is_found_and_those_below_are_not():
    shot = shoot("pouch_stack", 1, ("tray.layers=3",))
    estimates = perceive(shot.look, codes=False)
    height = in_region(shot, shot.Ts_base_cell)[:, 2, 3]
    upper = np.flatnonzero(height > height.max() - 0.005)
    assert len(estimates) == len(upper) == 2
    for T in estimates.Ts_base_cell:
        error = np.linalg.norm(shot.Ts_base_cell[upper, :3, 3] - T[:3, 3], axis=1)
        true = shot.Ts_base_cell[upper[error.argmin()]]
        assert error.min() < 1e-3
        assert (np.abs(T[:3, :3] - true[:3, :3]) < 0.01).all(), "also the right way round"
    assert set(estimates.status) == {"ok"}
    assert estimates.foreign == ()


def test_cases_on_their_large_face_are_in_place_and_ambiguous_where_turned_otherwise():
    changes = ("tray.arrangement=lying", "purpose=look", "tray.columns=1", "tray.rows=3")
    shot = shoot("prismatic_tray", 2, (*changes, "tray.turned_share=0.5"))
    estimates = perceive(shot.look, codes=False)
    assert len(estimates) == 3
    assert estimates.foreign == ()
    for row, T in enumerate(estimates.Ts_base_cell):
        error = np.linalg.norm(shot.Ts_base_cell[:, :3, 3] - T[:3, 3], axis=1)
        R = T[:3, :3].T @ shot.Ts_base_cell[error.argmin()][:3, :3]
        assert error.min() < 1e-3
        # a case shows too little of its terminals from above to tell its half turns apart
        assert (np.abs(np.diag(R)) > 0.9995).all()
        known = np.trace(R) > 2.999
        assert estimates.status[row] == "ambiguous" or (known and estimates.status[row] == "ok")


def test_every_blade_cell_of_a_tray_is_found_with_its_polarity():
    shot = shoot(
        "blade_tray", 1, ("tray.rows=3", "rig.cameras=[realsense_d435, industrial_2d_5mp]")
    )
    estimates = perceive(shot.look, codes=False)
    apart = np.linalg.norm(
        estimates.Ts_base_cell[:, None, :3, 3] - shot.Ts_base_cell[None, :, :3, 3], axis=-1
    )
    assert len(estimates) == 3
    assert sorted(apart.argmin(axis=1)) == [0, 1, 2]
    assert apart.min(axis=1).max() < 2e-3
    for T, true, polarity in zip(
        estimates.Ts_base_cell,
        shot.Ts_base_cell[apart.argmin(axis=1)],
        estimates.polarity,
        strict=True,
    ):
        along = T[:3, 0] @ true[:3, 0]
        assert np.abs(along) > 0.9999
        assert along > 0 or polarity == "unknown"
