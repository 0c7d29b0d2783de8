"""The drawn faces: features where the drawing has them, seen from above."""

from __future__ import annotations

import numpy as np
import pytest

from cellpick.perception.edges import edge_field, tone_of
from cellpick.perception.laid import laid
from cellpick.perception.pattern import BEYOND, CODE, draw_face, sweeps
from cellpick.perception.windows import turned, windows_of
from cellpick.scene import data_folder, load_cell, load_materials
from cellpick.structures import SurfaceFeature

CELLS = ("prismatic_148x26x91", "prismatic_173x45x125", "cylindrical_21700", "cylindrical_4680")
STEP = 0.0005


def drawn(name, face="+z"):
    models = data_folder("models")
    cell = load_cell(models / "cells" / f"{name}.yaml")
    return cell, draw_face(cell, load_materials(models / "materials.yaml"), face, STEP, 0.003)


def looks_like(pattern, x, y):
    row = round((y - pattern.xy[0, 0, 1]) / STEP)
    column = round((x - pattern.xy[0, 0, 0]) / STEP)
    return pattern.material[row, column], pattern.height_m[row, column]


@pytest.mark.parametrize("name", CELLS)
def test_the_drawn_area_is_the_case_and_beyond_it_is_nothing(name):
    cell, pattern = drawn(name)
    a, b = cell.size_m[:2]
    area = np.pi * a * b / 4 if cell.shape == "cylinder" else a * b
    area -= (4 - np.pi) * cell.corner_radius_m**2
    assert pattern.inside.sum() * STEP**2 == pytest.approx(area, rel=0.04)
    assert (pattern.material[[0, -1]] == BEYOND).all()


@pytest.mark.parametrize("name", CELLS[:2])
def test_features_lie_where_the_drawing_has_them(name):
    cell, pattern = drawn(name)
    for feature in cell.features:
        material, height = looks_like(pattern, *feature.center_m)
        if feature.kind == "code":
            assert material == CODE
        if feature.kind == "terminal":
            assert height == feature.height_m > 0


def test_a_minus_is_the_bar_of_a_plus():
    cell, pattern = drawn(CELLS[0])
    plus, minus = (next(f for f in cell.features if f.outline == o) for o in ("plus", "minus"))
    arm = np.array([0.0, 0.003])
    ink, _ = looks_like(pattern, *plus.center_m)
    assert looks_like(pattern, *(plus.center_m + arm))[0] == ink
    assert looks_like(pattern, *minus.center_m)[0] == ink
    assert looks_like(pattern, *(minus.center_m + arm))[0] != ink


def model(name):
    return load_cell(data_folder("models") / "cells" / f"{name}.yaml")


def test_either_end_of_a_cylinder_and_either_large_face_of_a_lying_case_may_look_up():
    assert laid(model(CELLS[2]), "upright").either_end
    assert laid(model(CELLS[0]), "lying").either_end
    for name, arrangement in ((CELLS[0], "upright"), ("pouch_325x125x11", "lying")):
        cell = model(name)
        as_it_is = laid(cell, arrangement)
        assert as_it_is.cell is cell
        assert not as_it_is.either_end
        np.testing.assert_array_equal(as_it_is.T_cell_laid, np.eye(4))


def test_a_lying_case_keeps_its_body_and_its_terminals_in_the_other_frame():
    cell = model(CELLS[0])
    turned = laid(cell, "lying")
    R = turned.T_cell_laid[:3, :3]
    assert np.linalg.det(R) == pytest.approx(1)
    np.testing.assert_allclose(np.abs(R) @ turned.cell.size_m, cell.size_m)
    by_name = {f.name: f for f in turned.cell.features}
    for feature in cell.features:
        was, now = cell.raised_solid(feature), turned.cell.raised_solid(by_name[feature.name])
        np.testing.assert_allclose(
            turned.T_cell_laid @ now.T_parent_solid[:, 3], was.T_parent_solid[:, 3]
        )
        T = turned.T_cell_laid @ now.T_parent_solid
        extents = [np.abs(M[:3, :3]) @ s.size_m for M, s in ((T, now), (was.T_parent_solid, was))]
        np.testing.assert_allclose(*extents)


def test_what_stands_out_of_the_sides_is_drawn_beside_the_case_below_its_face():
    cell, pattern = drawn("pouch_325x125x11")
    at_tab = cell.size_m[0] / 2 + 0.006
    plus, minus = (looks_like(pattern, x, 0.0) for x in (at_tab, -at_tab))
    assert plus[0] not in (BEYOND, minus[0])
    assert plus[1] == minus[1] == pytest.approx(0.0002 - cell.height_m / 2)
    assert looks_like(pattern, at_tab, 0.04)[0] == BEYOND
    lying = laid(model(CELLS[0]), "lying").cell
    materials = load_materials(data_folder("models") / "materials.yaml")
    faces = [draw_face(lying, materials, face, STEP, 0.003) for face in ("+z", "-z")]
    x, y = lying.size_m[0] / 2 + 0.00075, 0.055
    above, below = ([looks_like(f, x, v)[0] for v in (y, -y)] for f in faces)
    assert above == below[::-1]
    assert BEYOND not in above
    assert above[0] != above[1]


def test_what_a_free_turn_sweeps_is_marked_and_not_drawn():
    _, pattern = drawn("cylindrical_4680")
    assert pattern.swept.any()
    assert not (pattern.material == CODE).any()
    middle = np.hypot(pattern.xy[..., 0], pattern.xy[..., 1]) < 0.0085
    assert not (pattern.swept & middle).any(), "the insulating ring stays visible at any turn"


@pytest.mark.parametrize("outline", ["rect", "disc"])
def test_the_sweep_covers_a_feature_at_every_turn(outline):
    feature = SurfaceFeature(
        "f", "label", "+z", outline, np.array([0.012, 0.004]), np.array([0.006, 0.006]), 0.0, "x"
    )
    rng = np.random.default_rng(0)
    p = rng.uniform(-0.003, 0.003, (4000, 2))
    if outline == "disc":
        p = p[np.hypot(*p.T) <= 0.003]
    radius = np.hypot(*(p + feature.center_m).T)
    assert sweeps(feature, radius).all()
    assert not sweeps(feature, np.array([0.9 * radius.min(), 1.1 * radius.max()])).any()


def test_the_edge_field_does_not_care_which_side_is_brighter():
    rng = np.random.default_rng(1)
    blocks = np.kron(rng.uniform(0, 1, (6, 6)), np.ones((16, 16))).astype(np.float32)
    np.testing.assert_allclose(edge_field(blocks, 1.0), edge_field(-blocks, 1.0), atol=2e-3)


def test_the_edge_field_turns_twice_as_fast_as_the_picture():
    v, u = np.mgrid[-40:41, -40:41].astype(np.float32)
    for angle in np.radians([0, 30, 75, 120]):
        slope = np.cos(angle) * u + np.sin(angle) * v
        step = np.rint(40 + 150 / (1 + np.exp(-slope))).astype(np.uint8)
        middle = edge_field(tone_of(step), 1.0)[40, 40]
        assert np.abs(middle) > 0.5
        assert np.angle(middle * np.exp(-2j * angle)) == pytest.approx(0, abs=0.02)


def test_unseen_pixels_have_no_edges():
    tone = np.full((60, 60), 4.6, np.float32)
    tone[:, 30:] = np.nan
    assert not edge_field(tone, 1.0).any()


def test_windows_lie_where_a_half_turn_changes_the_drawing():
    cell, pattern = drawn(CELLS[0])
    windows = windows_of(pattern, turned(pattern))
    assert windows.count >= 2
    marks = [f.center_m for f in cell.features if f.kind == "mark"]
    for centre in marks:
        assert np.linalg.norm(windows.xy - centre, axis=1).min() < 1.01 * STEP
    vent = next(f for f in cell.features if f.kind == "vent")
    assert vent.center_m == pytest.approx(0), "the vent looks the same after the turn"
    assert np.linalg.norm(windows.xy - vent.center_m, axis=1).min() > 0.003


def test_a_drawing_that_a_half_turn_leaves_alone_has_no_window():
    _, pattern = drawn(CELLS[2])
    assert windows_of(pattern, turned(pattern)).count == 0


def test_what_a_half_turn_does_to_the_drawing_it_does_to_its_windows():
    _, pattern = drawn(CELLS[1])
    windows = windows_of(pattern, turned(pattern))
    first, second = windows.expected
    assert first.of_atom.shape[0] == second.of_atom.shape[0] == windows.atom.shape[1]
    np.testing.assert_array_equal(windows.atom.sum(axis=1), 1)
    for side in windows.expected:
        np.testing.assert_array_equal(side.of_atom.sum(axis=1), 1)
        np.testing.assert_array_equal(
            side.window[side.of_atom.argmax(axis=1)], windows.window_of_atom
        )
    area = windows.atom.sum(axis=0)
    shares = [sorted((area @ side.of_atom).tolist()) for side in windows.expected]
    assert shares[0] == shares[1], "the turned drawing has the same classes elsewhere"
    places = {tuple(xy) for xy in np.rint(windows.xy / STEP).astype(int).tolist()}
    assert places == {(-x, -y) for x, y in places}
