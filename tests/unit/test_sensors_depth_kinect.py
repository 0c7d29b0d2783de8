"""The Kinect against the curves of Nguyen, Izadi and Lovell (2012)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sensors_stage import board, camera, look, state_of

from cellpick.geometry import exp_rotation, invert, pixel_grid, pose, rays, translation
from cellpick.scene import KinectDepth, kinect_lateral_px, kinect_sigma_m
from cellpick.structures import Solid

KINECT = KinectDepth(
    near_m=0.3,
    far_m=4.0,
    baseline_m=0.075,
    noise=1.0,
    reference_m=0.6,
    scale_sigma=0.0,
    max_angle_rad=1.4,
)


def readings(height_m, tilt_deg=0.0, spec=KINECT, fixtures=None, seed=0):
    """Depth and true depth (120, 160) of a tilted board, angle (120, 160) of incidence."""
    T = pose(exp_rotation([0, np.radians(tilt_deg), 0]), np.zeros(3))
    held = camera(depth=spec, focal_px=585.0, height_m=height_m)
    fixtures = [board(size_m=(9.0, 9.0, 0.02), T=T)] if fixtures is None else fixtures
    depth = look(state_of([held], fixtures), seed).captures[0].depth.astype(float)
    T_plane_camera = invert(T) @ held.T_mount_camera
    ways = rays(pixel_grid(160, 120), held.K, held.distortion)
    slope = ways @ T_plane_camera[2, :3]
    true = (-T_plane_camera[2, 3] / slope).reshape(120, 160)
    angle = np.arccos(-slope / np.linalg.norm(ways, axis=1)).reshape(120, 160)
    return depth, true, angle


def test_the_published_curves_have_their_published_values():
    assert kinect_sigma_m(0.4, 0.0) == pytest.approx(0.0012)
    assert kinect_sigma_m(1.0, 0.0) == pytest.approx(0.0012 + 0.0019 * 0.36)
    # at 45 degrees theta / (pi/2 - theta) is 1
    assert kinect_sigma_m(1.0, np.pi / 4) == pytest.approx(0.0012 + 0.0019 * 0.36 + 0.0001)
    assert kinect_lateral_px(0.0) == pytest.approx(0.8)
    assert kinect_lateral_px(np.pi / 4) == pytest.approx(0.835)


@pytest.mark.parametrize("height_m", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("tilt_deg", [0, 30, 60])
def test_axial_noise_follows_the_curve_also_on_tilted_planes(height_m, tilt_deg):
    depth, true, angle = readings(height_m, tilt_deg)
    scaled = (depth - true) / kinect_sigma_m(true, angle)
    assert np.isfinite(scaled).mean() > 0.9
    assert np.nanmean(scaled) == pytest.approx(0, abs=0.03)
    assert np.nanstd(scaled) == pytest.approx(1, abs=0.03)


def test_a_multiplier_of_the_noise_multiplies_it():
    once, twice = (readings(1.0, spec=replace(KINECT, noise=k))[0].std() for k in (1.0, 2.0))
    assert twice == pytest.approx(2 * once, rel=0.05)


def test_an_edge_is_spread_by_the_lateral_noise():
    half = Solid("half", "box", [2.0, 4.0, 0.3], translation([-1.0, 0, 0.15]), "white")
    spec = replace(KINECT, baseline_m=1e-6)
    near = np.mean(
        [readings(1.0, spec=spec, fixtures=[board(), half], seed=s)[0] < 0.85 for s in range(4)],
        axis=(0, 1),
    )
    # the share of pixels that read the near side falls off like the noise's own integral
    column = np.arange(160)
    slope = -np.diff(near)
    middle = (slope * (column[1:] - 0.5)).sum() / slope.sum()
    spread = np.sqrt((slope * (column[1:] - 0.5 - middle) ** 2).sum() / slope.sum())
    assert middle == pytest.approx(79.5, abs=0.6)
    assert spread == pytest.approx(0.8, abs=0.1)


def test_its_projector_throws_a_shadow_and_its_limits_hold():
    block = Solid("block", "box", [0.1, 0.4, 0.3], translation([0, 0, 0.15]), "white")
    depth = readings(1.0, fixtures=[board(), block])[0]
    # away from the projector, so left of the block
    assert np.isnan(depth[60, :50]).sum() > 5
    assert not np.isnan(depth[60, 130:]).any()
    assert np.isnan(readings(1.0, spec=replace(KINECT, far_m=0.9))[0]).all()
    assert np.isnan(readings(1.0, 60, spec=replace(KINECT, max_angle_rad=0.8))[0]).all()


def test_nothing_in_view_gives_no_reading():
    assert np.isnan(readings(1.0, fixtures=[board(T=translation([20.0, 0, 0]))])[0]).all()


def test_the_same_seed_gives_the_same_bits():
    assert np.array_equal(readings(1.0, seed=3)[0], readings(1.0, seed=3)[0], equal_nan=True)
    assert not np.array_equal(readings(1.0, seed=3)[0], readings(1.0, seed=4)[0], equal_nan=True)
