"""Brushed metal: its lobe keeps its energy and is drawn out across the brush."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sensors_stage import MATERIALS, camera, linear, look, state_of
from sensors_stage import board as board_of

from cellpick.geometry import pose, rotation_z
from cellpick.scene import Light
from cellpick.sensors.shading import Palette, brushed, lobe
from cellpick.structures import Material


def palette(anisotropy, roughness=0.4):
    return Palette.of([Material("m", np.ones(3), 1.0, roughness, True, anisotropy)])


def test_without_a_brush_the_lobe_is_the_round_one():
    p = palette(0.0)
    along = np.linspace(0, 1, 7, dtype=np.float32)
    wide, height = brushed(np.full(7, p.alpha[0]), np.repeat(p.widths, 7, axis=0), along)
    assert wide == pytest.approx(np.full(7, p.alpha[0]), rel=1e-5)
    assert height == pytest.approx(np.ones(7), rel=1e-5)


@pytest.mark.parametrize("anisotropy", [0.0, 0.4, 0.7, 0.9])
def test_the_distribution_of_facets_covers_the_surface_once(anisotropy):
    p = palette(anisotropy, roughness=0.5)
    n = 600
    fine = (np.arange(n) + 0.5) / n  # most of the facets face almost upwards
    turn = (np.arange(n) + 0.5) / n * 2 * np.pi
    c, t = (g.ravel().astype(np.float32) for g in np.meshgrid(1 - fine**2, turn))
    widths = np.repeat(p.widths, len(c), axis=0)
    wide, height = brushed(np.full(len(c), p.alpha[0]), widths, np.cos(t) ** 2)
    # seen and lit square on, lobe is pi D / 4
    one = np.ones(len(c), dtype=np.float32)
    facets = 4 / np.pi * height * lobe(c, one, one, wide)
    assert (facets * c * 2 * np.sqrt(1 - c)).mean() * 2 * np.pi == pytest.approx(1.0, rel=2e-3)


def test_the_widths_keep_the_mean_square_of_the_roughness():
    p = palette(0.7)
    assert (p.widths**2).mean() == pytest.approx(0.4**4, rel=1e-5)
    assert p.widths[0, 0] == pytest.approx(0.3 * p.widths[0, 1], rel=1e-5)


@pytest.mark.parametrize("turned", [False, True])
def test_a_highlight_is_drawn_out_across_the_brush(turned):
    metal = replace(MATERIALS["aluminium_brushed"], anisotropy=0.9, roughness=0.35)
    spec = camera(size=(160, 160), focal_px=150.0, depth=None)
    spec = replace(spec, imager=replace(spec.imager, white_level=40.0, blur_px=0.0))
    if turned:
        T = spec.T_mount_camera @ pose(rotation_z(np.pi / 2), np.zeros(3))
        spec = replace(spec, T_mount_camera=T)
    state = state_of(
        [spec],
        [board_of("brushed")],
        lights=(Light(np.array([0.0, 0.0, 1.2]), 0.03, 0.6),),
        ambient=0.0,
        materials=MATERIALS | {"brushed": metal},
    )
    shine = linear(look(state).captures[0].image)[..., 1]
    bright = np.argwhere(shine > 0.5 * shine.max())
    along_v, along_u = bright.std(axis=0)
    longer, shorter = (along_u, along_v) if turned else (along_v, along_u)
    assert longer > 2 * shorter
