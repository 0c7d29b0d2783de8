"""Edges in pictures drawn so that every slope and every step is known in closed form."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from perception_core_stage import calibrations

from cellpick.perception.core.edges import EdgeViews
from cellpick.perception.core.search import Steps, slopes, steps_near
from cellpick.perception.core.views import views_of
from cellpick.structures import Capture

SIZE = 60, 40
MIDDLE = np.array([30.0, 20.0])
GREY = np.ones(3)


def views_with(light):
    """One camera whose picture has this light (h, w, 3)."""
    belief = dataclasses.replace(calibrations()[0], width_px=SIZE[0], height_px=SIZE[1])
    blank = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    views = views_of([Capture(belief, blank, None, 0.0, np.eye(4))], np.zeros((1, 3)), 10.0)
    return dataclasses.replace(views, light=(light.astype(np.float32),))


def edges_at(pixels, normals, contrast=0.0, visible=True):
    """Edge points (e, 2) with normals (e, 2), of one cell in one camera."""
    shape = (1, 1, len(pixels))
    none = np.zeros(shape)
    return EdgeViews(
        pixels=np.reshape(pixels, (*shape, 2)).astype(np.float32),
        normals=np.reshape(normals, (*shape, 2)).astype(np.float32),
        derivative=np.zeros((*shape, 6)),
        bow=np.zeros((*shape, 3)),
        scale=np.full(shape, 2000.0),
        visible=np.full(shape, visible),
        sharp=np.ones(shape, bool),
        blur_m=none,
        wander_m=none,
        contrast=np.full(shape, contrast),
        group=np.zeros(shape, int),
        inset_m=none,
        spacing_m=1.5e-3,
    )


def parabolas(*tops, colour=GREY):
    """Light (h, w, 3) by columns whose central differences are parabolas that fall to 0 two pixels
    off their tops (place, height), and their sum where they overlap."""
    u = np.arange(SIZE[0], dtype=float)
    slope = sum(h * np.maximum(1 - ((u - place) / 2) ** 2, 0) for place, h in tops)
    light = np.zeros(SIZE[0])
    # twice the slope at a pixel is what the next one has more than the one before
    for k in range(2, SIZE[0]):
        light[k] = light[k - 2] + 2 * slope[k - 1]
    return light[None, :, None] * np.ones((SIZE[1], 1, 1)) * colour


def found(steps):
    """(k, 2) offsets and strengths of the steps at the first point."""
    at = np.isfinite(steps.offset_px[0, 0, 0])
    return np.stack([steps.offset_px[0, 0, 0][at], steps.strength[0, 0, 0][at]], -1)


@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 2, 2.5, -2.0])
def test_the_slope_along_a_normal_is_the_gradients_part_along_it(angle):
    gradient = np.array([1.5, -0.8])
    v, u = np.mgrid[: SIZE[1], : SIZE[0]]
    light = 50 + (gradient[0] * u + gradient[1] * v)[..., None] * GREY
    normal = np.array([np.cos(angle), np.sin(angle)])
    edges = edges_at([MIDDLE, MIDDLE + 0.3], [normal, normal], contrast=1.0)
    for step_px in (0.5, 1.0, 2.0):
        seen = slopes(edges, views_with(light), 3, np.array([step_px]))
        assert seen.shape == (1, 1, 2, 7)
        # pictures are sampled at 32nds of a pixel
        rounding = np.abs(gradient).sum() / 64 / step_px
        np.testing.assert_allclose(seen, gradient @ normal, atol=rounding)
        np.testing.assert_allclose(seen.mean(), gradient @ normal, atol=0.6 * rounding)
        darker = dataclasses.replace(edges, contrast=-edges.contrast)
        np.testing.assert_array_equal(slopes(darker, views_with(light), 3, [step_px]), -seen)


def test_a_change_of_hue_alone_counts_where_the_sign_is_unknown():
    colour = np.array([1.0, -1.0, 0.0])
    light = 100 + parabolas((30.0, 8.0), colour=colour) - 50 * (colour != 0)
    unknown = slopes(edges_at([MIDDLE], [[1, 0]]), views_with(light), 1, np.ones(1))
    np.testing.assert_allclose(unknown[0, 0, 0, 1], 8.0 * np.sqrt(2 / 3), rtol=1e-5)
    known = slopes(edges_at([MIDDLE], [[1, 0]], contrast=1.0), views_with(light), 1, np.ones(1))
    np.testing.assert_allclose(known, 0, atol=1e-4)


@pytest.mark.parametrize("place", [-1.45, -0.5, -0.2, 0.0, 0.3, 0.49, 2.2])
def test_a_parabolas_top_is_found_to_parts_of_a_pixel(place):
    views = views_with(parabolas((MIDDLE[0] + place, 12.0)))
    for normal in (1.0, -1.0):
        steps = steps_near(edges_at([MIDDLE], [[normal, 0]]), views, np.array([4.0]), 1.0)
        (offset, strength), *others = found(steps)
        assert not others
        assert offset == pytest.approx(normal * place, abs=1e-4)
        # of the nearest sample, not of the top between two
        off = place - np.rint(place)
        assert strength == pytest.approx(12.0 * (1 - (off / 2) ** 2), rel=1e-4)


def test_faint_far_and_hidden_steps_are_none():
    views = views_with(parabolas((MIDDLE[0] - 4, 5.0), (MIDDLE[0] + 4, 9.0)))
    edges = edges_at([MIDDLE], [[1, 0]])
    np.testing.assert_allclose(found(steps_near(edges, views, np.array([6.0]), 1.0)), TWO)
    np.testing.assert_allclose(found(steps_near(edges, views, np.array([6.0]), 6.0)), TWO[1:])
    assert not len(found(steps_near(edges, views, np.array([2.0]), 1.0)))
    hidden = edges_at([MIDDLE], [[1, 0]], visible=False)
    assert not len(found(steps_near(hidden, views, np.array([6.0]), 1.0)))


TWO = np.array([[-4.0, 5.0], [4.0, 9.0]])


def steps_of(rows):
    """Steps (offset, strength) at one point."""
    offset, strength = np.array(rows, np.float32).reshape(-1, 2).T
    return Steps(offset[None, None, None], strength[None, None, None], np.zeros((1, 1, 1), bool))


def nearest(steps, expected, window):
    read = steps.nearest(np.full((1, 1, 1), expected, np.float32), np.array([window]))
    return read.found.item(), read.offset_px.item(), read.strength.item()


def test_the_nearest_step_that_is_half_as_steep_as_the_steepest_in_the_window():
    steps = steps_of([[-1.0, 4.0], [2.0, 9.0], [3.0, 10.0], [9.0, 99.0]])
    # the first is less than half as steep as the third, but only while that is in the window
    assert nearest(steps, 0.0, 4.0) == (True, 2.0, 9.0)
    assert nearest(steps, 0.0, 1.5) == (True, -1.0, 4.0)
    assert nearest(steps, 0.0, 10.0) == (True, 9.0, 99.0)
    assert nearest(steps, 0.0, 0.5) == (False, 0.0, 0.0)
    assert nearest(steps_of([[np.inf, 0.0]]), 0.0, 5.0) == (False, 0.0, 0.0)


def test_offsets_count_from_where_the_edge_is_expected_and_shift_with_it():
    steps = steps_of([[-1.0, 4.0], [2.0, 5.0]])
    assert nearest(steps, 1.75, 3.0) == (True, 0.25, 5.0)
    assert nearest(steps, -1.5, 3.0) == (True, 0.5, 4.0)
    rng = np.random.default_rng(0)
    for expected, shift in rng.uniform(-3, 3, (50, 2)):
        moved = steps_of([[-1.0 + shift, 4.0], [2.0 + shift, 5.0]])
        here, there = nearest(steps, expected, 2.0), nearest(moved, expected + shift, 2.0)
        assert there == pytest.approx(here, abs=1e-5)


def test_no_points_give_no_steps():
    edges = edges_at(np.zeros((0, 2)), np.zeros((0, 2)))
    steps = steps_near(edges, views_with(parabolas((30.0, 9.0))), np.array([3.0]), 1.0)
    assert steps.offset_px.shape == (1, 1, 0, 7)
    read = steps.nearest(np.zeros((1, 1, 0), np.float32), np.array([3.0]))
    assert read.found.shape == (1, 1, 0)
