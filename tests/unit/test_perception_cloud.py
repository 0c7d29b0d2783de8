"""From depth to points, top maps, planes and rectified pictures."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cellpick.geometry import pose, project, rays, transform
from cellpick.perception.coarse import Hypotheses
from cellpick.perception.depth_points import directions, points_seen, steady
from cellpick.perception.fusion import fuse, hidden, to_scale
from cellpick.perception.grid import Grid
from cellpick.perception.health.mark_reading import MarkReadings
from cellpick.perception.health.picture import depth_quality
from cellpick.perception.rectify import rectify
from cellpick.perception.seat import fit_planes, owners
from cellpick.perception.select import contenders, overlap_depth, without_conflicts
from cellpick.perception.tops import at_top, map_tops
from cellpick.structures import CameraCalibration, Capture, CaptureSet, ReferenceMark

DOWN = np.diag([1.0, -1.0, -1.0])


def camera(width=96, height=72, depth_sigma=1e-4):
    K = np.array([[110.0, 0, 47.2], [0, 111.0, 35.1], [0, 0, 1]])
    k = np.array([-0.08, 0.03, 5e-4, -3e-4, 0.0])
    T = pose(DOWN, [0.55, -0.25, 0.7])
    return CameraCalibration(
        "cam", width, height, K, k, "base", T, 1e-4, 3e-4, 0.1, depth_sigma, 0.6
    )


def flat_look(small_look, z_base, change=lambda depth: depth):
    """A camera that looks straight down at a plane of height `z_base`."""
    belief = camera()
    depth = np.full((belief.height_px, belief.width_px), 0.7 - z_base, np.float32)
    shot = Capture(belief, np.zeros((*depth.shape, 3), np.uint8), change(depth), 0.0, np.eye(4))
    return CaptureSet((shot,), small_look.task)


@pytest.mark.parametrize(
    ("first", "stride", "shape"),
    [
        ((0, 0), 1, (480, 640)),
        ((13, 200), 1, (77, 301)),
        ((40, 5), 3, (150, 201)),
        ((9, 8), 2, (1, 1)),
    ],
)
def test_rays_between_the_nodes_are_those_of_the_camera_model(first, stride, shape):
    belief = dataclasses.replace(
        camera(640, 480), K=np.array([[772.0, 0, 320.3], [0, 772.5, 238.9], [0, 0, 1]])
    )
    R = DOWN @ np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    u, v = np.meshgrid(
        *(f + stride * np.arange(n) for f, n in zip(first, shape[::-1], strict=True))
    )
    exact = rays(np.stack([u.ravel(), v.ravel()], -1), belief.K, belief.distortion) @ R.T
    found = np.stack(directions(belief, R, first, stride, shape), axis=-1)
    # linear between nodes: the error grows with the square of their distance
    assert np.abs(found - exact.reshape(*shape, 3)).max() < 4e-6 * stride**2


def test_points_of_a_plane_lie_on_it_and_in_the_region(small_look):
    look = flat_look(small_look, 0.1)
    cloud = fuse(look).dense
    assert len(cloud) > 1000
    assert cloud.p_base.dtype == np.float32
    np.testing.assert_allclose(cloud.p_base[:, 2], 0.1, atol=1e-6)
    half = look.task.region_size_m[:2] / 2
    assert (np.abs(cloud.p_region[:, :2]) <= half + 1e-6).all()
    back = transform(look.task.T_base_region, cloud.p_region)
    np.testing.assert_allclose(back, cloud.p_base, atol=1e-6)
    np.testing.assert_allclose(cloud.sigma_m, 1e-4 * (0.6 / 0.6) ** 2, rtol=1e-3)


def test_noise_grows_with_the_square_of_the_distance(small_look):
    near, far = (fuse(flat_look(small_look, z)).dense.sigma_m.mean() for z in (0.1, 0.0))
    assert far / near == pytest.approx((0.7 / 0.6) ** 2, rel=1e-4)


def believing(look, **changes):
    """The look, its cameras' beliefs changed."""
    captures = tuple(
        dataclasses.replace(c, calibration=dataclasses.replace(c.calibration, **changes))
        for c in look.captures
    )
    return dataclasses.replace(look, captures=captures)


def test_a_scale_that_the_calibration_found_is_taken_out_once(small_look):
    look = believing(flat_look(small_look, 0.1, lambda depth: depth / 0.98), depth_scale=0.98)
    assert np.abs(fuse(look).dense.p_base[:, 2] - 0.1).min() > 0.01
    corrected = to_scale(look)
    np.testing.assert_allclose(fuse(corrected).dense.p_base[:, 2], 0.1, atol=1e-6)
    assert (
        fuse(to_scale(corrected)).dense.p_base.tobytes() == fuse(corrected).dense.p_base.tobytes()
    )


def test_readings_know_what_they_share(small_look):
    look = believing(
        flat_look(small_look, 0.1),
        depth_scale_sigma=0.002,
        depth_warp_m=3e-4,
        depth_correlation_px=2.0,
    )
    cloud = fuse(look).dense
    np.testing.assert_allclose(cloud.shared_m, np.hypot(0.002 * 0.6, 3e-4), rtol=1e-5)
    np.testing.assert_allclose(cloud.doubt_m, np.hypot(cloud.sigma_m, cloud.shared_m), rtol=1e-6)
    np.testing.assert_allclose(cloud.repeats, 16 * np.pi, rtol=1e-6)


def test_only_what_is_nearer_than_noise_can_feign_hides_a_surface(small_look):
    shot = flat_look(small_look, 0.1).captures[0]
    z, read = np.full(4, 0.6), np.array([0.6, 0.588, 0.57, np.nan], np.float32)
    assert hidden(shot, read, z, 0.01).tolist() == [False, True, True, False]
    noisy = believing(flat_look(small_look, 0.1), depth_sigma_m=2.5e-3).captures[0]
    assert hidden(noisy, read, z, 0.01).tolist() == [False, False, True, False]


def test_a_noisy_camera_keeps_its_readings():
    rng = np.random.default_rng(0)
    belief = camera(depth_sigma=2.5e-3)
    depth = (0.6 + rng.normal(size=(72, 96)) * 2.5e-3).astype(np.float32)
    assert steady(depth, belief)[1:-1, 1:-1].mean() > 0.98


def test_holes_and_noise_leave_the_height_of_the_tops(small_look):
    cell, rng = small_look.task.cell, np.random.default_rng(0)

    def bad(depth):
        depth += (2.5e-3 * rng.normal(size=depth.shape)).astype(np.float32)
        depth[rng.random(depth.shape) < 0.45] = np.nan
        return depth

    look = believing(flat_look(small_look, 0.01 + cell.height_m + 0.004, bad), depth_sigma_m=2.5e-3)
    cloud = fuse(look).dense
    tops = map_tops(cloud, at_top(cloud, cell), cell, Grid((-0.05, -0.05), 0.01, (11, 11)))
    assert np.abs(tops.height_m - cell.height_m - 0.004).max() < 2e-3, "less than one reading"


def test_a_pixel_that_hangs_between_two_surfaces_is_dropped():
    depth = np.full((72, 96), 0.6, np.float32)
    depth[:, 48:] = 0.7
    depth[10:60, 48] = np.linspace(0.61, 0.69, 50)
    keep = steady(depth, camera())
    assert not keep[12:58, 48].any()
    assert keep[1:-1, 40:47].all()
    assert keep[1:-1, 50:60].all()


def test_steady_readings_are_those_with_enough_near_neighbours():
    """Against a count one by one, on depth with steps, holes and noise."""
    rng = np.random.default_rng(1)
    belief, stride = camera(depth_sigma=1e-4), 2
    depth = 0.6 + 0.004 * rng.integers(0, 3, (12, 15)) + 1e-3 * rng.random((12, 15))
    depth[rng.random(depth.shape) < 0.2] = np.nan
    depth = depth.astype(np.float32)
    count = np.zeros(depth.shape, int)
    slack = stride * depth / belief.K[0, 0] + 4e-4 * (depth / 0.6) ** 2
    framed = np.pad(depth, 1, constant_values=np.nan)
    for dv, du in np.ndindex(3, 3):
        if (dv, du) != (1, 1):
            count += np.abs(framed[dv : dv + 12, du : du + 15] - depth) <= slack
    unsure = np.zeros(depth.shape, bool)
    for dv, du in np.ndindex(3, 3):
        apart = np.abs(framed[dv : dv + 12, du : du + 15] - depth)
        unsure |= np.abs(apart - slack) < 1e-4
    keep = steady(depth, belief, stride)
    assert (~unsure).sum() > 40
    assert 0.1 < keep.mean() < 0.9
    np.testing.assert_array_equal(keep[~unsure], (count >= 4)[~unsure])


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (2, 2)])
def test_tiny_pictures_confirm_nothing_that_has_few_neighbours(shape):
    assert not steady(np.full(shape, 0.6, np.float32), camera()).any()


def test_a_camera_that_looks_away_gives_no_points(small_look):
    look = believing(flat_look(small_look, 0.1), T_mount_camera=pose(np.eye(3), [0.55, -0.25, 0.7]))
    assert len(fuse(look).dense) == len(fuse(look).sample) == 0
    assert points_seen(look.captures[0], look.task) is None
    aside = believing(flat_look(small_look, 0.1), T_mount_camera=pose(DOWN, [5.0, -0.25, 0.7]))
    assert len(fuse(aside).dense) == 0


def test_a_sample_is_a_part_of_the_dense_cloud_that_knows_how_much_each_point_counts(small_look):
    K = np.array([[900.0, 0, 380.0], [0, 900.0, 284.0], [0, 0, 1]])
    belief = dataclasses.replace(camera(760, 568), K=K, depth_correlation_px=1.5)
    depth = np.full((568, 760), 0.6, np.float32)
    depth[100:200, 300:500] = np.nan
    shots = [
        Capture(
            dataclasses.replace(belief, camera=name),
            np.zeros((568, 760, 3), np.uint8),
            depth,
            0.0,
            np.eye(4),
        )
        for name in "abcd"
    ]
    clouds = fuse(CaptureSet(tuple(shots), small_look.task))
    dense = {p.tobytes() for p in np.ascontiguousarray(clouds.dense.p_region)}
    sample = [p.tobytes() for p in np.ascontiguousarray(clouds.sample.p_region)]
    assert 1000 < len(sample) < len(clouds.dense) / 3
    assert set(sample) <= dense
    stride = clouds.sample.stride[0]
    assert clouds.sample.repeats[0] == pytest.approx(max(4 * np.pi * 2.25 / stride**2, 1))
    np.testing.assert_array_equal(np.bincount(clouds.sample.camera), [len(sample) // 4] * 4)


def test_a_cloud_does_not_depend_on_what_other_cameras_say(small_look):
    look = flat_look(small_look, 0.1)
    first = look.captures[0]
    other = dataclasses.replace(
        first, calibration=dataclasses.replace(first.calibration, camera="b", depth_sigma_m=3e-4)
    )
    both = fuse(dataclasses.replace(look, captures=(first, other))).dense
    alone = fuse(look).dense
    own = both.camera == 0
    for name in ("p_base", "sigma_m", "shared_m", "repeats"):
        np.testing.assert_array_equal(getattr(both, name)[own], getattr(alone, name))
    np.testing.assert_allclose(both.sigma_m[~own], 3e-4 * both.depth_m[~own] ** 2 / 0.36, rtol=1e-5)


def test_pixels_without_reading_are_dropped_and_do_no_harm(small_look):
    def holes(depth):
        depth[20:30, 20:30] = np.nan
        return depth

    assert np.isfinite(fuse(flat_look(small_look, 0.1, holes)).dense.p_base).all()


def test_no_3d_camera_gives_no_points(small_look):
    only_2d = [c for c in small_look.captures if c.depth is None]
    for captures in (tuple(only_2d), ()):
        clouds = fuse(CaptureSet(captures, small_look.task))
        for cloud in (clouds.dense, clouds.sample):
            assert len(cloud) == len(cloud.p_base) == len(cloud.doubt_m) == len(cloud.repeats) == 0
            assert not at_top(cloud, small_look.task.cell).size


def test_tops_are_mapped_where_the_readings_are_as_high_as_the_cells(small_look):
    cell = small_look.task.cell
    for lift, sign in ((0.004, 1), (-0.05, -1)):
        cloud = fuse(flat_look(small_look, 0.01 + cell.height_m + lift)).dense
        grid = Grid((-0.05, -0.05), 0.01, (11, 11))
        tops = map_tops(cloud, at_top(cloud, cell), cell, grid)
        assert (tops.occupied == sign).mean() > 0.9
        if sign > 0:
            np.testing.assert_allclose(tops.height_m, cell.height_m + lift, atol=2e-4)


def test_a_grid_finds_the_tile_that_it_says_is_there():
    grid = Grid((-0.1, 0.2), 0.0005, (40, 60))
    for g in (grid, grid.coarser(4)):
        x, y = g.centres()
        tile, on = g.tiles_of(np.stack([x.ravel(), y.ravel()], -1))
        assert on.all()
        np.testing.assert_array_equal(tile, np.arange(x.size))
    x, y = grid.centres()
    assert grid.coarser(4).centres()[0][0, 0] == pytest.approx(x[0, :4].mean())


def test_a_robust_plane_ignores_a_third_of_strays():
    rng = np.random.default_rng(0)
    xy = rng.uniform(-0.05, 0.05, (900, 2))
    owner = np.repeat([0, 1, 3], 300).astype(np.int32)
    truth = np.array([[0.01, -0.02, 0.003], [-0.03, 0.0, -0.004], [0, 0, 0], [0.02, 0.02, 0.0]])
    z = (np.column_stack([xy, np.ones(900)]) * truth[owner]).sum(1)
    z[::3] += 0.006
    plane = fit_planes(xy, z, owner, 4, np.full(900, 1e-3), np.ones(900))
    assert (np.abs(plane - truth) < [1e-3, 1e-3, 5e-5]).all()


def test_every_tile_belongs_to_the_footprint_over_it(small_look):
    cell = small_look.task.cell
    grid = Grid((-0.1, -0.1), 0.001, (200, 200))
    xy, yaw = np.array([[0.0, -0.02], [0.01, 0.03]]), np.array([0.1, np.pi + 0.05])
    label = owners(xy, yaw, cell, grid, 0.0)
    for row in range(2):
        area = (label == row).sum() * 1e-6
        assert area == pytest.approx(np.prod(cell.size_m[:2]), rel=0.06)
        x, y = grid.centres()
        middle = np.array([x[label == row].mean(), y[label == row].mean()])
        np.testing.assert_allclose(middle, xy[row], atol=5e-4)


def hypotheses(xy, yaw, score):
    return Hypotheses(np.zeros(len(yaw), np.intp), np.array(xy), np.array(yaw), np.array(score))


def test_overlap_depth_is_zero_at_touch_and_grows_by_the_shift(small_look):
    cell = small_look.task.cell
    a, b = cell.size_m[:2]
    for yaw in (0.0, 0.3, 2.9):
        c, s = np.cos(yaw), np.sin(yaw)
        for axis, extent in (((c, s), a), ((-s, c), b)):
            for gap in (-0.004, 0.0, 0.002):
                xy = np.array([[0.0, 0.0], (extent + gap) * np.array(axis)])
                depth = overlap_depth(xy, np.array([yaw, yaw + np.pi]), cell)
                assert depth[0, 1] == pytest.approx(-gap, abs=1e-9)


def test_of_two_that_claim_one_volume_the_better_stays(small_look):
    cell = small_look.task.cell
    b = float(cell.size_m[1])
    found = hypotheses([[0, 0], [0, b / 2], [0, b]], [0.0] * 3, [0.8, 0.6, 0.7])
    chosen = without_conflicts(found, cell)
    np.testing.assert_allclose(sorted(chosen.score), [0.7, 0.8])
    assert len(contenders(found, cell)) == 3
    assert len(contenders(hypotheses([[0, 0], [0, b / 2]], [0.0] * 2, [0.8, 0.3]), cell)) == 1


def test_without_hypotheses_nothing_is_chosen(small_look):
    none = hypotheses(np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    assert len(without_conflicts(contenders(none, small_look.task.cell), small_look.task.cell)) == 0


def test_rectified_colours_are_those_at_the_projected_places():
    belief = camera()
    v, u = np.mgrid[0:72, 0:96]
    image = np.stack([u * 2, v * 3, 0 * u + 7], -1).astype(np.uint8)
    shot = Capture(belief, image, None, 0.0, np.eye(4))
    Ts = pose(np.eye(3), np.array([[0.55, -0.25, 0.0], [0.5, -0.3, 0.1]]))
    p = np.random.default_rng(0).uniform(-0.03, 0.03, (50, 3))
    T_camera = np.linalg.inv(shot.T_base_camera) @ Ts
    pixels = project(transform(T_camera, p), belief.K, belief.distortion)
    seen = rectify(shot, Ts, p)
    assert seen.seen.all()
    np.testing.assert_allclose(seen.colour[0], 2 * pixels[..., 0], atol=0.7)
    np.testing.assert_allclose(seen.colour[1], 3 * pixels[..., 1], atol=0.8)


def test_what_is_outside_the_picture_or_hidden_is_unseen(small_look):
    belief = camera()
    depth = np.full((72, 96), 0.5, np.float32)
    shot = Capture(belief, np.full((72, 96, 3), 90, np.uint8), depth, 0.0, np.eye(4))
    behind = pose(np.eye(3), np.array([[0.55, -0.25, 0.0]]))
    assert not rectify(shot, behind, np.zeros((1, 3))).seen.any()
    clear = dataclasses.replace(shot, depth=None)
    assert rectify(clear, behind, np.zeros((1, 3))).seen.all()
    assert not rectify(clear, behind, np.array([[5.0, 0, 0]])).seen.any()


def test_marks_beyond_a_cameras_range_say_nothing_of_its_depth(small_look):
    shot = flat_look(small_look, 0.2).captures[0]
    on_table = ReferenceMark(0, 0.05, pose(np.eye(3), [0.55, -0.25, 0.0]), 1e-4)
    none = np.zeros((0, 4, 2))
    nothing = MarkReadings(np.zeros(0, np.int64), none, none, *[np.zeros(0)] * 3)
    assert depth_quality(shot, nothing, [on_table]) == (1.0, 1.0)
