"""Reference marks and faults in scene files: where marks lie, how they look, what is refused."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cellpick.errors import InputError
from cellpick.geometry import invert
from cellpick.scene import draw_scene, load_scene, nominal_state, resolve_scene
from cellpick.scene.marks import CODES, THICK_M, mark_decals, mark_squares
from cellpick.station.recipe import believe

SCENES = ("prismatic_tray", "prismatic_flush", "cylindrical_tray", "cylindrical_4680")


def models(scene="prismatic_tray", *overrides):
    return resolve_scene(load_scene(scene, list(overrides)))


def test_the_patterns_are_those_of_opencvs_dictionary():
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    for number in range(len(CODES)):
        image = cv2.aruco.generateImageMarker(dictionary, number, 6)
        assert (mark_squares(number)[1:-1, 1:-1] == image / 255).all()
        assert mark_squares(number)[0].all()


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("mount", ["flange", "fixed"])
def test_marks_lie_on_the_table_clear_of_tray_module_base_and_each_other(scene, mount):
    drawn = models(scene, f"rig.mount={mount}")
    assert [mark.number for mark in drawn.marks] == list(range(8))
    places = np.array([mark.T_world_mark[:3, 3] for mark in drawn.marks])
    half = drawn.marks[0].side_m * 8 / 12
    assert places[:, 2] == pytest.approx(THICK_M)
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)
    assert apart[~np.eye(8, dtype=bool)].min() > 2 * np.sqrt(2) * half
    for T, size in (
        (drawn.T_world_tray, drawn.tray_size_m),
        (drawn.T_world_module, drawn.module_size_m),
    ):
        inside = np.abs((places - T[:3, 3]) @ T[:3, :3])[:, :2] < size[:2] / 2 + half
        assert not inside.all(axis=1).any()
    assert np.linalg.norm(places[:, :2] - drawn.T_world_base[:2, 3], axis=1).min() > 0.1


def test_a_prints_white_and_black_fill_its_plate_without_overlap():
    mark = models().marks[3]
    white, black = mark_decals([mark])
    assert (white.material, black.material) == ("label_white", "print_black")
    areas = [
        ((r[:, 2] - r[:, 0]) * (r[:, 3] - r[:, 1])).sum() for r in (white.rects_m, black.rects_m)
    ]
    square = (mark.side_m / 6) ** 2
    squares = mark_squares(mark.number)
    assert areas[0] / square == pytest.approx(squares.sum(), rel=2e-2)
    assert areas[1] / square == pytest.approx((1 - squares).sum(), rel=2e-2)


def test_there_are_no_marks_where_none_are_wanted():
    assert models("prismatic_tray", "marks.tray=0", "marks.module=0").marks == ()
    assert len(models("prismatic_tray", "marks.tray=2").marks) == 6


def test_the_recipe_knows_marks_where_a_probe_touched_them():
    drawn = models("prismatic_tray", "marks.belief_error_mm=0.2")
    T_base_world = invert(drawn.T_world_base)
    errors = []
    for seed in range(60):
        for true, touched in zip(
            drawn.marks, believe(drawn, np.random.default_rng(seed)).marks, strict=True
        ):
            off = touched.T_base_mark[:3, 3] - (T_base_world @ true.T_world_mark)[:3, 3]
            errors.append(off)
            assert (touched.number, touched.side_m) == (true.number, true.side_m)
            assert touched.sigma_m == pytest.approx(2e-4)
    assert np.std(errors, axis=0) == pytest.approx(np.full(3, 2e-4), rel=0.15)


def test_faults_and_prints_reach_the_drawn_scene():
    drawn = models("prismatic_tray", "faults=[{camera: 1, kind: bumped, amount: 0.5}]")
    for state in (nominal_state(drawn), draw_scene(drawn, np.random.default_rng(0))):
        (fault,) = state.faults
        assert (fault.camera, fault.kind, fault.from_look, fault.amount) == (1, "bumped", 1, 0.5)
        assert len(state.decals) == 2 * len(drawn.marks)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("faults=[{camera: 4, kind: dead}]", "faults.0.camera: the rig has no such camera; got 4"),
        (
            "faults=[{camera: 0, kind: dead}, {camera: 0, kind: dead}]",
            "faults.1: this camera has this fault already",
        ),
        ("faults=[{camera: 0, kind: broken}]", "'out_of_focus'"),
        ("faults=[{kind: dead}]", "faults.0.camera: a required key is missing"),
        ("faults=[{camera: 0, kind: dead, amount: 0}]", "faults.0.amount"),
        ("faults=[{camera: 0, kind: dead, from_look: 0}]", "faults.0.from_look"),
        ("marks.side_mm=3", "marks.side_mm"),
        ("marks.tray=21", "marks.tray"),
    ],
)
def test_a_fault_or_mark_that_cannot_be_is_refused(override, words):
    with pytest.raises(InputError) as caught:
        models("prismatic_tray", override)
    assert words in str(caught.value)
    assert caught.value.exit_code == 2
