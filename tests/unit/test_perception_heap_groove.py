"""The groove near one end of a cell's side tells which way it lies, in pictures alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from heap_stage import CELL, RADIUS, heap_look, hit, lying

from cellpick.geometry import invert, pixel_grid, rays
from cellpick.perception.heap.groove import groove_odds
from cellpick.perception.heap.zbuffer import cylinder_points, zbuffer
from cellpick.structures import Groove

FLIP = np.diag([1.0, -1.0, -1.0, 1.0])
PAIR = np.stack([lying(-0.06, -0.04, yaw=0.3), lying(0.05, 0.04, yaw=2.4)])
SUN = np.array([0.5, 0.3, 0.8])
DOUBT = np.full(2, 2e-4)


def lit_look(Ts, *, groove=CELL.groove, sun=SUN, dim=1.0, drawn=True):
    """A look in which the light of a far lamp falls on matt sides, bent by the groove."""
    look = heap_look(Ts)
    captures = []
    for capture in look.captures:
        belief = capture.calibration
        grid = pixel_grid(belief.width_px, belief.height_px).reshape(-1, 2)
        T = capture.T_base_camera
        ray = rays(grid, belief.K, belief.distortion) @ T[:3, :3].T
        image = capture.image.reshape(-1, 3).astype(float)
        for T_cell in Ts:
            t, q = hit(invert(T_cell), T[:3, 3], ray, RADIUS, CELL.height_m / 2)
            side = np.isfinite(t) & (np.abs(q[:, 2]) < CELL.height_m / 2 - CELL.rim_radius_m)
            end = 1 if groove is None or groove.face == "+z" else -1
            up = np.zeros(side.sum())
            if groove is not None and drawn:
                away = end * q[side, 2] - CELL.height_m / 2 + groove.offset_m
                up = end * groove.inset(away)[1]
            normal = np.column_stack([q[side, :2] / RADIUS, up])
            normal /= np.linalg.norm(normal, axis=1)[:, None]
            shade = np.clip(normal @ (T_cell[:3, :3].T @ sun), 0, None) + 0.3
            image[side] = (40, 70, 160) * np.sqrt(shade * dim)[:, None]
        picture = np.clip(image, 0, 255).astype(np.uint8).reshape(capture.image.shape)
        captures.append(dataclasses.replace(capture, image=picture))
    task = dataclasses.replace(look.task, cell=dataclasses.replace(CELL, groove=groove))
    return dataclasses.replace(look, captures=tuple(captures), task=task)


def odds(look, Ts, doubt=DOUBT):
    body = cylinder_points(2 * RADIUS, CELL.height_m)
    none = np.zeros((0, 3), np.float32)
    before = [zbuffer(c, np.eye(4), Ts, body, none) for c in look.captures]
    return groove_odds(look, Ts, doubt[: len(Ts)], before)


@pytest.mark.parametrize("face", ["+z", "-z"])
@pytest.mark.parametrize("sun", [SUN, SUN * [-1, 1, 1]])
def test_the_groove_tells_the_ends_apart_under_any_light(face, sun):
    look = lit_look(PAIR, groove=dataclasses.replace(CELL.groove, face=face), sun=sun)
    right = odds(look, PAIR)
    assert (right > 5).all()
    np.testing.assert_allclose(odds(look, PAIR @ FLIP), -right, atol=1e-6)


def test_what_no_picture_shows_says_nothing_of_either_end():
    assert (np.abs(odds(lit_look(PAIR, drawn=False), PAIR)) < 1).all()


def test_a_model_without_a_groove_has_no_say():
    assert (odds(lit_look(PAIR, groove=None), PAIR) == 0).all()
    assert odds(lit_look(PAIR), PAIR[:0]).shape == (0,)


def test_a_place_that_is_off_along_the_axis_is_not_turned_round():
    look = lit_look(PAIR)
    for shift in (-0.0009, 0.0009, 0.003):
        Ts = PAIR.copy()
        Ts[:, :3, 3] += shift * Ts[:, :3, 2]
        assert (odds(look, Ts, np.full(2, max(abs(shift), 2e-4))) > -1).all()


def test_the_dark_says_less():
    assert (np.abs(odds(lit_look(PAIR, dim=1e-4), PAIR)) < 1).all()


def test_the_inset_is_as_deep_as_stated_and_its_slope_is_its_derivative():
    groove = Groove("+z", 0.0035, 0.0024, 0.0007)
    t = np.linspace(-0.002, 0.002, 4001)
    depth, slope = groove.inset(t)
    assert depth.max() == pytest.approx(groove.depth_m, rel=1e-6)
    assert (depth[np.abs(t) > groove.width_m / 2] == 0).all()
    assert np.abs(np.gradient(depth, t) - slope).max() < 0.01
