"""The camera model against OpenCV's, and against itself there and back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellpick.geometry import distort, pixel_grid, project, rays, undistort

K = np.array([[800.0, 0, 319.5], [0, 810.0, 239.5], [0, 0, 1]])


def lenses():
    return st.tuples(
        st.floats(-0.2, 0.2), st.floats(-0.1, 0.1), *[st.floats(-2e-3, 2e-3)] * 2,
        st.floats(-0.05, 0.05),
    ).map(np.array)  # fmt: skip


@given(lenses(), st.integers(0, 2**32 - 1))
def test_projection_is_opencvs(distortion, seed):
    rng = np.random.default_rng(seed)
    points = rng.uniform([-0.3, -0.3, 0.4], [0.3, 0.3, 1.0], (40, 3))
    expected = cv2.projectPoints(points, np.zeros(3), np.zeros(3), K, distortion)[0][:, 0]
    np.testing.assert_allclose(project(points, K, distortion), expected, atol=1e-9, rtol=0)


@given(lenses())
def test_a_ray_through_a_pixel_projects_onto_it(distortion):
    pixels = pixel_grid(640, 480)[::997]
    directions = rays(pixels, K, distortion)
    np.testing.assert_array_equal(directions[:, 2], 1.0)
    np.testing.assert_allclose(project(0.7 * directions, K, distortion), pixels, atol=1e-3, rtol=0)


def test_undistortion_keeps_what_it_promises():
    """Off by less than 2e-7 for |k1| <= 0.2 within a field of view of 60 degrees."""
    half = np.tan(np.radians(30))
    ideal = np.stack(np.meshgrid(*[np.linspace(-half, half, 41)] * 2), axis=-1).reshape(-1, 2)
    ideal = ideal[np.linalg.norm(ideal, axis=-1) <= half]
    for k1 in (-0.2, -0.1, 0.1, 0.2):
        lens = np.array([k1, 0.0, 0.0, 0.0, 0.0])
        assert np.abs(undistort(distort(ideal, lens), lens) - ideal).max() < 2e-7, k1


@pytest.mark.parametrize("z", [0.0, -0.5])
def test_points_behind_the_camera_have_no_pixel(z):
    assert np.isnan(project([[0.1, 0.1, z]], K, np.zeros(5))).all()


def test_the_optical_axis_meets_the_principal_point():
    np.testing.assert_array_equal(project([[0, 0, 2.0]], K, np.zeros(5)), [[319.5, 239.5]])


def test_batches_of_cameras_project_like_single_ones():
    rng = np.random.default_rng(3)
    points = rng.uniform([-0.3, -0.3, 0.4], [0.3, 0.3, 1.0], (4, 10, 3))
    Ks = np.stack([K * [[s], [s], [1]] for s in (1, 2, 3, 4)])
    lenses = rng.normal(scale=1e-2, size=(4, 5))
    together = project(points, Ks, lenses)
    for i in range(4):
        np.testing.assert_array_equal(together[i], project(points[i], Ks[i], lenses[i]))


def test_the_pixel_grid_is_row_major_with_u_first():
    np.testing.assert_array_equal(
        pixel_grid(3, 2), [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]]
    )
    assert pixel_grid(0, 5).shape == (0, 2)
