"""Polarity odds: right on pictures of the drawing, and no surer than they are right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellpick.perception.polarity import (
    CAP_WINDOW,
    capped,
    linear,
    log_odds,
)
from cellpick.perception.rectify import View
from cellpick.perception.verify import probability_of
from cellpick.perception.windows import polarity_windows
from cellpick.scene import data_folder, load_cell, load_materials

CELLS = ("prismatic_148x26x91", "prismatic_173x45x125", "cylindrical_21700", "cylindrical_4680")


def windows(name):
    models = data_folder("models")
    cell = load_cell(models / "cells" / f"{name}.yaml")
    materials = load_materials(models / "materials.yaml")
    return polarity_windows(cell, materials, "+z", cell.shape == "cylinder")


def pictured(win, which, n, rng, noise, spread=0.25):
    """A view of n cells under hypothesis `which`: every material's brightness off by a draw of
    its own (metals more, as they glint), and noise of every pixel."""
    side = win.expected[which]
    off = rng.normal(0, spread * (1 + side.metallic), (n, len(side.window)))
    tone = np.log(side.palette + 0.01)[None] + off[..., None]
    light = np.einsum("mg,ngc->nmc", win.atom @ side.of_atom, tone)
    light += rng.normal(0, noise, (n, len(win.xy), 1))
    srgb = np.clip(0.5 * np.exp(light), 0, 0.9)
    bent = np.where(srgb < 0.0031308, 12.92 * srgb, 1.055 * srgb ** (1 / 2.4) - 0.055)
    return View(np.moveaxis(np.rint(255 * bent).astype(np.uint8), -1, 0), everywhere(n, win))


def everywhere(n, win):
    return np.ones((n, len(win.xy)), np.bool_)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("which", [0, 1])
def test_clear_pictures_of_a_polarity_speak_for_it(name, which):
    win, rng = windows(name), np.random.default_rng(3)
    odds = log_odds([pictured(win, which, 12, rng, 0.03) for _ in range(4)], win)
    sign = 1 if which == 0 else -1
    assert (probability_of(sign * odds) > 0.99).all()


@pytest.mark.parametrize("name", CELLS)
def test_without_pictures_or_light_polarity_is_open(name):
    win = windows(name)
    seen = everywhere(3, win)
    grey = np.broadcast_to(
        np.arange(seen.size, dtype=np.uint8).reshape(seen.shape), (3, *seen.shape)
    )
    black, white = np.zeros_like(grey), np.full_like(grey, 255)
    for view in (View(black, seen), View(white, seen), View(grey, ~seen)):
        np.testing.assert_allclose(log_odds([view] * 4, win), 0, atol=1e-9)


@pytest.mark.parametrize("name", CELLS)
def test_exchanging_the_hypotheses_exchanges_the_odds(name):
    win, rng = windows(name), np.random.default_rng(5)
    views = [pictured(win, 0, 6, rng, 0.3) for _ in range(3)]
    swapped = replace(win, expected=win.expected[::-1])
    np.testing.assert_allclose(log_odds(views, win), -log_odds(views, swapped), atol=1e-9)


def test_probabilities_are_no_surer_than_they_are_right():
    rng, rows = np.random.default_rng(11), []
    for name in CELLS[:1]:
        win = windows(name)
        for noise in (0.2, 0.5, 1.0, 2.0):
            for which in (0, 1):
                for cameras in (1, 2, 4):
                    views = [pictured(win, which, 25, rng, noise) for _ in range(cameras)]
                    odds = log_odds(views, win) * (1 if which == 0 else -1)
                    rows.append(np.stack([probability_of(np.abs(odds)), odds > 0]))
    predicted, right = np.concatenate(rows, axis=1)
    for low, high in ((0.6, 0.9), (0.9, 0.99), (0.99, 1.01)):
        chosen = (predicted >= low) & (predicted < high)
        if chosen.sum() > 30:
            slack = 2 * np.sqrt(0.25 / chosen.sum())
            assert right[chosen].mean() > predicted[chosen].mean() - slack
    sure = predicted > 0.99
    assert sure.sum() > 150
    assert right[sure].mean() > 0.99


@given(st.floats(-60, 60), st.floats(0.7, 20), st.floats(0.7, 20))
def test_capped_odds_keep_their_order_and_their_bounds(nats, upper, lower):
    out = float(capped(np.array(nats), upper, lower))
    assert -lower - 1e-9 <= out <= upper + 1e-9
    assert float(capped(np.array(nats + 1), upper, lower)) >= out
    assert float(capped(np.array(0.0), upper, upper)) == pytest.approx(0, abs=1e-12)


def test_linear_light_is_srgb_decoded():
    np.testing.assert_allclose(
        linear(np.array([0.0, 0.04045, 0.5, 1.0], np.float32)),
        [0, 0.0031308, 0.21404, 1.0],
        rtol=1e-3,
    )


def test_one_window_never_says_more_than_its_cap():
    win, rng = windows("cylindrical_21700"), np.random.default_rng(0)
    assert win.count == 1
    odds = log_odds([pictured(win, 0, 5, rng, 0.01) for _ in range(6)], win)
    assert (odds <= CAP_WINDOW + 1e-9).all()
