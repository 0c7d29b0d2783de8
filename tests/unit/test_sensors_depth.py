"""Depth against closed forms: planes, the projector's shadow, edges, glints and limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sensors_stage import DEPTH, board, camera, look, state_of

from cellpick.geometry import exp_rotation, invert, pixel_grid, pose, rays, transform, translation
from cellpick.structures import Solid


def depth_of(spec, fixtures, seed=0, **changes):
    return look(state_of([camera(depth=spec, **changes)], fixtures), seed).captures[0].depth


def plane_depth(spec, T_world_plane):
    """Depth (h, w) and cosine of incidence of the plane z = 0 of `T_world_plane`."""
    T = invert(T_world_plane) @ spec.T_mount_camera
    ways = rays(pixel_grid(spec.width_px, spec.height_px), spec.K, spec.distortion)
    slope = ways @ T[2, :3]
    depth = -T[2, 3] / slope
    cosine = -slope / np.linalg.norm(ways, axis=1)
    shape = (spec.height_px, spec.width_px)
    return depth.reshape(shape), cosine.reshape(shape)


@pytest.mark.parametrize("height_m", [0.4, 0.6, 0.9])
@pytest.mark.parametrize("tilt_deg", [0, 45])
def test_noise_on_a_plane_has_the_stated_mean_and_deviation(height_m, tilt_deg):
    T = pose(exp_rotation([0, np.radians(tilt_deg), 0]), np.zeros(3))
    true, cosine = plane_depth(camera(height_m=height_m), T)
    depth = depth_of(DEPTH, [board(T=T)], height_m=height_m)
    sigma = DEPTH.sigma_m * (true / DEPTH.reference_m) ** 2 / cosine
    in_range = (true > DEPTH.near_m + 0.01) & (true < DEPTH.far_m - 0.01)
    error = ((depth - true) / sigma)[in_range]
    assert error.size > 5000
    # a shared part of the variance leaves about a tenth of the pixels independent
    assert abs(error.mean()) < 4 / np.sqrt(error.size / 10)
    assert error.std() == pytest.approx(1, abs=0.03)
    assert np.isnan(depth[~in_range & ((true < 0.29) | (true > 1.11))]).all()


def test_neighbouring_errors_are_somewhat_alike():
    depth = depth_of(DEPTH, [board()])
    error = depth - depth.mean()
    next_to = np.corrcoef(error[:, 1:].ravel(), error[:, :-1].ravel())[0, 1]
    far = np.corrcoef(error[:, 20:].ravel(), error[:, :-20].ravel())[0, 1]
    assert 0.2 < next_to < 0.6
    assert abs(far) < 0.05


def test_ideal_depth_is_the_plane_itself_through_a_distorted_lens():
    T = pose(exp_rotation([0.2, -0.3, 0]), [0, 0, 0.05])
    spec = camera(
        depth=replace(DEPTH, model="ideal"), distortion=np.array([-0.1, 0.05, 1e-3, -1e-3, 0])
    )
    depth = look(state_of([spec], [board(T=T)])).captures[0].depth
    assert depth.dtype == np.float32
    assert depth == pytest.approx(plane_depth(spec, T)[0], abs=1e-6)


def test_values_are_multiples_of_the_quantum():
    depth = depth_of(replace(DEPTH, quantum_m=1e-3, sigma_m=1e-3), [board()])
    assert len(np.unique(depth)) > 3
    assert depth / 1e-3 == pytest.approx(np.round(depth / 1e-3), abs=1e-3)


@pytest.mark.parametrize(("near_m", "far_m"), [(0.61, 1.0), (0.3, 0.59)])
def test_no_reading_beyond_near_and_far(near_m, far_m):
    assert np.isnan(depth_of(replace(DEPTH, near_m=near_m, far_m=far_m), [board()])).all()


@pytest.mark.parametrize(("limit_deg", "is_seen"), [(48, True), (35, False)])
def test_no_reading_beyond_the_largest_angle(limit_deg, is_seen):
    T = pose(exp_rotation([0, np.radians(40), 0]), np.zeros(3))
    depth = depth_of(replace(DEPTH, max_angle_rad=np.radians(limit_deg)), [board(T=T)])
    assert np.isfinite(depth[60, 80]) == is_seen


def test_nothing_in_view_gives_no_reading():
    assert np.isnan(depth_of(DEPTH, [board(T=translation([9, 9, 0]))])).all()


def shadow_columns(block_m, height_m, half_m, spec):
    """First and last column of the shadow that a block's left edge throws away from +x."""
    grow = height_m / (height_m - block_m)
    x_seen = -half_m * grow
    x_lit = spec.depth.baseline_m + (-half_m - spec.depth.baseline_m) * grow
    f, c = spec.K[0, 0], spec.K[0, 2]
    return c + f * np.array([x_lit, x_seen]) / height_m


def test_projector_shadow_lies_where_the_projector_cannot_see():
    spec = camera(size=(240, 60), focal_px=300.0)
    block = Solid("block", "box", [0.1, 0.4, 0.12], translation([0, 0, 0.06]), "white")
    depth = look(state_of([spec], [board(), block])).captures[0].depth
    dark = np.isnan(depth[30])
    first, last = shadow_columns(0.12, 0.6, 0.05, spec)
    assert last - first > 10
    columns = np.arange(240)
    assert dark[(columns > first + 1) & (columns < last - 1)].all()
    # the block's own walls are out of sight, and its other side is lit
    assert not dark[(columns < first - 1) | (columns > last + 1)].any()


def test_flying_pixels_lie_between_the_two_sides_of_an_edge_and_only_near_it():
    block = Solid("block", "box", [0.1, 0.4, 0.12], translation([0, 0, 0.06]), "white")
    spec = replace(DEPTH, flying_px=1.0, flying_share=1.0, baseline_m=0.0)
    rough = depth_of(spec, [board(), block])
    clean = depth_of(replace(spec, flying_share=0.0), [board(), block])
    between = (rough > 0.482) & (rough < 0.598)
    assert not ((clean > 0.482) & (clean < 0.598)).any()
    edges = 80 + np.array([-1, 1]) * 200 * 0.05 / 0.48
    columns = np.nonzero(between)[1]
    assert set(np.round(np.abs(columns[:, None] - edges).min(axis=1)) <= 2) == {True}
    assert between.sum() > 120
    some = depth_of(replace(spec, flying_share=0.3), [board(), block])
    share = ((some > 0.482) & (some < 0.598)).sum() / between.sum()
    assert share == pytest.approx(0.3, abs=0.08)


def test_a_mirror_blinds_where_it_sends_the_projector_into_the_camera():
    readings = {}
    for gain in (0, 5):
        spec = camera(depth=replace(DEPTH, dropout_gain=gain))
        state = state_of([spec], [board("aluminium")], lights=())
        readings[gain] = look(state).captures[0].depth
    assert np.isfinite(readings[0]).all()
    rows, columns = np.nonzero(np.isnan(readings[5]))
    assert rows.size > 20
    # half way between camera and projector, where the plane's normal halves their angle
    expected = 79.5 + 200 * DEPTH.baseline_m / 2 / 0.6
    assert columns.mean() == pytest.approx(expected, abs=2)
    assert rows.mean() == pytest.approx(59.5, abs=2)


def test_a_matt_board_has_no_drop_outs():
    assert np.isfinite(depth_of(replace(DEPTH, dropout_gain=5), [board("white")])).all()


def test_points_of_a_look_lie_on_the_world_plane():
    T = pose(exp_rotation([0.1, 0.2, 0.3]), [0.02, 0.01, 0.1])
    spec = camera(mount="flange", depth=replace(DEPTH, model="ideal"))
    state = state_of([spec], [board(T=T)], q=np.array([0.1, -0.5, 0.9, 0.2, 0.8, 0.4]))
    # the rig is where the true joints put it, whatever the encoders report
    held = replace(spec, T_mount_camera=invert(state.T_world_flange) @ pose(*split(spec)))
    capture = look(replace(state, cameras=(held,))).captures[0]
    ways = rays(pixel_grid(160, 120), spec.K, spec.distortion)
    p_camera = ways * capture.depth.reshape(-1, 1).astype(float)
    p_plane = transform(invert(T) @ pose(*split(spec)), p_camera)
    assert p_plane[:, 2] == pytest.approx(0, abs=2e-6)


def split(spec):
    return spec.T_mount_camera[:3, :3], spec.T_mount_camera[:3, 3]
