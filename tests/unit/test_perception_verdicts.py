"""Verification names what is wrong with a cell; codes are read as they are printed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import zxingcpp

from cellpick.geometry import exp_rotation, pose
from cellpick.perception import perceive
from cellpick.perception.core import Refined
from cellpick.perception.read_codes import PIXELS, decode, square
from cellpick.perception.stance import Stance, stance_of
from cellpick.perception.verify import Evidence, predicted_error, probability_of, verify
from cellpick.scene import data_folder, load_cell, load_materials
from cellpick.structures import CaptureSet, SearchTask

FREE_RAD = np.pi / 2


def refined(n, status="ok", edge_share=0.9, sigma_m=1e-4, lean_rad=1e-3, turn_rad=FREE_RAD):
    covariance = np.diag([sigma_m**2] * 3 + [lean_rad**2] * 2 + [turn_rad**2])
    return Refined(
        Ts_base_cell=pose(np.eye(3), np.zeros((n, 3))),
        covariance=np.tile(covariance, (n, 1, 1)),
        points_used=np.full(n, 100),
        edges_used=np.full(n, 100),
        rms_point_m=np.full(n, 1e-4),
        rms_edge_px=np.full(n, 0.2),
        edge_share=np.full(n, edge_share),
        converged=np.ones(n, np.bool_),
        status=(status,) * n,
        reason=("",) * n,
    )


def evidence(**changes):
    good = {"match": 0.8, "on_top": 0.97, "overlap_m": -0.001, "above": 0.0}
    return Evidence(**{k: np.array([v]) for k, v in (good | changes).items()})


def stance(on_head=False, lean_rad=0.0, rise_m=0.0):
    return Stance(np.array([on_head]), np.array([lean_rad]), np.array([rise_m]))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"on_head": True}, "it stands upside down"),
        ({"lean_rad": 0.2}, "it leans by 11 degrees"),
        ({"rise_m": 0.045}, "it stands 45 mm too high"),
        ({"on_head": True, "lean_rad": 0.2, "rise_m": 0.045}, "it stands upside down"),
    ],
)
def test_a_cell_that_stands_otherwise_is_not_ok_whatever_else_speaks_for_it(found, words):
    for changes in ({}, {"match": 0.1}, {"above": 0.5}):
        sure = refined(1), np.array([9.0]), 0.99, 0.09
        verdict = verify(evidence(**changes), stance(**found), *sure)
        assert (verdict.status, verdict.reason) == (("inconsistent",), (words,))


def test_the_stance_is_measured_from_the_region_whatever_its_own_pose(small_look):
    models = data_folder("models")
    cell = load_cell(models / "cells" / "prismatic_148x26x91.yaml")
    T_region = pose(exp_rotation(np.array([0.1, -0.2, 0.5])), np.array([0.4, 0.2, 0.1]))
    task = replace(small_look.task, cell=cell, T_base_region=T_region)
    lean = exp_rotation(np.array([0.3, 0.0, 0.0]))
    over = exp_rotation(np.array([np.pi, 0.0, 0.0]))
    height = cell.height_m / 2
    Ts = pose(np.array([np.eye(3), lean, over]), np.array([[0, 0, height], [0, 0, 1], [0, 0, 1]]))
    found = stance_of(T_region @ Ts, task)
    np.testing.assert_array_equal(found.on_head, [False, False, True])
    np.testing.assert_allclose(found.lean_rad, [0, 0.3, 0], atol=1e-7)
    low = height * np.array([1, np.cos(0.3), 1])
    np.testing.assert_allclose(found.rise_m, [0, 1, 1] - np.array([0, *low[1:]]), atol=1e-9)
    stacked = stance_of(T_region @ Ts, replace(task, arrangement="lying"))
    assert not stacked.rise_m.any()


@pytest.mark.parametrize(
    ("changes", "state", "odds", "status", "words"),
    [
        ({"above": 0.1}, {}, 9.0, "uncertain", "something lies on it"),
        ({"above": 0.1, "match": 0.1}, {}, 9.0, "uncertain", "something lies on it"),
        ({}, {}, 9.0, "ok", ""),
        ({}, {}, 1.0, "ambiguous", "polarity"),
        ({"match": 0.1}, {}, 9.0, "inconsistent", "pictures"),
        ({"match": 0.4}, {}, 9.0, "uncertain", "part of its drawing"),
        ({"on_top": 0.5}, {}, 9.0, "uncertain", "lie on its top"),
        ({"overlap_m": 0.004}, {}, 9.0, "inconsistent", "overlaps"),
        ({}, {"status": "diverged"}, 9.0, "inconsistent", "left its start"),
        ({}, {"status": "unseen"}, 9.0, "uncertain", "neither"),
        ({}, {"edge_share": 0.1}, 9.0, "uncertain", "edges"),
        ({}, {"sigma_m": 0.002}, 9.0, "uncertain", "position"),
        ({}, {"lean_rad": 0.02}, 9.0, "uncertain", "its far end is only known to 0.9 mm"),
        ({}, {"turn_rad": 0.012}, 9.0, "uncertain", "turn is only known to 0.7 degrees"),
        ({}, {"lean_rad": 0.017, "turn_rad": 0.009}, 9.0, "ok", ""),
    ],
)
def test_each_defect_has_its_status_and_its_words(changes, state, odds, status, words):
    verdict = verify(
        evidence(**changes), stance(), refined(1, **state), np.array([odds]), 0.99, 0.09
    )
    assert verdict.status == (status,)
    assert words in verdict.reason[0]
    assert bool(verdict.reason[0]) == (status != "ok")
    assert 0 <= verdict.score[0] <= 1


def test_what_contradicts_outranks_what_is_unsure():
    verdict = verify(
        evidence(match=0.1, on_top=0.1), stance(), refined(1), np.array([0.0]), 0.99, 0.09
    )
    assert verdict.status == ("inconsistent",)


def test_a_free_angle_is_no_error():
    place, _, turn = predicted_error(refined(2, lean_rad=0.003).covariance, 0.09)
    np.testing.assert_allclose(place, 1e-4)
    np.testing.assert_array_equal(turn, 0)
    assert probability_of(np.array([0.0]))[0] == 0.5


def test_a_lean_about_the_top_is_an_error_of_the_foot():
    """A top known exactly, a lean of 0.01 rad about it: half of 90 mm off at the centre, all of it
    at the foot."""
    lever = np.array([0.0, 0.045, 0.0, 1.0, 0.0, 0.0])
    covariance = (np.outer(lever, lever) * 0.01**2)[None]
    place, end, _ = predicted_error(covariance, 0.09)
    np.testing.assert_allclose([place[0], end[0]], [4.5e-4, 9e-4], rtol=1e-9)


def printed(text, side):
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)
    image = np.array(zxingcpp.write_barcode_to_image(code, scale=1, add_quiet_zones=False))
    framed = np.pad(image, 2, constant_values=255)
    rows = np.arange(side) * len(framed) // side
    return framed[np.ix_(rows, rows)].astype(np.uint8)


@pytest.mark.parametrize("side", PIXELS)
def test_a_code_is_read_in_bright_and_in_dim_light(side):
    for gain, offset in ((1.0, 0.0), (0.3, 30.0)):
        picture = gain * printed("AB12CD", side) + offset
        assert decode(picture.astype(np.uint8)) == "AB12CD"


def test_what_is_no_code_reads_as_nothing():
    rng = np.random.default_rng(0)
    assert decode(rng.integers(0, 256, (80, 80), dtype=np.uint8)) == ""
    assert decode(np.full((80, 80), 128, np.uint8)) == ""


def test_the_rectified_square_holds_the_code_and_reads_from_outside():
    cell = load_cell(data_folder("models") / "cells" / "prismatic_148x26x91.yaml")
    code = next(f for f in cell.features if f.kind == "code")
    p = square(cell, code, 80)
    assert len(p) == 80**2
    np.testing.assert_allclose(p[:, :2].mean(0), code.center_m, atol=1e-12)
    assert (np.ptp(p[:, :2], axis=0) > code.size_m).all()
    assert p[0, 0] < p[-1, 0]
    assert p[0, 1] > p[-1, 1]
    np.testing.assert_allclose(p[:, 2], cell.height_m / 2)


@pytest.mark.parametrize("name", ["prismatic_148x26x91", "cylindrical_4680"])
def test_a_look_without_cameras_or_light_finds_no_cell(name, small_look):
    models = data_folder("models")
    cell = load_cell(models / "cells" / f"{name}.yaml")
    old = small_look.task
    task = SearchTask(
        cell,
        load_materials(models / "materials.yaml"),
        old.T_base_region,
        old.region_size_m,
        0.99,
    )
    for captures in ((), small_look.captures, small_look.captures[:1], small_look.captures[1:]):
        estimates = perceive(CaptureSet(captures, task))
        assert len(estimates) == 0
        assert estimates.cell == name
