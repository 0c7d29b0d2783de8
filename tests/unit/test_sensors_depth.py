"""Structured light against closed forms: planes, the projector's shadow, edges, glints, limits."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from sensors_stage import DEPTH, board, camera, look, state_of

from cellpick.geometry import exp_rotation, invert, pixel_grid, pose, rays, transform, translation
from cellpick.scene import IdealDepth
from cellpick.sensors.depth import make_depth_sensor
from cellpick.sensors.depth.decoding import decoded
from cellpick.sensors.lens import Lens
from cellpick.structures import Solid

IDEAL = IdealDepth(DEPTH.near_m, DEPTH.far_m, DEPTH.baseline_m)


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
    assert error.std() == pytest.approx(1, abs=0.04)
    assert np.isnan(depth[~in_range & ((true < 0.29) | (true > 1.11))]).all()


@pytest.mark.parametrize("kernel_px", [0.0, 0.8, 2.0])
def test_neighbours_share_noise_as_their_kernel_says(kernel_px):
    depth = depth_of(replace(DEPTH, correlation_px=kernel_px), [board()])
    error = depth - depth.mean()
    for step in (1, 2, 4):
        found = np.corrcoef(error[:, step:].ravel(), error[:, :-step].ravel())[0, 1]
        expected = np.exp(-(step**2) / (4 * kernel_px**2)) if kernel_px else 0.0
        assert found == pytest.approx(expected, abs=0.07)


def test_warp_belongs_to_the_device_and_grows_with_the_square_of_the_distance():
    spec = replace(DEPTH, sigma_m=0.0, warp_m=2e-4)
    near, again, other = (depth_of(spec, [board()], seed) for seed in (1, 1, 2))
    far = depth_of(spec, [board()], 1, height_m=0.9)
    assert np.array_equal(near, again)
    shape, shape_far = near.astype(float) - 0.6, far.astype(float) - 0.9
    assert np.sqrt((shape**2).mean()) == pytest.approx(2e-4, rel=0.01)
    assert shape_far == pytest.approx(shape * 1.5**2, abs=3e-6)
    assert abs(np.corrcoef(shape.ravel(), other.ravel())[0, 1]) < 0.8
    # no plane is in it, and neighbours are alike
    v, u = np.mgrid[: shape.shape[0], : shape.shape[1]]
    for part in (np.ones(shape.shape), u - u.mean(), v - v.mean()):
        assert abs((part * shape).mean()) < 0.01 * part.std() * 2e-4 + 1e-7
    assert np.corrcoef(shape[:, 8:].ravel(), shape[:, :-8].ravel())[0, 1] > 0.9


def test_every_distance_is_wrong_by_the_devices_scale_and_devices_differ_by_its_sigma():
    spec = replace(DEPTH, sigma_m=0.0, scale_sigma=2e-3)
    ratios = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        device = make_depth_sensor(spec, camera(), Lens(camera()), None, rng)
        ratios.append(device.scale)
    assert np.mean(ratios) == pytest.approx(1, abs=1.2e-3)
    assert np.std(ratios) == pytest.approx(2e-3, rel=0.3)
    state = [state_of([camera(depth=spec, height_m=h)]) for h in (0.4, 0.9)]
    near, far = (look(s, 5).captures[0] for s in state)
    scale = np.median(near.depth) / 0.4
    assert abs(scale - 1) > 1e-4
    assert np.median(far.depth) / 0.9 == pytest.approx(scale, abs=2e-6)
    # the station is told the inverse, but for what commissioning left
    assert near.calibration.depth_scale * scale == pytest.approx(1, abs=2e-6)


def test_ideal_depth_is_the_plane_itself_through_a_distorted_lens():
    T = pose(exp_rotation([0.2, -0.3, 0]), [0, 0, 0.05])
    spec = camera(depth=IDEAL, distortion=np.array([-0.1, 0.05, 1e-3, -1e-3, 0]))
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
    spec = replace(DEPTH, flying_px=1.0, flying_share=1.0, baseline_m=1e-6)
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


def mirror_like(spec, tilt_deg, seed=0, material="aluminium"):
    T = pose(exp_rotation([0, np.radians(tilt_deg), 0]), np.zeros(3))
    state = state_of([camera(depth=spec, size=(320, 240))], [board(material, T=T)], lights=())
    return np.isnan(look(state, seed).captures[0].depth)


@pytest.mark.parametrize("tilt_deg", [0, 8])
def test_metal_blinds_round_the_place_where_it_mirrors_the_projector(tilt_deg):
    lost = mirror_like(replace(DEPTH, least_snr=0.0), tilt_deg)
    assert 0.02 < lost.mean() < 0.2
    rows, columns = np.nonzero(lost)
    # where the plane's normal halves the angle between camera and projector
    foot = DEPTH.baseline_m / 2 - 0.6 * np.tan(np.radians(tilt_deg))
    expected = 159.5 + 200 * foot / 0.6
    if tilt_deg == 0:
        assert columns.mean() == pytest.approx(expected, abs=6)
    else:
        assert columns.mean() < 159.5 - 5
    assert rows.mean() == pytest.approx(119.5, abs=6)
    near = lost[100:140, int(expected) - 20 : int(expected) + 20].mean()
    assert near > 0.6
    assert near > 3 * lost[:, -30:].mean()


def test_holes_on_metal_are_patches_and_those_of_one_device_stay():
    first, again, other = (mirror_like(DEPTH, 0, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert (first != other).mean() > 0.02
    # beyond what the smooth highlight makes alike, neighbours are lost together more often
    local = (first - cv2.blur(first.astype(float), (41, 41)))[90:150, 130:220]
    assert np.corrcoef(local[:, 1:].ravel(), local[:, :-1].ravel())[0, 1] > 0.05
    assert 0.02 < first[90:150, 130:220].mean() < 0.98


def test_a_shorter_exposure_as_well_fills_most_holes():
    single, several = (
        mirror_like(replace(DEPTH, least_snr=0.0, brackets=brackets), 0).mean()
        for brackets in ((1.0,), (0.05, 1.0))
    )
    assert several < 0.25 * single


def test_metal_far_off_the_mirrored_direction_is_too_dark():
    spec = replace(DEPTH, least_snr=20.0, max_angle_rad=1.5, far_m=9.0)
    lost = mirror_like(spec, 40)
    assert lost[60:180, 180:240].mean() > 0.6
    assert not mirror_like(spec, 40, material="white")[60:180, 180:240].any()


def test_a_matt_board_has_no_drop_outs():
    assert np.isfinite(depth_of(DEPTH, [board("white")])).all()


def test_dark_matt_surfaces_are_noisier():
    dark = replace(DEPTH, least_snr=0.0)
    white, black = (depth_of(dark, [board(m)]).std() for m in ("white", "print_black"))
    assert black > 1.5 * white


def test_lamps_light_costs_signal_and_then_the_reading():
    light = np.array([0.5, 0.5, 0.5], dtype=np.float32)
    ambient = np.array([0.0, 0.4, 5.0], dtype=np.float32)
    found = decoded(light, ambient, DEPTH)
    assert found.lost.tolist() == [False, False, True]
    dim = decoded(light * np.float32(0.1), ambient * np.float32(0.1), DEPTH)
    assert dim.noise[1] > dim.noise[0] > 1


def test_a_fringe_clipped_a_little_reads_wrong_and_clipped_more_not_at_all():
    light = np.array([1.0, 1.15, 1.5], dtype=np.float32)
    found = decoded(light, np.zeros(3, np.float32), replace(DEPTH, headroom=1.1))
    assert found.lost.tolist() == [False, False, True]
    assert found.phase_error[0] == 0
    assert 0 < found.phase_error[1] < found.phase_error[2]


def test_edges_of_prints_shift_depth_by_the_blur_and_nothing_else_does():
    stripe = Solid("stripe", "box", [0.1, 2.0, 1e-6], translation([0, 0, 5e-7]), "print_black")
    spec = replace(DEPTH, sigma_m=0.0, least_snr=0.0, blur_px=0.5)
    error = depth_of(spec, [board(), stripe]) - 0.6
    columns = np.abs(error).max(axis=0)
    edges = 79.5 + np.array([-1, 1]) * 200 * 0.05 / 0.6
    near = np.abs(np.arange(160)[:, None] - edges).min(axis=1) < 1.6
    bound = 0.5**2 * 0.6**2 / (200 * DEPTH.baseline_m)
    assert columns[near].max() == pytest.approx(bound, rel=0.05)
    assert columns[~near].max() < 0.05 * bound
    # the two sides of the stripe err in opposite ways
    left, right = error[:, 60:66].mean(), error[:, 94:100].mean()
    assert left * right < 0


def test_points_of_a_look_lie_on_the_world_plane():
    T = pose(exp_rotation([0.1, 0.2, 0.3]), [0.02, 0.01, 0.1])
    spec = camera(mount="flange", depth=IDEAL)
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
