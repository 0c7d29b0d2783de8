"""The bench itself: an ideal camera must find every target where and as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from metrology_stage import ideal, lab, shipped

from cellpick.errors import InputError
from cellpick.metrology.lab import camera_pose, window
from cellpick.metrology.planes import fit_plane, flatness
from cellpick.metrology.plate import dithered_noise, planarity, plate_noise, point_spacing
from cellpick.metrology.solids import ball_lengths, missing_share, step_edge
from cellpick.metrology.targets import STATIONS_M, balls, station_m
from cellpick.metrology.views import cloud, directions, middle

ROUNDING_M = 1e-6
"""Of float32 at a distance of a few metres."""


@pytest.mark.parametrize("target", sorted(STATIONS_M))
@pytest.mark.parametrize("angle_deg", [0, 35, 60])
def test_the_axis_hits_the_target_at_the_distance_and_angle(target, angle_deg):
    place = np.array([0.02, -0.01, 0.03])
    T = camera_pose(target, 0.7, np.radians(angle_deg), place)
    np.testing.assert_allclose((T @ [0, 0, 0.7, 1])[:3], station_m(target) + place, atol=1e-12)
    np.testing.assert_allclose(T[:3, :3] @ T[:3, :3].T, np.eye(3), atol=1e-12)
    assert np.linalg.det(T[:3, :3]) == pytest.approx(1)
    assert -T[2, 2] == pytest.approx(np.cos(np.radians(angle_deg)))
    # the image's upright axis is the one that the plate turns about
    np.testing.assert_allclose(T[:3, 1], [0, -1, 0], atol=1e-12)


def test_there_is_no_other_target():
    with pytest.raises(InputError, match=r"no such target; got 'ball'; accepted: plate, alumin"):
        station_m("ball")


@pytest.mark.parametrize("size", [(100, 60), (101, 61), (7, 5)])
def test_a_window_sees_what_the_whole_image_sees_there(size):
    whole = shipped()
    part = window(whole, *size)
    left, top = (whole.width_px - size[0]) // 2, (whole.height_px - size[1]) // 2
    seen = directions(whole)[top : top + size[1], left : left + size[0]]
    np.testing.assert_allclose(directions(part), seen, atol=1e-12)


def test_a_window_is_at_most_the_whole_image():
    whole = shipped()
    part = window(whole, 10**6, 10**6)
    assert (part.width_px, part.height_px) == (whole.width_px, whole.height_px)
    assert (part.K == whole.K).all()


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (200, 96)])
def test_the_middle_of_an_image_lies_in_it(size):
    model = window(shipped(), *size)
    rows, columns = middle(model, 80, 32)
    assert 0 <= rows.start <= rows.stop <= model.height_px
    assert 0 <= columns.start <= columns.stop <= model.width_px


@pytest.mark.parametrize("angle_deg", [0, 20, 60])
def test_an_ideal_camera_sees_the_plate_where_it_stands(angle_deg):
    model, angle = ideal(), np.radians(angle_deg)
    depth = lab(model).depths(1, "plate", 0.6, angle)[0]
    plane = fit_plane(cloud(model, depth).reshape(-1, 3))
    assert -plane.offset == pytest.approx(0.6 * np.cos(angle), abs=ROUNDING_M)
    assert -plane.normal[2] == pytest.approx(np.cos(angle), abs=1e-5)
    assert flatness(cloud(model, depth).reshape(-1, 3)) < 4 * ROUNDING_M


def test_an_ideal_camera_has_no_noise_no_holes_and_no_warp():
    device = lab(ideal())
    seen = plate_noise(device, 0.6, np.radians(30), 2)
    assert seen.temporal_m == 0
    assert seen.spatial_m < ROUNDING_M
    assert seen.missing == 0
    assert max(planarity(device, 0.6, 2)) < 4 * ROUNDING_M
    assert missing_share(device, "aluminium", 0.6, np.radians(60)) == 0


def test_an_ideal_camera_measures_balls_and_step_as_they_are():
    device = lab(ideal(400, 96), solids=balls(0.2, 0.04))
    found = ball_lengths(device, 0.6, 0.2, 0.04)
    np.testing.assert_allclose(found.lengths_m, [np.hypot(0.1, 0.04)] * 2 + [0.2])
    # what is left is the polyhedron that stands for a ball
    assert np.abs(found.errors).max() < 2e-4
    edge = step_edge(device, 0.6, 1, 0.0)
    assert edge.flying == 0
    assert edge.lateral_px < 0.1


def test_balls_outside_the_image_have_no_lengths():
    found = ball_lengths(lab(ideal(), solids=balls(2.0, 0.04)), 0.6, 2.0, 0.04)
    assert np.isnan(found.errors).all()


@pytest.mark.parametrize("distance_m", [0.4, 0.8])
def test_the_point_spacing_is_the_distance_over_the_focal_length(distance_m):
    model = ideal()
    depth = lab(model).depths(1, "plate", distance_m)[0]
    spacing = distance_m / model.K[0, 0]
    assert point_spacing(model, depth) == pytest.approx(spacing, rel=1e-5)


def test_a_blind_camera_has_no_figures_and_raises_nothing():
    far = ideal()
    device = lab(replace(far, depth=replace(far.depth, near_m=4.0)))
    seen = plate_noise(device, 0.6, 0.0, 2)
    assert seen.missing == 1
    assert np.isnan([seen.temporal_m, seen.spatial_m, *planarity(device, 0.6, 2)]).all()
    assert np.isnan(step_edge(device, 0.6, 2, 0.0)).all()
    assert np.isnan(point_spacing(device.model, device.depths(1, "plate", 0.6)[0]))


def test_a_structured_light_camera_has_the_noise_that_it_was_given():
    model = window(shipped(), 120, 96)
    spec = replace(model.depth, quantum_m=0.0)
    device = lab(replace(model, depth=spec))
    seen = plate_noise(device, spec.reference_m, 0.0, 12)
    assert seen.temporal_m == pytest.approx(spec.sigma_m, rel=0.04)
    assert seen.spatial_m > seen.temporal_m * 0.97


def test_dithering_spreads_over_the_width_and_pools_the_noise(monkeypatch):
    device = lab(ideal())
    asked = []
    shoot = device.depths

    def depths(times, target, distance_m, angle_rad=0.0, **at):
        asked.append(distance_m)
        rng = np.random.default_rng(len(asked))
        seen = shoot(times, target, distance_m, angle_rad, **at)
        return seen + 1e-4 * len(asked) * rng.standard_normal(seen.shape)

    monkeypatch.setattr(device, "depths", depths)
    seen = dithered_noise(device, 0.6, 0.0, 4, 3, 0.03)
    np.testing.assert_allclose(asked, [0.59, 0.6, 0.61])
    assert seen.distance_m == 0.6
    assert seen.temporal_m == pytest.approx(1e-4 * np.sqrt((1 + 4 + 9) / 3), rel=0.03)
    assert seen.spatial_doubt_m > 0
