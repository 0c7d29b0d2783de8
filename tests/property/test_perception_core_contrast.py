"""Depth beside steps of brightness, and depth that scatters more than is stated."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from perception_core_stage import (
    box_cell,
    calibrations,
    cloud_of,
    round_cell,
    true_poses,
)

from cellpick.geometry import Floats, invert, perturb, transform, translation
from cellpick.perception.core import RefineOptions, refine_poses
from cellpick.perception.core.contrast import brightness_steps
from cellpick.perception.core.observations import Points, contacts_at, point_evidence
from cellpick.perception.core.surfaces import moments, normal_equations, surfaces_of
from cellpick.structures import Capture

UP = np.array([0.0, 0.0, 1.0])
PIXEL = 1e-3
BRIGHT = {"black": -1.0, "white": 0.0, "lid": 1.0, "film": 0.0}


def light(xy: Floats) -> Floats:
    """Log light of the round cell's top at places (k, 2)."""
    r = np.hypot(*xy.T)
    inside = np.where(r < 0.010, BRIGHT["black"], BRIGHT["white"])
    return np.where(r < 0.015, inside, np.where(r < 0.023, BRIGHT["lid"], BRIGHT["film"]))


def on_top(rng: np.random.Generator, count: int = 4000) -> Floats:
    cell = round_cell()
    xy = rng.uniform(-0.022, 0.022, (count, 2))
    return np.column_stack([xy, np.full(count, cell.height_m / 2)])


def test_steps_lie_along_the_row_only_and_turn_with_it():
    cell, q = round_cell(), on_top(np.random.default_rng(0))
    pixel = np.tile([PIXEL, 0.0, 0.0], (len(q), 1))
    steps = brightness_steps(cell, q, pixel)
    assert np.abs(steps).max() == 1
    np.testing.assert_array_equal(steps.sum(axis=1), 0)
    np.testing.assert_array_equal(brightness_steps(cell, q, -pixel), -steps)
    mirrored = brightness_steps(cell, q * [-1, 1, 1], pixel)
    np.testing.assert_array_equal(mirrored, -steps)
    r = np.hypot(*q[:, :2].T)
    far = np.min(np.abs(r[:, None] - [0.010, 0.015, 0.023]), axis=1) > PIXEL
    assert far.sum() > 1000
    np.testing.assert_array_equal(steps[far], 0)
    beside = (np.abs(r - 0.010) < 0.5 * PIXEL) & (np.abs(q[:, 1]) < 0.004)
    assert (np.abs(steps[beside]).max(axis=1) == 1).all()


def test_the_steps_of_a_face_are_those_of_its_own_features():
    cell, q = round_cell(), on_top(np.random.default_rng(1))
    pixel = np.tile([PIXEL, 0.0, 0.0], (len(q), 1))
    below = brightness_steps(cell, q * [1, 1, -1], pixel)
    inner = np.hypot(*q[:, :2].T) < 0.020
    assert np.abs(brightness_steps(cell, q, pixel)[inner]).any()
    np.testing.assert_array_equal(below[inner], 0)


def test_eliminating_patterns_is_the_dense_solution():
    rng = np.random.default_rng(2)
    surfaces = surfaces_of(box_cell())
    u = np.column_stack([rng.uniform(-0.04, 0.04, (300, 3)), np.ones(300), np.zeros(300)])
    pattern, weight = rng.normal(size=(300, 2)), rng.uniform(0.5, 2.0, 300)
    face, sigma = rng.integers(0, 6, 300), 0.7
    M = moments(np.hstack([u, pattern]), weight, face, 6)
    A, g = normal_equations(M, surfaces, sigma)
    J = np.einsum("kid,kd->ki", surfaces.derivative[face], u)
    r = np.einsum("kd,kd->k", surfaces.distance[face], u)
    both = np.hstack([J, pattern])
    H = (both * weight[:, None]).T @ both
    H[6:, 6:] += np.eye(2) / sigma**2
    full = np.linalg.solve(H, -(both * weight[:, None]).T @ r)
    np.testing.assert_allclose(np.linalg.solve(A, g), full[:6], rtol=1e-6, atol=1e-12)


def test_contrast_feigns_no_tilt():
    """Readings err at every step of brightness as a blurred camera's do."""
    rng = np.random.default_rng(3)
    cell, cameras = round_cell(), calibrations(150, 110)
    exact = true_poses(cameras, None)
    T = translation([0.002, -0.001, cell.height_m / 2])
    dark = np.zeros((110, 150, 3), np.uint8)
    captures = [Capture(camera, dark, None, 0.0, np.eye(4)) for camera in cameras]
    p, sigma, camera = cloud_of(cell, T[None], cameras, exact, rng, count=3000)
    p = p.copy()
    for k in set(camera.tolist()):
        own = camera == k
        there = transform(invert(T), p[own])
        z = transform(invert(exact[k]), p[own])[:, 2:]
        row = exact[k][:3, 0] * z / cameras[k].K[0, 0]
        step = light((there + row)[:, :2]) - light((there - row)[:, :2])
        sight = p[own] - exact[k][:3, 3]
        p[own] += 1e-4 * step[:, None] * sight / np.linalg.norm(sight, axis=1)[:, None]
    refined = refine_poses(
        perturb(T, [0.0, 0.0, 3e-4, 4e-3, 4e-3, 0.0])[None],
        cell,
        captures,
        *(p, sigma, camera),
    )
    lean = np.degrees(np.linalg.norm(refined.Ts_base_cell[0][:2, 2]))
    assert lean < 0.03


@pytest.mark.parametrize("excess", [1.0, 2.0, 4.0])
def test_readings_that_scatter_more_than_stated_count_accordingly(excess):
    rng = np.random.default_rng(4)
    cell, count, sigma = box_cell(), 1200, 1e-4
    xy = rng.uniform(-0.5, 0.5, (count, 2)) * cell.size_m[:2]
    p = np.column_stack([xy, cell.height_m / 2 + excess * sigma * rng.normal(size=count)])
    stated = Points(p, np.full(count, sigma), np.zeros(count, int), np.ones(count), 0 * p)
    options = RefineOptions(surface_model_sigma_m=0.0)
    T = np.eye(4)[None]

    def told(points: Points) -> Floats:
        contacts = contacts_at(points, T[:, None], T, cell, UP, np.full((1, 1), 5e-4))
        return point_evidence(points, contacts, cell, (1, 1), 3e-3, options).information[0, 0, 2, 2]

    honest = told(dataclasses.replace(stated, sigma=np.full(count, excess * sigma)))
    assert told(stated) == pytest.approx(honest, rel=0.12)
    assert told(dataclasses.replace(stated, sigma=np.full(count, 9 * sigma))) < honest
