"""Planes and spheres: exact where the points are, honest where they are noisy."""

from __future__ import annotations

import numpy as np
import pytest

from cellpick.errors import InputError
from cellpick.geometry import exp_rotation
from cellpick.metrology.planes import fit_plane, flatness, plane_rms
from cellpick.metrology.spheres import fit_sphere

RNG_SEEDS = (0, 1, 2)


def plate(rng, n=500, sigma=0.0):
    """Points on the plane z = 0.6 with noise along z."""
    xy = rng.uniform(-0.2, 0.2, (n, 2))
    return np.column_stack([xy, 0.6 + sigma * rng.standard_normal(n)])


def cap(rng, centre, radius, n=600, sigma=0.0, widest=0.8):
    """Points on the side of a ball that faces the origin."""
    towards = -np.asarray(centre) / np.linalg.norm(centre)
    side = np.linalg.svd(towards[None])[2][1:]
    angle = np.arcsin(widest) * np.sqrt(rng.random(n))
    turn = rng.uniform(0, 2 * np.pi, n)
    ring = np.cos(turn)[:, None] * side[0] + np.sin(turn)[:, None] * side[1]
    ray = np.cos(angle)[:, None] * towards + np.sin(angle)[:, None] * ring
    return centre + (radius + sigma * rng.standard_normal(n))[:, None] * ray


@pytest.mark.parametrize("seed", RNG_SEEDS)
def test_a_moved_plane_is_found_exactly(seed):
    rng = np.random.default_rng(seed)
    R, t = exp_rotation(0.5 * rng.standard_normal(3)), rng.standard_normal(3)
    points = plate(rng) @ R.T + t
    plane = fit_plane(points)
    assert np.abs(plane.distances(points)).max() < 1e-12
    assert abs(plane.normal @ R[:, 2]) == pytest.approx(1, abs=1e-12)
    assert plane.normal[2] <= 0


def test_no_other_plane_is_nearer_to_the_points():
    rng = np.random.default_rng(3)
    points = plate(rng, sigma=0.01)
    plane = fit_plane(points)
    best = np.sum(plane.distances(points) ** 2)
    for _ in range(50):
        normal = exp_rotation(1e-3 * rng.standard_normal(3)) @ plane.normal
        offset = plane.offset + 1e-4 * rng.standard_normal()
        assert np.sum((points @ normal - offset) ** 2) > best


def test_the_rms_of_a_plate_is_its_noise_less_what_the_fit_took():
    rng = np.random.default_rng(4)
    found = [plane_rms(plate(rng, 40, 1e-4)) ** 2 for _ in range(2000)]
    assert np.mean(found) == pytest.approx(1e-8 * 37 / 40, rel=0.02)


def test_flatness_is_from_the_farthest_point_to_the_farthest():
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9)), -1).reshape(-1, 2)
    bowl = np.column_stack([grid, 0.01 * (grid**2).sum(axis=1)])
    assert flatness(bowl) == pytest.approx(0.02, rel=1e-9)


def test_missing_points_change_nothing():
    rng = np.random.default_rng(5)
    points = plate(rng, sigma=1e-3)
    holed = np.vstack([points, np.full((7, 3), np.nan)])
    assert plane_rms(holed) == plane_rms(points)
    assert flatness(holed) == flatness(points)
    assert (fit_plane(holed).normal == fit_plane(points).normal).all()


@pytest.mark.parametrize("figure", [plane_rms, flatness])
@pytest.mark.parametrize("n", [0, 2])
def test_too_few_points_have_no_form(figure, n):
    assert np.isnan(figure(np.zeros((n, 3))))


def test_too_few_points_make_no_plane_and_no_ball():
    with pytest.raises(InputError, match="a plane needs three points"):
        fit_plane(np.zeros((2, 3)))
    with pytest.raises(InputError, match="a sphere needs four points"):
        fit_sphere(np.full((9, 3), np.nan))


@pytest.mark.parametrize("known", [None, 0.025])
@pytest.mark.parametrize("seed", RNG_SEEDS)
def test_a_ball_is_found_exactly_by_the_side_that_is_seen(seed, known):
    rng = np.random.default_rng(seed)
    centre = np.array([*rng.uniform(-0.2, 0.2, 2), rng.uniform(0.4, 1.0)])
    ball = fit_sphere(cap(rng, centre, 0.025), known)
    np.testing.assert_allclose(ball.centre, centre, atol=1e-9)
    assert ball.radius == pytest.approx(0.025, abs=1e-9)
    assert ball.rms < 1e-9


def test_the_certified_radius_makes_the_centre_surer():
    rng = np.random.default_rng(6)
    centre = np.array([0.1, 0.0, 0.6])
    caps = [cap(rng, centre, 0.025, sigma=1e-4) for _ in range(100)]
    free = [fit_sphere(points).centre - centre for points in caps]
    held = [fit_sphere(points, 0.025).centre - centre for points in caps]
    assert np.std(held) < 0.5 * np.std(free)
    # 600 points of 0.1 mm: a hundredth of a millimetre, and no bias above its uncertainty
    assert np.abs(np.mean(held, axis=0)).max() < 4 * np.std(held) / 10
    assert np.std(held) < 2e-5
