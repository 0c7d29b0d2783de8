"""The core's single-precision lens, its face maps, and the bad input of `refine_poses`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from perception_core_stage import MATERIALS, box_cell, calibrations, captures_of, cloud_of

from cellpick.errors import ShapeError
from cellpick.geometry import exp_rotation, perturb, project, translation
from cellpick.perception.core import refine_poses
from cellpick.perception.core.axes import Axes, Lens
from cellpick.perception.core.face_maps import face_maps
from cellpick.perception.core.lookup import assign_points
from cellpick.perception.core.views import views_of

UP = np.array([0.0, 0.0, 1.0])


@pytest.fixture(scope="module")
def look():
    cameras = calibrations()
    Ts = translation(np.array([[0.0, -0.022, 0.0], [0.001, 0.021, 0.0]]))
    exact = np.array([c.T_mount_camera for c in cameras])
    rng = np.random.default_rng(0)
    captures = captures_of(box_cell(), Ts, cameras, exact, rng)
    return Ts, captures, cloud_of(box_cell(), Ts, cameras, exact, rng)


@pytest.fixture(scope="module")
def lens(look):
    views = views_of(look[1], np.zeros((1, 3)), 0.05)
    # every term so strong that its sign shows
    bent = np.tile([-0.2, 0.1, 0.05, -0.06, 0.3], (len(views), 1))
    views = replace(views, distortion=bent)
    return Lens.of(views), views


def some_points():
    rng = np.random.default_rng(2)
    return rng.uniform([-0.06, -0.05, 0.3], [0.06, 0.05, 0.5], (4, 200, 3))


def test_pixels_are_those_of_the_double_precision_camera(lens):
    points = some_points()
    slopes, near = lens[0].slopes(Axes.of(points))
    u, v = lens[0].pixels(slopes)
    exact = project(points, lens[1].K, lens[1].distortion)
    np.testing.assert_allclose(np.stack([u, v], -1), exact, atol=1e-3)
    np.testing.assert_allclose(near, 1 / points[..., 2], rtol=1e-6)


def test_behind_and_far_aside_is_no_pixel(lens):
    aside = np.array([[[0.0, 0, -0.4], [0, 0, 0], [60.0, 0, 1], [0.01, 0, 0.4]]] * 4)
    u, _ = lens[0].pixels(lens[0].slopes(Axes.of(aside))[0])
    np.testing.assert_array_equal(np.isfinite(u), [[False, False, False, True]] * 4)


def test_image_directions_and_gradients_are_the_slopes_of_the_pixels(lens):
    points, step = some_points(), 1e-6
    slopes, near = lens[0].slopes(Axes.of(points))
    bend = lens[0].bend(slopes)
    rng = np.random.default_rng(3)
    d = rng.normal(size=points.shape)
    ahead, behind = (project(points + s * step * d, lens[1].K, lens[1].distortion) for s in (1, -1))
    slope = (ahead - behind) / (2 * step)
    image = np.stack(bend.image_of(Axes.of(d), slopes), -1) * near[..., None]
    np.testing.assert_allclose(image, slope, rtol=1e-3, atol=1e-3 * np.abs(slope).max())
    angle = rng.uniform(0, 2 * np.pi, points.shape[:-1])
    normal = np.cos(angle), np.sin(angle)
    pull = bend.gradient(tuple(n.astype(np.float32) for n in normal), slopes, near)
    told = pull.x * d[..., 0] + pull.y * d[..., 1] + pull.z * d[..., 2]
    along = slope[..., 0] * normal[0] + slope[..., 1] * normal[1]
    np.testing.assert_allclose(told, along, rtol=1e-3, atol=1e-3 * np.abs(along).max())


def test_turning_moving_and_crossing_axes_is_that_of_vectors():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(2, 3, 7, 3))
    R, p = exp_rotation(rng.normal(size=(3, 3))), rng.normal(size=(3, 3))
    one, other = Axes.of(a), Axes.of(b)

    def whole(axes):
        return np.stack([axes.x, axes.y, axes.z], -1)

    single = R.astype(np.float32), p.astype(np.float32)
    moved = np.einsum("nij,nej->nei", R, a) + p[:, None]
    np.testing.assert_allclose(whole(one.turned(single[0]).moved(single[1])), moved, atol=1e-5)
    np.testing.assert_allclose(whole(one.cross(other)), np.cross(a, b), atol=1e-5)
    np.testing.assert_allclose(whole(one.along()), np.cross(a, [0, 0, 1]), atol=1e-5)


def test_a_face_map_knows_the_heights_and_the_brightnesses_of_the_drawing():
    cell = box_cell()
    maps = face_maps(cell)
    xy = np.array([[0.028, 0], [0.02, 0.0105], [-0.028, 0], [0.004, 0], [-0.01, 0], [0.0, 0.011]])
    places = np.broadcast_to(xy.T, (2, 1, 2, 6)).astype(np.float32)
    column, row = maps.pixels(places, np.array([False, True]))
    height, clear = maps.relief_at(column, row)
    np.testing.assert_allclose(height[0, 0], [0.0015, 0, 0.0015, 0, 0, 0], atol=1e-7)
    np.testing.assert_array_equal(height[1, 0], 0)
    assert np.isinf(clear[1, 0]).all()
    shade = maps.shade_at(column, row)[0, 0]
    # plus and minus differ, the label is as white as the minus terminal, the lid is alike
    assert shade[4] == shade[2]
    assert shade[1] == shade[5]
    assert len(set(shade.tolist())) == maps.shades - 2 == 4


@pytest.mark.parametrize("turn", [[0, 0, 1.1], [0.8, -0.3, 2.0], [np.pi, 0, 0]])
def test_which_cell_a_point_is_of_depends_on_no_base_frame(turn, look):
    Ts, _, (points, _, _) = look
    R = exp_rotation(np.array(turn))
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = R, [0.5, -1.0, 0.2]
    rng = np.random.default_rng(5)
    p = np.concatenate([points, rng.uniform(-0.06, 0.06, (4000, 3))])
    here = assign_points(p, Ts, box_cell(), UP)
    there = assign_points(p @ R.T + T[:3, 3], T @ Ts, box_cell(), R @ UP)
    assert (here != there).mean() < 1e-3
    assert set(here) == {-1, 0, 1}


def refine(look, **changes):
    Ts, captures, (points, sigma, camera) = look
    given = {"points": points, "points_sigma": sigma, "points_camera": camera} | changes
    start = given.pop("Ts", perturb(Ts, np.array([1e-3, -1e-3, 5e-4, 0.01, 0, 0.01])))
    return refine_poses(start, box_cell(), captures, materials=MATERIALS, **given)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Ts": np.full((1, 4, 4), np.nan)}, "Ts_base_cell must be finite"),
        ({"Ts": np.eye(4)}, r"Ts_base_cell must have shape \(n, 4, 4\); got \(4, 4\)"),
        ({"points": np.zeros((5, 2))}, r"points must have shape \(n, 3\); got \(5, 2\)"),
        ({"points_sigma": np.ones(3)}, r"points_sigma must have shape \(\d+\); got \(3,\)"),
        ({"points_camera": np.zeros(3, int)}, r"points_camera must have shape .*; got \(3,\)"),
        ({"points_camera": 0.5}, r"points_camera of shape \(\d*,?\) must hold whole numbers"),
        ({"T_base_support": np.eye(3)}, r"T_base_support must have shape \(4, 4\); got \(3, 3\)"),
    ],
)
def test_wrong_arrays_are_named_with_their_shape(change, words, look):
    if np.ndim(change.get("points_camera")) == 0 and "points_camera" in change:
        change = {"points_camera": np.full(len(look[2][0]), 0.5)}
    with pytest.raises(ShapeError, match=words):
        refine(look, **change)


def test_memory_order_read_only_and_narrow_arrays_do_not_matter(look):
    points, _, camera = look[2]
    expected = refine(look)
    wide = np.zeros((len(points), 6))
    wide[:, ::2] = points
    frozen = np.asfortranarray(points)
    frozen.flags.writeable = False
    for same in (wide[:, ::2], frozen):
        again = refine(look, points=same, points_camera=camera.astype(np.int8))
        np.testing.assert_array_equal(again.Ts_base_cell, expected.Ts_base_cell)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_cells_with_hardly_a_point_have_a_status_and_a_pose(count, look):
    points, sigma, camera = (a[:count] for a in look[2])
    found = refine(look, points=points, points_sigma=sigma, points_camera=camera)
    assert found.status == ("ok", "ok")
    assert np.isfinite(found.covariance).all()


def test_a_start_50_mm_off_that_settles_elsewhere_is_not_ok(look):
    right = refine(look)
    assert right.status == ("ok", "ok")
    assert (right.edge_share > 0.95).all()
    told = []
    for axis in range(3):
        found = refine(look, Ts=perturb(look[0], 0.05 * np.eye(6)[axis]))
        assert all(found.reason)
        assert "ok" not in found.status
        told += zip(found.status, found.reason, strict=True)
    words = [reason for status, reason in told if status == "mismatched"]
    assert len(words) > 1
    assert all("% of its outlines there" in reason for reason in words)


def test_dark_blank_and_missing_pictures_leave_a_right_cell_ok(look):
    points = dict(zip(("points", "points_sigma", "points_camera"), look[2], strict=True))
    blank = [replace(c, image=np.zeros_like(c.image)) for c in look[1]]
    for captures in (blank, blank[:1] + look[1][1:], look[1][:2] + blank[2:]):
        start = perturb(look[0], np.array([1e-3, -1e-3, 5e-4, 0.01, 0, 0.01]))
        found = refine_poses(start, box_cell(), captures, materials=MATERIALS, **points)
        assert found.status == ("ok", "ok")
    no_points = {"points": np.zeros((0, 3)), "points_sigma": [], "points_camera": []}
    assert refine(look, **no_points).status == ("ok", "ok")
    one = look[2][2] == 0
    alone = {name: rows[one] for name, rows in points.items()}
    found = refine_poses(look[0], box_cell(), look[1][:1], materials=MATERIALS, **alone)
    assert found.status == ("ok", "ok")
