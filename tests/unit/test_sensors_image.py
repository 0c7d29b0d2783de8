"""Images against closed forms: light, shadow, noise, edges, codes, seams."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import zxingcpp
from scipy.special import erf, ndtri
from sensors_stage import CEILING, IMAGER, board, camera, linear, look, state_of

from cellpick.geometry import exp_rotation, pose, rotation_z, translation
from cellpick.scene import Light
from cellpick.sensors.imager import expose
from cellpick.structures import Solid

QUIET = replace(IMAGER, full_well_e=1e9, read_noise_e=0.0, blur_px=0.0)


def image_of(fixtures, lights=CEILING, ambient=0.3, imager=QUIET, **changes):
    """Radiance (h, w) of the green channel as an almost noiseless camera sees it."""
    spec = camera(depth=None, imager=imager, **changes)
    state = state_of([spec], fixtures, lights=lights, ambient=ambient)
    return linear(look(state).captures[0].image[..., 1]) * imager.white_level


def test_a_white_board_below_a_lamp_has_the_lamps_strength():
    shine = image_of([board("white")], ambient=0.0)
    # 0.04 of specular reflection comes on top of the matt part
    assert shine[60, 80] == pytest.approx(0.6, rel=0.04)


def test_light_falls_with_the_fourth_power_of_the_cosine():
    lamp = (Light(np.array([0.0, 0.0, 0.9]), 0.02, 0.6),)
    shine = image_of([board("white")], lights=lamp, ambient=0.0)
    x = (np.arange(160) - 79.5) / 200 * 0.6
    cosine = 0.9 / np.hypot(0.9, x)
    y_offset = (60 - 59.5) / 200 * 0.6
    assert abs(y_offset) < 0.01
    ratio = shine[60] / cosine**4
    assert ratio / ratio.mean() == pytest.approx(1, abs=0.03)


def test_the_surroundings_alone_give_the_ambient_radiance():
    shine = image_of([board("white")], lights=(), ambient=0.5)
    assert shine == pytest.approx(np.full((120, 160), 0.5), rel=0.08)


def test_radiance_scales_with_albedo():
    black = image_of([board("black")], ambient=0.3)
    grey = image_of([board("grey")], ambient=0.3)
    white = image_of([board("white")], ambient=0.3)
    # what a black board still sends is the reflection at its surface
    share = (grey - black)[60, 80] / (white - black)[60, 80]
    assert share == pytest.approx(0.35, abs=0.02)


def test_a_shadow_has_a_dark_core_and_soft_borders_of_the_right_width():
    lamp = (Light(np.array([0.0, 0.0, 1.0]), 0.1, 0.6),)
    # the camera looks below a sheet at half the lamp's height
    sheet = Solid("sheet", "box", [1, 1, 0.001], translation([-0.5, 0, 0.5]), "black")
    shine = image_of([board("white"), sheet], lights=lamp, ambient=0.0, height_m=0.4)
    row = shine[60] / shine[60].max()
    assert row[0] < 0.01
    assert row[-1] > 0.9
    x = (np.arange(160) - 79.5) / 200 * 0.4
    # similar triangles: the disc of radius 0.1 gives a penumbra from -0.1 to 0.1
    assert x[np.argmax(row > 0.52)] == pytest.approx(0, abs=0.015)
    assert x[np.argmax(row > 0.02)] == pytest.approx(-0.09, abs=0.02)
    assert (np.diff(row) > -0.03).all()


def test_a_deep_gap_is_darker_than_open_ground():
    walls = [
        Solid(f"wall{s}", "box", [0.2, 0.5, 0.1], translation([s * 0.105, 0, 0.05]), "white")
        for s in (-1, 1)
    ]
    shine = image_of([board("white"), *walls], lights=(), ambient=0.5, focal_px=600.0)
    open_ground = image_of([board("white")], lights=(), ambient=0.5)
    assert shine[60, 80] < 0.4 * open_ground[60, 80]


def test_metal_glints_where_it_mirrors_the_lamp():
    lamp = (Light(np.array([0.3, 0.0, 0.6]), 0.01, 0.3),)
    imager = replace(QUIET, white_level=20.0)
    shine = image_of([board("aluminium")], lights=lamp, ambient=0.1, imager=imager)
    row, column = np.argwhere(shine > 0.5 * shine.max()).mean(axis=0)
    # camera and lamp are equally high: the glint is half way
    assert column == pytest.approx(79.5 + 200 * 0.15 / 0.6, abs=3)
    assert row == pytest.approx(59.5, abs=3)
    assert shine.max() > 10 * np.median(shine)


@pytest.mark.parametrize("level", [0.05, 0.3, 0.8])
def test_image_noise_follows_the_shot_noise_law(level):
    spec = replace(IMAGER, full_well_e=1000.0, read_noise_e=8.0, blur_px=0.0, white_level=1.0)
    radiance = np.full((200, 200, 3), level, dtype=np.float32)
    image = expose(radiance, spec, np.random.default_rng(0))
    value = linear(image) * spec.full_well_e
    step = (linear(image + np.uint8(1)) - linear(image)).mean() * spec.full_well_e
    electrons = level * spec.full_well_e
    assert value.mean() == pytest.approx(electrons, rel=0.01)
    assert value.var() == pytest.approx(electrons + 8.0**2 + step**2 / 12, rel=0.04)


def test_saturation_is_white_and_darkness_black():
    radiance = np.zeros((20, 40, 3), dtype=np.float32)
    radiance[:, 20:] = 5.0
    spec = replace(IMAGER, blur_px=0.0, read_noise_e=0.0)
    image = expose(radiance, spec, np.random.default_rng(0))
    assert (image[:, :20] == 0).all()
    assert (image[:, 20:] == 255).all()


def edge_errors(angle_deg, focal_px=400.0):
    """Errors in pixels, a row each, of a board's slanted edge at half way between the levels."""
    imager = replace(QUIET, blur_px=0.7)
    turn = rotation_z(np.radians(angle_deg))
    # the camera sees neither wall nor shadow of a sheet whose edge is right of it
    sheet = Solid("sheet", "box", [1, 2, 0.01], pose(turn, turn @ [-0.45, 0, 0.295]), "white")
    ground = board("black", T=translation([0, 0, -3]))
    shine = image_of([ground, sheet], imager=imager, focal_px=focal_px)
    rows = np.arange(20, 100)
    low, high = np.median(shine[rows, 155:]), np.median(shine[rows, 40:70])
    share = (shine[rows] - low) / (high - low)
    first = np.argmax(share < 0.5, axis=1)
    # of a step blurred by a Gaussian, each grey value tells the distance from the edge
    near = first[:, None] + np.array([-1, 0])
    value = np.take_along_axis(share, near, axis=1)
    found = (near + 0.7 * ndtri(np.clip(value, 0.01, 0.99))).mean(axis=1)
    # the edge x cos + y sin = 0.05 of the sheet's top at 0.3 m below the camera; v points to -y
    y = -(rows - 59.5) / focal_px * 0.3
    angle = np.radians(angle_deg)
    x = (0.05 - y * np.sin(angle)) / np.cos(angle)
    return found - (79.5 + focal_px * x / 0.3)


@pytest.mark.parametrize("angle_deg", [0.0, 1.0, 3.0, 6.0, 12.0])
def test_sub_pixel_edges_are_where_they_should_be(angle_deg):
    errors = edge_errors(angle_deg)
    assert np.sqrt((errors**2).mean()) < 0.06
    assert np.quantile(np.abs(errors), 0.95) < 0.1
    assert abs(errors.mean()) < 0.06


def test_lens_blur_has_the_stated_width():
    imager = replace(QUIET, blur_px=1.5)
    sheet = Solid("sheet", "box", [1, 2, 0.01], translation([-0.45, 0, 0.295]), "white")
    ground = board("black", T=translation([0, 0, -3]))
    shine = image_of([ground, sheet], imager=imager, focal_px=400.0)[60]
    columns = np.arange(160)
    edge = 79.5 + 400 * 0.05 / 0.3
    expected = 0.5 * (1 - erf((columns - edge) / (1.5 * np.sqrt(2))))
    near = np.abs(columns - edge) < 5
    assert (shine / np.median(shine[:100]))[near] == pytest.approx(expected[near], abs=0.03)


def standing(x=0.0, y=0.0, yaw=0.0, tilt=(0.0, 0.0)):
    """A cell whose top is at z = 0.1."""
    turn = rotation_z(yaw) @ exp_rotation([*tilt, 0.0])
    return pose(turn, [x, y, 0.1 - 0.0455])


def close_up(**changes):
    """The window of a 1600 x 1200 camera of 45 degrees, 0.6 m above the tops."""
    return camera(depth=None, size=(480, 120), focal_px=1931.0, height_m=0.7, **changes)


@pytest.mark.parametrize("yaw_deg", [4, 184])
def test_the_code_on_a_cell_is_readable_at_the_usual_distance(yaw_deg):
    cell = standing(yaw=np.radians(yaw_deg), tilt=(0.01, -0.01))
    state = state_of([close_up()], [board("tray_plastic")], [cell])
    found = zxingcpp.read_barcodes(look(state).captures[0].image)
    assert [code.text for code in found] == ["S00000"]


def test_flush_neighbours_without_a_gap_show_a_seam():
    cells = [standing(y=-0.01325), standing(y=0.01325)]
    state = state_of([close_up()], [board("tray_plastic")], cells)
    image = linear(look(state).captures[0].image[..., 1])
    # between vent and code there is nothing but the lid
    profile = image[:, 285:300].mean(axis=1)
    lid = np.median(profile[30:90])
    seam = profile[56:64]
    assert np.ptp(seam) > 0.1 * lid


def test_the_marks_and_terminals_of_a_cell_are_where_its_drawing_has_them():
    state = state_of([close_up(imager=QUIET)], [board("tray_plastic")], [standing()])
    image = linear(look(state).captures[0].image[..., 1])
    scale = 1931.0 / 0.6
    row, column = round(59.5), np.round(239.5 + scale * np.array([0.0345, 0.027])).astype(int)
    assert image[row, column[0]] < 0.3 * image[row, column[1]]
    # the minus sign is 8 mm long and 2 mm wide
    dark = image[20:100, 105:146] < 0.3 * image[row, column[1]]
    rows, columns = np.nonzero(dark)
    middle = np.abs(rows - (59.5 - 20)) < 12
    rows, columns = rows[middle], columns[middle]
    assert np.ptp(columns) + 1 == pytest.approx(scale * 0.008, abs=2)
    assert np.ptp(rows) + 1 == pytest.approx(scale * 0.002, abs=2)
