"""Points of a cell's drawing: on its surface, alike under its symmetries, with its diameter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from grasping_stage import box_cell, round_cell

from cellpick.errors import InputError
from cellpick.evaluate import diameter_m, model_points
from cellpick.evaluate.model_points import inside
from cellpick.geometry.solids import rounded_rectangle_distance

SHARP = replace(box_cell(), corner_radius_m=0.0, rim_radius_m=0.0)
RIM_ABOVE_CORNER = replace(box_cell(), corner_radius_m=0.001, rim_radius_m=0.003)
CAN = replace(round_cell(), rim_radius_m=0.0)
ALL = (box_cell(), SHARP, RIM_ABOVE_CORNER, round_cell(), CAN)


@pytest.mark.parametrize("cell", ALL)
def test_points_span_the_case_and_lie_about_its_middle(cell):
    p = model_points(cell)
    assert p.shape == (1200, 3)
    assert np.ptp(p, axis=0) == pytest.approx(cell.size_m)
    assert p.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-15)


@pytest.mark.parametrize("cell", [box_cell(), SHARP, round_cell(), CAN])
@pytest.mark.parametrize("counts", [(60, 20), (16, 2), (34, 301)])
def test_every_point_lies_on_the_rounded_surface(cell, counts):
    """The case is a smaller one, swept by a ball as large as its rim's rounding."""
    p, rim, half = model_points(cell, *counts), cell.rim_radius_m, cell.size_m / 2
    radius = half[0] if cell.shape == "cylinder" else cell.corner_radius_m
    aside = np.maximum(rounded_rectangle_distance(p[:, :2], half[:2] - rim, radius - rim), 0.0)
    over = np.maximum(np.abs(p[:, 2]) - (half[2] - rim), 0.0)
    on_rim = np.hypot(aside, over) == pytest.approx(rim, abs=1e-12)
    assert on_rim
    assert len(p) == counts[0] * counts[1]


def test_a_cylinders_points_are_equal_angles_and_heights_with_both_ends():
    p = model_points(CAN).reshape(20, 60, 3)
    angle = 2 * np.pi * np.arange(60) / 60
    ring = 0.0105 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    assert np.allclose(p[..., :2], ring)
    assert np.allclose(p[..., 2], np.linspace(-0.035, 0.035, 20)[:, None])


@pytest.mark.parametrize("cell", ALL)
def test_half_turns_carry_the_points_into_themselves(cell):
    p = model_points(cell)
    for turn in ((1, -1, -1), (-1, 1, -1), (-1, -1, 1)):
        apart = np.linalg.norm(p[:, None] * turn - p[None], axis=-1)
        assert apart.min(axis=1).max() < 1e-12


@pytest.mark.parametrize("cell", ALL)
def test_no_two_points_are_farther_apart_than_the_diameter(cell):
    p = model_points(cell, 20, 31)
    assert np.linalg.norm(p[:, None] - p[None], axis=-1).max() <= diameter_m(cell) + 1e-12
    reach = np.linalg.norm(model_points(cell, 60, 4001), axis=-1).max()
    assert 2 * reach == pytest.approx(diameter_m(cell), rel=3e-4)


def test_the_diameter_in_closed_form():
    assert diameter_m(CAN) == pytest.approx(np.hypot(0.021, 0.070))
    assert diameter_m(SHARP) == pytest.approx(np.linalg.norm(SHARP.size_m))
    radius, rim, half = 0.002, 0.0005, box_cell().size_m / 2
    flat = np.hypot(*(half[:2] - radius)) + radius - rim
    assert diameter_m(box_cell()) == pytest.approx(2 * (np.hypot(flat, half[2] - rim) + rim))


def test_inside_is_the_case_without_its_roundings():
    p = np.array([[0.0, 0.0, 0.0], [0.0104, 0.0, 0.0349], [0.0104, 0.0104, 0], [0, 0, 0.0351]])
    assert inside(CAN, p).tolist() == [True, True, False, False]
    assert inside(SHARP, p * [7, 1, 1]).tolist() == [True, True, True, True]
    assert inside(SHARP, p * [7.2, 1, 2]).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ((61, 20), "around must be even and large enough; got 61; accepted: even numbers from 16"),
        ((14, 20), "around must be even"),
        ((60, 1), "along must include both ends; got 1; accepted: 2 or more"),
    ],
)
def test_too_few_points_are_refused(counts, message):
    with pytest.raises(InputError, match=message):
        model_points(box_cell(), *counts)
