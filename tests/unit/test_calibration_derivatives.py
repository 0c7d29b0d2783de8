"""Derivatives of the joint problem against finite differences, at random places."""

from __future__ import annotations

import numpy as np
import pytest
from calibration_stage import (
    T_BASE_BOARD,
    T_FLANGE_BOARD,
    pair,
    sightings,
)

from cellpick.calibration.pinhole import intrinsics_of, pinhole_of, project_with_derivatives
from cellpick.calibration.problem import Geometry, JointProblem
from cellpick.calibration.result import point_derivatives
from cellpick.geometry import perturb, project, rays


def differences(function, x, step):
    columns = []
    for k in range(len(x)):
        change = np.zeros_like(x)
        change[k] = step[k] if np.ndim(step) else step
        columns.append((function(x + change) - function(x - change)) / (2 * change[k]))
    return np.stack(columns, axis=-1)


def a_problem(mount, rng):
    cameras = pair(mount)
    seen = sightings(3, count=5, mount=mount, encoders=True)
    start = Geometry(
        perturb(np.stack([c.T_mount_camera for c in cameras]), rng.normal(size=(2, 6)) * 0.01),
        T_BASE_BOARD if mount == "flange" else T_FLANGE_BOARD,
        np.stack([intrinsics_of(c.K, c.distortion) for c in cameras]),
        seen.Ts_base_flange,
    )
    prior = np.tile([1.0, 1.0, 1.0, 1.0, 1e-2, 1e-2, 1e-3, 1e-3, 1e-2], (2, 1))
    return JointProblem(seen, start, np.array([0.1, 0.2]), prior)


@pytest.mark.parametrize("mount", ["flange", "base"])
def test_the_jacobian_is_that_of_the_residuals(mount):
    rng = np.random.default_rng(5)
    problem = a_problem(mount, rng)
    x = rng.normal(size=problem.size) * 0.02
    x[problem.poses] *= 5  # far enough that the chart's curvature counts
    expected = differences(problem.residuals, x, 1e-5)
    scale = np.abs(expected).max(axis=0)
    assert np.abs(problem.jacobian(x) - expected).max() < 1e-5 * scale.max()
    assert (np.abs(problem.jacobian(x) - expected).max(axis=0) < 1e-4 * scale + 1e-6).all()


@pytest.mark.parametrize("mount", ["flange", "base"])
def test_recentring_changes_the_chart_and_nothing_else(mount):
    rng = np.random.default_rng(6)
    problem = a_problem(mount, rng)
    x = rng.normal(size=problem.size) * 0.02
    moved, rest = problem.recentred(x, problem.sigma_px)
    assert np.allclose(moved.residuals(rest), problem.residuals(x), atol=1e-7)
    assert not rest[problem.poses].any()


def test_projection_is_the_geometrys_and_has_its_derivatives():
    rng = np.random.default_rng(7)
    p = np.column_stack([rng.uniform(-0.3, 0.3, (20, 2)), rng.uniform(0.4, 1.0, 20)])
    own = np.array([700.0, 690.0, 320.0, 250.0, -0.1, 0.05, 1e-3, -2e-3, 0.02])
    view = project_with_derivatives(p, own)
    K, distortion = pinhole_of(own)
    assert np.allclose(view.pixels, project(p, K, distortion), atol=1e-9)
    by_own = differences(lambda v: project_with_derivatives(p, v).pixels, own, 1e-5)
    assert np.allclose(view.by_intrinsics, by_own, atol=1e-4)
    for axis in range(3):
        step = np.zeros(3)
        step[axis] = 1e-6
        ahead, behind = (project(p + s * step, K, distortion) for s in (1, -1))
        assert np.allclose(view.by_point[..., axis], (ahead - behind) / 2e-6, atol=1e-3)


def test_a_point_at_known_depth_moves_with_pose_and_lens_as_stated():
    own = np.array([700.0, 690.0, 320.0, 250.0, -0.1, 0.05, 1e-3, -2e-3, 0.02])
    p = np.array([[0.1, -0.05, 0.6], [-0.2, 0.1, 0.8]])
    pixels = project(p, *pinhole_of(own))

    def placed(change):
        p_camera = rays(pixels, *pinhole_of(own + change[6:])) * p[:, 2:]
        T = perturb(np.eye(4), change[:6])
        return p_camera @ T[:3, :3].T + T[:3, 3]

    expected = differences(placed, np.zeros(15), np.array([1e-6] * 6 + [1e-3] * 4 + [1e-5] * 5))
    assert np.allclose(point_derivatives(p, own), expected, atol=2e-6)
