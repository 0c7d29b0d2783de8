"""The pose core's 3D points: which are taken, where they touch, what they say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from perception_core_stage import box_cell, calibrations, round_cell

from cellpick.geometry import Floats, invert, perturb, transform, translation
from cellpick.perception.core.face_maps import FRAME_M, MOST_PIXELS, STEP_M, face_maps
from cellpick.perception.core.lookup import assign_points
from cellpick.perception.core.observations import END_MOTION, SIDE_MOTION, point_evidence
from cellpick.perception.core.options import RefineOptions
from cellpick.perception.core.outlines import signed_distance
from cellpick.perception.core.points import Points, Readings, points_of
from cellpick.perception.core.surfaces import DISTANCE, PLACE, Contacts, contacts_at
from cellpick.perception.core.views import views_of
from cellpick.structures import Capture, CellModel

UP = np.array([0.0, 0.0, 1.0])
CELLS = pytest.mark.parametrize("cell", [box_cell(), round_cell()], ids=["box", "cylinder"])


def views(count: int = 1):
    dark = [
        Capture(c, np.zeros((c.height_px, c.width_px, 3), np.uint8), None, 0.0, np.eye(4))
        for c in calibrations()[:count]
    ]
    return views_of(dark, np.zeros((1, 3)), 0.05)


def points_at(p: Floats, sigma: float = 1e-4) -> Points:
    """Points (k, 3) of one cell at the origin in one camera."""
    return Points(
        np.zeros((1, 3)),
        p.T[None, None].astype(np.float32),
        np.full((1, 1, len(p)), sigma**2, np.float32),
        np.ones((1, 1, len(p)), np.float32),
        np.array([[[5e-4, 0, 0]]], np.float32),
    )


def touching(cell: CellModel, p: Floats, T: Floats, over: bool = False) -> Contacts:
    return contacts_at(
        points_at(p),
        face_maps(cell),
        cell,
        T[None, None],
        np.array([over]),
        np.zeros((1, 1), np.bool_),
        RefineOptions(),
    )


@CELLS
@pytest.mark.parametrize("over", [False, True])
def test_distances_move_as_their_rows_say(cell, over):
    rng = np.random.default_rng(2)
    p = rng.uniform(-0.55, 0.55, (40000, 3)) * cell.size_m
    T = perturb(np.eye(4), [0, 0, 0, 0.02, -0.03, 0.1])
    d = np.array([2e-4, -1.5e-4, 1.8e-4, 1e-3, -2e-3, 1.5e-3])
    here, there = (touching(cell, p, pose, over) for pose in (T, perturb(T, d)))
    for faces, moved, row, motion in (
        (here.ends, there.ends, DISTANCE, -END_MOTION),
        (here.sides, there.sides, len(SIDE_MOTION) - 1, SIDE_MOTION),
    ):
        known = (faces.share > 0) & (moved.share > 0) & (np.abs(faces.rows[:, row]) < 1e-3)
        assert known.sum() > 200
        change = (moved.rows[:, row] - faces.rows[:, row])[known]
        predicted = ((d @ motion)[None, None] @ faces.rows[:, :row])[:, 0][known]
        np.testing.assert_allclose(change, predicted, atol=4e-6)
        assert np.abs(predicted).max() > 1e-4


@CELLS
def test_what_has_moved_is_what_is_met_anew(cell):
    rng = np.random.default_rng(3)
    xy = rng.uniform(-0.5, 0.5, (3000, 2)) * cell.size_m[:2]
    p = np.column_stack([xy, cell.height_m / 2 + 1e-4 * rng.normal(size=3000)])
    d = np.array([0, 0, 2e-4, 1e-3, -2e-3, 0])
    old = touching(cell, p, np.eye(4))
    new = touching(cell, p, perturb(np.eye(4), d))
    still, moved = np.zeros((1, 1, 6)), d[None, None]
    told, anew = (point_evidence(*a, 5e-4) for a in ((old, moved), (new, still)))
    np.testing.assert_allclose(
        told.gradient, anew.gradient, atol=2e-2 * np.abs(anew.gradient).max()
    )
    np.testing.assert_allclose(
        told.information, anew.information, atol=1e-2 * np.abs(anew.information).max()
    )


@CELLS
def test_points_of_the_true_cell_pull_nowhere_and_others_pull_back(cell):
    rng = np.random.default_rng(4)
    p = rng.uniform(-0.5, 0.5, (6000, 3)) * cell.size_m
    p[:2000, 2] = cell.height_m / 2
    side = p[2000:, :2]
    if cell.shape == "cylinder":
        side *= cell.size_m[0] / 2 / np.linalg.norm(side, axis=1, keepdims=True)
    else:
        side[:, 0] = np.sign(side[:, 0]) * cell.size_m[0] / 2
    flat = dataclasses.replace(cell, features=())
    exact = point_evidence(touching(flat, p, np.eye(4)), np.zeros((1, 1, 6)), 1e-3)
    assert exact.squares[0] == pytest.approx(0, abs=1e-9)
    d = np.array([1.5e-4, 0, -1e-4, 4e-4, -3e-4, 0])
    off = point_evidence(touching(flat, p, perturb(np.eye(4), d)), np.zeros((1, 1, 6)), 5e-3)
    fixed = [0, 2, 3, 4]
    A = off.information[0, 0][np.ix_(fixed, fixed)]
    step = np.linalg.solve(A, off.gradient[0, 0][fixed])
    np.testing.assert_allclose(step, -d[fixed], atol=3e-6)


def test_sides_that_are_hidden_say_nothing():
    cell, rng = box_cell(), np.random.default_rng(5)
    p = rng.uniform(-0.5, 0.5, (2000, 3)) * cell.size_m
    p[:, 1] = cell.size_m[1] / 2
    common = points_at(p), face_maps(cell), cell, np.eye(4)[None, None], np.zeros(1, np.bool_)
    for hidden in (False, True):
        contacts = contacts_at(*common, np.full((1, 1), hidden), RefineOptions())
        told = point_evidence(contacts, np.zeros((1, 1, 6)), 1e-3)
        assert (told.information[0, 0, 1, 1] > 0) == (not hidden)
        assert (told.used[0] > 500) == (not hidden)


def test_points_on_a_terminal_count_as_on_the_face_and_those_beside_its_edge_not():
    cell = box_cell()
    xy = np.stack(np.meshgrid(np.linspace(0.019, 0.037, 91), np.linspace(-8e-3, 8e-3, 81)), -1)
    xy = xy.reshape(-1, 2)
    terminal = next(f for f in cell.features if f.name == "plus")
    beyond = signed_distance(terminal, xy)
    p = np.column_stack([xy, cell.height_m / 2 + np.where(beyond < 0, terminal.height_m, 0)])
    contacts = touching(cell, p, np.eye(4))
    used = contacts.ends.share[0] > 0
    assert not used[np.abs(beyond) < 1.0e-3].any()
    assert used[np.abs(beyond) > 1.4e-3].all()
    np.testing.assert_allclose(contacts.ends.rows[0, DISTANCE, used], 0, atol=1e-8)
    np.testing.assert_allclose(contacts.ends.rows[0, PLACE, :].T[:, 1:], xy, atol=1e-8)


def test_face_maps_are_what_the_drawing_says():
    cell = box_cell()
    maps = face_maps(cell)
    assert maps.step_m == STEP_M
    rng = np.random.default_rng(6)
    at = (rng.integers(0, maps.relief_m.shape[1], 500), rng.integers(0, maps.rows, 500))
    xy = np.stack(at, -1) * maps.step_m + maps.corner_m
    place = maps.pixels(xy.T[None, None].astype(np.float32), np.zeros(1, np.bool_))
    height, clear = np.zeros(500), np.ones(500, np.bool_)
    for feature in cell.features:
        beyond = signed_distance(feature, xy)
        height[beyond < 0] += feature.height_m
        clear &= np.abs(beyond) > 1e-6
    assert clear.sum() > 450
    np.testing.assert_allclose(maps.relief_at(*place)[0][0, 0, clear], height[clear], atol=1e-7)
    far = np.array([[[[9.0, -9.0], [0.0, 9.0]]]], np.float32)
    frame = maps.shade_at(*maps.pixels(far, np.zeros(1, np.bool_)))
    assert len(np.unique(frame)) == 1
    large = dataclasses.replace(cell, size_m=np.array([0.965, 0.09, 0.0135]), features=())
    assert face_maps(large).shade.size < 2.05 * MOST_PIXELS + 4 * FRAME_M / STEP_M


def test_thinning_keeps_the_information_and_the_bound():
    cell = box_cell()
    rng = np.random.default_rng(0)
    p = np.column_stack([rng.uniform(-0.5, 0.5, (9000, 2)) * cell.size_m[:2], np.full(9000, 0.02)])
    dense = Readings(p, np.full(9000, 1e-4), np.zeros(9000, int), np.full(9000, 6.0))
    options = RefineOptions(points_per_cell=2000)
    left = points_of(dense, np.eye(4)[None], cell, UP, views(), options)
    count = int((left.share > 0).sum())
    assert 2000 <= count < 3000
    assert left.share.sum() == pytest.approx(9000 / 6, rel=0.01)
    few = Readings(*(getattr(dense, f.name)[:1500] for f in dataclasses.fields(dense)))
    left = points_of(few, np.eye(4)[None], cell, UP, views(), options)
    np.testing.assert_allclose(left.offset[0, 0].T, few.p_base, atol=1e-8)


def test_each_reading_goes_to_its_cell_and_camera():
    cell = box_cell()
    Ts = translation([[0.0, 0.0, 0.0], [0.0, 0.03, 0.0]])
    rng = np.random.default_rng(1)
    owner, camera = rng.integers(0, 2, 800), rng.integers(0, 3, 800)
    p = rng.uniform(-0.4, 0.4, (800, 3)) * cell.size_m + Ts[owner, :3, 3]
    p[::7, 0] += 0.5
    camera[owner == 1] = 2
    readings = Readings(p, rng.uniform(1e-4, 2e-4, 800), camera, np.full(800, 2.0))
    points = points_of(readings, Ts, cell, UP, views(4), RefineOptions())
    for row in range(2):
        for seen_by in range(4):
            mine = (owner == row) & (camera == seen_by) & (np.arange(800) % 7 > 0)
            there = points.share[row, seen_by] > 0
            assert there.sum() == mine.sum()
            found = points.offset[row, seen_by][:, there].T + points.origins[row]
            np.testing.assert_allclose(found, p[mine], atol=1e-7)
            np.testing.assert_allclose(
                np.sqrt(points.variance[row, seen_by, there]), readings.sigma[mine], rtol=1e-6
            )
    noise = [readings.sigma[(camera == k) & (np.arange(800) % 7 > 0)].mean() for k in range(3)]
    np.testing.assert_allclose(points.noise_m, [*noise, 0.0], rtol=1e-5)


@pytest.mark.parametrize(("cells", "cameras"), [(0, 2), (2, 0), (0, 0), (2, 2)])
def test_without_points_there_is_no_evidence(cells, cameras):
    cell, Ts = box_cell(), translation(np.zeros((cells, 3)))
    none = Readings(np.zeros((0, 3)), np.zeros(0), np.zeros(0, int), np.zeros(0))
    points = points_of(none, Ts, cell, UP, views(cameras), RefineOptions())
    seen = np.zeros((cells, cameras, 6))
    contacts = contacts_at(
        points,
        face_maps(cell),
        cell,
        np.repeat(Ts[:, None], cameras, axis=1),
        np.zeros(cells, np.bool_),
        np.zeros((cells, cameras), np.bool_),
        RefineOptions(),
    )
    told = point_evidence(contacts, seen, 1e-3)
    assert told.information.shape == (cells, cameras, 6, 6)
    assert not told.information.any()
    assert not told.used.any()
    np.testing.assert_array_equal(points.noise_m, np.zeros(cameras))


@CELLS
@pytest.mark.parametrize("lean", [0.0, 0.7, np.pi / 2, np.pi])
def test_a_cell_owns_what_lies_under_its_outline_however_it_lies(cell, lean):
    T = perturb(np.eye(4), [0.1, -0.2, 0.3, lean, 0, 0.4])[None]
    up = T[0, :3, int(np.argmax(np.abs(T[0, 2, :3])))]
    rng = np.random.default_rng(7)
    q = rng.uniform(-0.8, 0.8, (4000, 3)) * cell.size_m
    p = transform(T[0], q)
    axis = int(np.argmax(np.abs(invert(T[0])[:3, :3] @ up)))
    across = np.abs(np.delete(q, axis, axis=1)) - np.delete(cell.size_m, axis) / 2
    beyond = across.max(axis=1)
    if cell.shape == "cylinder" and axis == 2:
        beyond = np.hypot(q[:, 0], q[:, 1]) - cell.size_m[0] / 2
    owner = assign_points(p, T, cell, up, 0.0)
    assert (owner[beyond < -1.2e-3] == 0).all()
    assert (owner[beyond > 1.2e-3] == -1).all()
