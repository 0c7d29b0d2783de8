"""What the estimate may be made of, and how the points' scatter is read."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from perception_core_stage import MATERIALS, box_cell, calibrations, captures_of, sensed_cloud

from cellpick.geometry import translation
from cellpick.perception.core import RefineOptions, refine_poses
from cellpick.perception.core.observations import biweight, scatter


@pytest.mark.parametrize("limit", [4.685, 8.0])
def test_scatter_is_read_whole_from_squares_that_the_biweight_cuts(limit):
    rng = np.random.default_rng(0)
    spread = np.array([0.7, 1.0, 1.8, 2.5])
    x = spread[:, None] * rng.normal(size=(4, 40_000))
    weight = biweight(x, limit)
    ratio = (weight * x**2).sum(axis=1) / weight.sum(axis=1)
    np.testing.assert_allclose(scatter(ratio, np.full(4, limit**2)), spread**2, rtol=0.05)


def test_scatter_grows_with_the_squares_and_is_bounded_by_the_limit():
    ratio = np.linspace(0, 40, 200)
    read = scatter(ratio, np.full(200, 25.0))
    assert (np.diff(read) >= 0).all()
    assert read.max() < 25


def test_without_edges_the_pictures_say_nothing():
    rng = np.random.default_rng(1)
    cell, cameras = box_cell(), calibrations(200, 150)
    T = translation([0.003, -0.002, cell.height_m / 2])
    exact = np.array([c.T_mount_camera for c in cameras])
    shots = captures_of(cell, T[None], cameras, exact, rng)
    blank = [dataclasses.replace(s, image=np.zeros_like(s.image)) for s in shots]
    points = sensed_cloud(cell, T, cameras, exact, rng)
    both = refine_poses(T[None], cell, shots, *points, materials=MATERIALS)
    alone, dark = (
        refine_poses(
            T[None], cell, seen, *points, materials=MATERIALS, options=RefineOptions(edges=False)
        )
        for seen in (shots, blank)
    )
    np.testing.assert_array_equal(alone.Ts_base_cell, dark.Ts_base_cell)
    np.testing.assert_array_equal(alone.covariance, dark.covariance)
    assert alone.edges_used[0] == 0 < both.edges_used[0]
    more = np.linalg.eigvalsh(alone.covariance[0] - both.covariance[0])
    assert more[-1] > 1e-8
    assert more[0] > -1e-9
