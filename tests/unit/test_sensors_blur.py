"""Defocus and motion blur against thin-lens optics and projective geometry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sensors_stage import IMAGER, camera

from cellpick.geometry import exp_rotation, project
from cellpick.sensors.defocus import SHARP_PX, circles, defocus
from cellpick.sensors.lens import Lens
from cellpick.sensors.motion_blur import STILL_PX, flow, smear

FOCUSED = replace(IMAGER, f_number=2.0, focus_m=0.6, pixel_pitch_m=3e-6)


def impulse(size=81):
    picture = np.zeros((size, size, 3), dtype=np.float32)
    picture[size // 2, size // 2] = 1
    return picture


def variances(picture):
    """Of a spot's light along rows and columns, in px^2."""
    light = picture[..., 0].astype(float)
    at = np.arange(len(light))
    result = []
    for axis in (0, 1):
        profile = light.sum(axis=axis) / light.sum()
        mean = (profile * at).sum()
        result.append((profile * (at - mean) ** 2).sum())
    return result


@pytest.mark.parametrize("focus_m", [0.3, 0.6, 2.0])
def test_circles_are_the_thin_lens_equations(focus_m):
    spec = camera(focal_px=5000.0, imager=replace(FOCUSED, focus_m=focus_m))
    f = 5000.0 * 3e-6
    z = np.array([[0.2, 0.31, focus_m, 0.9, 5.0]])

    def behind(distance):
        return 1 / (1 / f - 1 / distance)

    # a cone of light from the aperture to its image, cut by the sensor
    on_sensor = f / 2.0 * np.abs(behind(z) - behind(focus_m)) / behind(z)
    found = circles(z.astype(np.float32), spec)
    assert np.abs(found) == pytest.approx(on_sensor / 3e-6, rel=1e-4, abs=1e-3)
    assert (np.sign(found) == np.sign(z - focus_m)).all()


def test_nothing_in_view_is_as_blurred_as_the_horizon():
    spec = camera(focal_px=5000.0, imager=FOCUSED)
    far, empty = circles(np.array([[1e5, np.inf]], np.float32), spec)[0]
    assert empty == pytest.approx(far, rel=1e-4)


@pytest.mark.parametrize("diameter", [0.6, 1.0, 1.3, 2.2, 3.0, 4.1, 7.7, 12.0, 20.0])
@pytest.mark.parametrize("side", [-1, 1])
def test_a_point_spreads_with_the_variance_of_its_disc(diameter, side):
    picture = impulse()
    spread = defocus(picture, np.full((81, 81), side * diameter, dtype=np.float32))
    assert spread.sum() == pytest.approx(picture.sum(), rel=1e-4)
    # a disc's variance along any axis is a sixteenth of its diameter's square
    assert variances(spread) == pytest.approx([diameter**2 / 16] * 2, rel=0.03)


def test_sharp_pictures_are_handed_on_untouched():
    picture = impulse()
    assert defocus(picture, np.full((81, 81), 0.9 * SHARP_PX, dtype=np.float32)) is picture
    assert smear(picture, np.full((81, 81, 2), 0.5 * STILL_PX, dtype=np.float32)) is picture


def two_sides(near, far, size=(60, 80)):
    """A bright near surface on the left, a dark far one on the right."""
    picture = np.zeros((*size, 3), dtype=np.float32)
    picture[:, :40] = 1.0
    circle = np.full(size, far, dtype=np.float32)
    circle[:, :40] = near
    return picture, circle


def test_a_sharp_near_edge_stays_sharp_before_a_blurred_ground():
    picture, circle = two_sides(near=0.0, far=12.0)
    assert defocus(picture, circle) == pytest.approx(picture, abs=1e-5)


def test_a_blurred_near_edge_lies_over_a_sharp_ground():
    picture, circle = two_sides(near=-12.0, far=0.0)
    row = defocus(picture, circle)[30, :, 0]
    assert row[40] == pytest.approx(0.5, abs=0.06)
    assert (np.diff(row[34:47]) <= 1e-6).all()
    assert row[:31] == pytest.approx(np.ones(31), abs=1e-5)
    assert row[49:] == pytest.approx(np.zeros(31), abs=1e-5)


@pytest.mark.parametrize("size", [(16, 16), (17, 431), (400, 203)])
def test_tiles_of_any_size_leave_no_seams(size):
    rng = np.random.default_rng(0)
    circle = (rng.random(size, dtype=np.float32) * 0 + 6.0) * np.linspace(
        -1, 1, size[1], dtype=np.float32
    )
    out = defocus(np.full((*size, 3), 0.7, dtype=np.float32), circle)
    assert out == pytest.approx(np.full((*size, 3), 0.7), abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_the_flow_is_that_of_projected_points(seed):
    rng = np.random.default_rng(seed)
    spec = camera(size=(67, 45), focal_px=60.0, distortion=np.array([-0.1, 0.03, 1e-3, -2e-3, 0]))
    lens = Lens(spec)
    depth = rng.uniform(0.3, 1.0, (45, 67)).astype(np.float32)
    twist = rng.normal(size=6) * 0.3
    found = flow(lens, depth, twist)
    dt = 1e-4
    p = lens.directions.astype(float) * depth.reshape(-1, 1)
    # the camera goes by exp(twist dt), so that the scene goes back by it
    moved = (p - dt * twist[:3]) @ exp_rotation(dt * twist[3:])
    exact = (project(moved, spec.K, spec.distortion) - project(p, spec.K, spec.distortion)) / dt
    inner = np.s_[2:-2, 2:-2]
    assert found[inner] == pytest.approx(exact.reshape(45, 67, 2)[inner], rel=0.01, abs=0.05)


def test_a_turning_camera_sees_the_horizon_move_and_a_sliding_one_does_not():
    lens = Lens(camera(focal_px=200.0))
    far = np.full((120, 160), np.inf, dtype=np.float32)
    assert flow(lens, far, np.array([1.0, 2, 3, 0, 0, 0])) == pytest.approx(0)
    turned = flow(lens, far, np.array([0, 0, 0, 0, 0.1, 0]))
    assert turned[60, 80, 0] == pytest.approx(-0.1 * 200, rel=1e-3)


@pytest.mark.parametrize("length", [1.0, 2.7, 6.0, 15.5])
def test_a_point_is_drawn_out_to_the_length_of_its_way(length):
    shift = np.zeros((81, 81, 2), dtype=np.float32)
    shift[..., 0] = length
    along, across = variances(smear(impulse(), shift))
    # a box's variance; cubic interpolation adds little
    assert along == pytest.approx(length**2 / 12, rel=0.05, abs=0.03)
    assert across == pytest.approx(0, abs=1e-6)


def test_smearing_keeps_the_light():
    shift = np.full((81, 81, 2), 3.3, dtype=np.float32)
    assert smear(impulse(), shift).sum() == pytest.approx(3, rel=1e-3)
