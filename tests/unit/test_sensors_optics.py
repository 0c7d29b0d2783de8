"""Whole looks through real optics: what the lens, the sensor and the brackets do to an edge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sensors_stage import DEPTH, IMAGER, board, camera, linear, look, state_of

from cellpick.geometry import translation

SHARP = replace(IMAGER, full_well_e=1e9, read_noise_e=0.0, blur_px=0.0, white_level=2.0)
FOCAL_PX, PITCH_M = 1000.0, 5e-6


def picture(imager, height_m=0.6, size=(160, 61), depth=None):
    """White left of x = 0 and black right of it, under a sky alone, in shares of white."""
    white = board("white", size_m=(1, 1, 0.01), T=translation([-0.5, 0, 0]))
    black = board("black", size_m=(1, 1, 0.01), T=translation([0.5, 0, 0]))
    spec = camera(size=size, focal_px=FOCAL_PX, height_m=height_m, depth=depth, imager=imager)
    return look(state_of([spec], [white, black], lights=(), ambient=1.0)).captures[0]


def spread(image):
    """Variance of the edge's slope along the rows, in px^2."""
    slope = -np.diff(linear(image[10:-10, :, 1]).mean(axis=0))
    at = np.arange(len(slope))
    slope = np.where(np.abs(at - slope.argmax()) < 30, slope, 0)
    slope /= slope.sum()
    return (slope * (at - (slope * at).sum()) ** 2).sum()


@pytest.mark.parametrize(
    ("z_m", "focus_m", "f_number"),
    [(0.6, 0.4, 2.0), (0.6, 1.2, 2.0), (0.6, 0.3, 4.0), (0.8, 0.6, 1.0), (0.5, 0.6, 1.0)],
)
def test_an_edge_out_of_focus_spreads_as_the_thin_lens_says(z_m, focus_m, f_number):
    optics = replace(SHARP, pixel_pitch_m=PITCH_M, f_number=f_number)
    focal_m = FOCAL_PX * PITCH_M
    at_sensor = focal_m**2 * abs(z_m - focus_m) / (f_number * z_m * (focus_m - focal_m))
    wide = spread(picture(replace(optics, focus_m=focus_m), height_m=z_m).image)
    sharp = spread(picture(replace(optics, focus_m=z_m), height_m=z_m).image)
    assert wide - sharp == pytest.approx((at_sensor / PITCH_M) ** 2 / 16, rel=0.06, abs=0.02)


def test_in_focus_a_lens_that_can_be_out_of_focus_changes_nothing():
    plain = picture(SHARP).image
    focused = picture(replace(SHARP, pixel_pitch_m=PITCH_M, focus_m=0.6)).image
    assert np.array_equal(plain, focused)


def test_depth_does_not_depend_on_what_the_picture_goes_through():
    plain = picture(SHARP, depth=DEPTH).depth
    dim = picture(replace(SHARP, vignetting=0.5, gain=2.0, focus_m=0.3), depth=DEPTH).depth
    assert np.array_equal(plain, dim, equal_nan=True)


def test_corners_are_darker_in_a_look_by_the_stated_share():
    even, dim = (
        linear(picture(replace(SHARP, vignetting=share), size=(160, 121)).image[..., 1])
        for share in (0.0, 0.4)
    )
    assert dim[:3, :3].mean() / even[:3, :3].mean() == pytest.approx(0.6, abs=0.02)
    assert dim[57:64, 70:76].mean() / even[57:64, 70:76].mean() == pytest.approx(1, abs=0.01)


def test_brackets_show_what_one_exposure_burns_out():
    dazzled = replace(SHARP, white_level=0.2)
    once = picture(dazzled).image
    bracketed = picture(replace(dazzled, brackets=(0.1, 1.0))).image
    assert (once[:, :60] == 255).all()
    assert (bracketed[:, :60] < 250).all()
    assert np.ptp(bracketed[20:40, 100:140].astype(int) - once[20:40, 100:140]) <= 4
