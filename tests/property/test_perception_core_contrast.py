"""Depth beside steps of brightness, and depth that scatters more than is stated."""

from __future__ import annotations

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
from cellpick.perception.core.contrast import STEP_SIGMAS, brightness_steps
from cellpick.perception.core.face_maps import face_maps
from cellpick.perception.core.observations import point_evidence
from cellpick.perception.core.points import Points
from cellpick.perception.core.surfaces import Contacts, Faces, contacts_at
from cellpick.structures import Capture

PIXEL = 1e-3
BRIGHT = {"black": -1.0, "white": 0.0, "lid": 1.0, "film": 0.0}


def light(xy: Floats) -> Floats:
    """Log light of the round cell's top at places (k, 2)."""
    r = np.hypot(*xy.T)
    inside = np.where(r < 0.010, BRIGHT["black"], BRIGHT["white"])
    return np.where(r < 0.015, inside, np.where(r < 0.023, BRIGHT["lid"], BRIGHT["film"]))


def steps_at(xy: Floats, along: tuple[float, float], over: bool = False) -> Floats:
    """(k, m) steps at places (k, 2) of the round cell, whose next pixel lies `along`."""
    maps = face_maps(round_cell())
    place = maps.pixels(xy.T[None, None].astype(np.float32), np.array([over]))
    steps = brightness_steps(maps, *place, np.array([[along]], np.float32))
    return steps[0, 0].T.astype(np.float64)


def places(seed: int, count: int = 4000) -> Floats:
    """Places (k, 2) in the middles of the maps' pixels, so that a mirrored one is one too."""
    maps = face_maps(round_cell())
    at = np.random.default_rng(seed).integers(0, 225, (count, 2)) - 112
    return (at + 0.5 * (maps.rows % 2 == 0)) * maps.step_m


def test_steps_lie_along_the_row_only_and_turn_with_it():
    xy = places(0)
    steps = steps_at(xy, (PIXEL, 0.0))
    assert np.abs(steps).max() == 1
    np.testing.assert_array_equal(steps.sum(axis=1), 0)
    np.testing.assert_array_equal(steps_at(xy, (-PIXEL, 0.0)), -steps)
    np.testing.assert_array_equal(steps_at(xy * [-1, 1], (PIXEL, 0.0)), -steps)
    r = np.hypot(*xy.T)
    far = np.min(np.abs(r[:, None] - [0.010, 0.015, 0.023]), axis=1) > PIXEL + 2e-4
    assert far.sum() > 1000
    np.testing.assert_array_equal(steps[far], 0)
    beside = (np.abs(r - 0.010) < 0.5 * PIXEL) & (np.abs(xy[:, 1]) < 0.004)
    assert (np.abs(steps[beside]).max(axis=1) == 1).all()


def test_the_steps_of_a_face_are_those_of_its_own_features():
    xy = places(1)
    inner = np.hypot(*xy.T) < 0.020
    assert np.abs(steps_at(xy, (PIXEL, 0.0))[inner]).any()
    np.testing.assert_array_equal(steps_at(xy, (PIXEL, 0.0), over=True)[inner], 0)


def test_eliminating_patterns_is_the_dense_solution():
    rng = np.random.default_rng(2)
    steps, count = 2, 300
    rows = np.empty((1, 4 + steps, count), np.float32)
    rows[0, 0], rows[0, 1:3] = 1, rng.uniform(-0.04, 0.04, (2, count))
    rows[0, 3], rows[0, 4:] = 1e-4 * rng.normal(size=count), 1e-4 * rng.normal(size=(steps, count))
    noise = rng.uniform(0.8e-4, 2e-4, count)
    ends = Faces(rows, np.square(noise)[None].astype(np.float32), np.ones((1, count), np.float32))
    no_sides = Faces(rows[:0], ends.variance[:0], ends.share[:0])
    contacts = Contacts(ends, no_sides, np.zeros(0, np.intp))
    told = point_evidence(contacts, np.zeros((1, 1, 6)), 1e3)
    _, x, y, r = rows[0, :4].astype(np.float64)
    none = np.zeros(count)
    J = -np.stack([none, none, none + 1, y, -x, none], axis=-1)
    both = np.hstack([J, rows[0, 4:].T])
    H = (both / noise[:, None] ** 2).T @ both
    H[6:, 6:] += np.eye(steps) / STEP_SIGMAS**2
    known = [2, 3, 4, 6, 7]
    full = np.linalg.solve(H[np.ix_(known, known)], -(both[:, known] / noise[:, None] ** 2).T @ r)
    moves = known[:3]
    A, g = told.information[0, 0], told.gradient[0, 0]
    np.testing.assert_allclose(
        np.linalg.solve(A[np.ix_(moves, moves)], g[moves]), full[:3], rtol=1e-4
    )


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
    options = RefineOptions(surface_model_sigma_m=0.0)
    T, maps = np.eye(4)[None], face_maps(cell)

    def told(stated: float) -> float:
        points = Points(
            np.zeros((1, 3)),
            p.T[None, None].astype(np.float32),
            np.full((1, 1, count), stated**2, np.float32),
            np.ones((1, 1, count), np.float32),
            np.array([[[5e-4, 0, 0]]], np.float32),
        )
        upright, hidden = np.zeros(1, np.bool_), np.ones((1, 1), np.bool_)
        contacts = contacts_at(points, maps, cell, T[:, None], upright, hidden, options)
        return point_evidence(contacts, np.zeros((1, 1, 6)), 3e-3).information[0, 0, 2, 2]

    honest = told(excess * sigma)
    assert told(sigma) == pytest.approx(honest, rel=0.12)
    assert told(9 * sigma) < honest
