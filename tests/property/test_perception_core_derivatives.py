"""Derivatives and eliminations of the pose core against finite differences and dense algebra."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from perception_core_stage import MATERIALS, box_cell, calibrations, round_cell

from cellpick.geometry import difference, invert, perturb, project, transform, translation
from cellpick.perception.core.axes import Axes, Lens
from cellpick.perception.core.edge_evidence import edge_evidence
from cellpick.perception.core.edges import EdgeViews, edge_views
from cellpick.perception.core.options import RefineOptions
from cellpick.perception.core.search import Readings
from cellpick.perception.core.solve import PRIOR_SIGMA, free_axes, solve_step, weak_prior
from cellpick.perception.core.template import edge_template
from cellpick.perception.core.views import (
    adjoint,
    calibration_information,
    views_of,
)
from cellpick.structures import Capture

STEP = 1e-6
SINGLE_STEP = 5e-4
"""Metres and radians: pixels in single precision round to 1e-4 of one."""


def blank_views():
    captures = [
        Capture(c, np.zeros((c.height_px, c.width_px, 3), np.uint8), None, 0.0, np.eye(4))
        for c in calibrations()
    ]
    return views_of(captures, np.zeros((1, 3)), 0.05)


def test_the_lens_is_geometrys_and_its_derivative_that_of_finite_differences():
    rng = np.random.default_rng(0)
    p = np.column_stack([rng.uniform(-0.15, 0.15, (50, 2)), rng.uniform(0.3, 0.6, 50)])
    K = np.array([[800, 0, 300], [0, 820, 200], [0, 0, 1.0]])
    k = np.array([-0.08, 0.03, 3e-3, 5e-3, 0.02])
    views = replace(blank_views(), K=K[None], distortion=k[None])
    lens = Lens.of(views)
    slopes, near = lens.slopes(Axes.of(p[None]))
    np.testing.assert_allclose(np.stack(lens.pixels(slopes), -1)[0], project(p, K, k), atol=1e-3)
    bend = lens.bend(slopes)
    for angle in (0.0, 0.7, 2.0):
        normal = np.array([np.cos(angle), np.sin(angle)], np.float32)
        gradient = bend.gradient(tuple(normal), slopes, near)
        for axis, found in enumerate((gradient.x, gradient.y, gradient.z)):
            d = STEP * np.eye(3)[axis]
            numeric = (project(p + d, K, k) - project(p - d, K, k)) / (2 * STEP)
            np.testing.assert_allclose(found[0], numeric @ normal, atol=5e-3)
            moved = bend.image_of(Axes.of(np.tile(np.eye(3)[axis], (1, 50, 1))), slopes)
            both = (np.stack(moved, -1) * near[..., None])[0]
            np.testing.assert_allclose(both, numeric, atol=5e-3)
    behind, _ = lens.slopes(Axes.of(-p[None]))
    assert np.isnan(behind).all()


def test_adjoint_moves_a_small_motion_to_another_frame():
    rng = np.random.default_rng(1)
    T = perturb(np.eye(4), rng.normal(size=6))
    delta = 1e-6 * rng.normal(size=6)
    moved = T @ perturb(np.eye(4), delta) @ invert(T)
    np.testing.assert_allclose(moved, perturb(np.eye(4), adjoint(T) @ delta), atol=1e-11)


def test_calibration_information_is_the_inverse_of_the_error_carried_to_the_cell():
    views = blank_views()
    T = perturb(translation([0.01, 0.02, 0.0]), 0.1 * np.ones(6))
    P_inv = calibration_information(views, T[None])[0]
    for k in range(4):
        A = adjoint(invert(T) @ views.Ts_base_camera[k])
        P = A @ np.diag(views.error_sigma[k] ** 2) @ A.T
        np.testing.assert_allclose(P_inv[k] @ P, np.eye(6), atol=1e-6)


@pytest.mark.parametrize("cell", [box_cell(), round_cell()], ids=["box", "cylinder"])
def test_edge_derivative_is_that_of_finite_differences(cell):
    views = blank_views()
    template = edge_template(cell, MATERIALS, 2e-3)
    T = perturb(translation([0.004, -0.003, 0.0]), [0, 0, 0, 0.03, -0.02, 0.3])[None]

    def at(pose) -> EdgeViews:
        crowded = np.zeros(template.feature[:1].shape, bool)
        return edge_views(template, np.repeat(pose[:, None], 4, 1), np.eye(3)[2:], crowded, views)

    edges = at(T)
    assert edges.visible.any(axis=(0, 2)).all()
    for axis in range(6):
        d = SINGLE_STEP * np.eye(6)[axis]
        plus, minus = at(perturb(T, d)), at(perturb(T, -d))
        both = edges.visible & plus.visible & minus.visible
        # not where a side comes into view, which moves the edge by a jump
        both &= (plus.group == minus.group) & (plus.sharp == minus.sharp)
        motion = ((plus.pixels - minus.pixels) * edges.normals).sum(-1) / (2 * SINGLE_STEP)
        np.testing.assert_allclose(edges.derivative[both][:, axis], motion[both], atol=0.6)


def test_a_shifted_circle_falls_short_of_its_straight_motion_by_its_bow():
    views = blank_views()
    cell = round_cell()
    template = edge_template(cell, MATERIALS, 2e-3)
    crowded = np.zeros(template.feature[:1].shape, bool)
    T = np.eye(4)[None]
    edges = edge_views(template, np.repeat(T[:, None], 4, 1), np.eye(3)[2:], crowded, views)
    x, y = 2.5e-3, -1.5e-3
    angle = np.linspace(0, 2 * np.pi, 20000)
    for row, radius, height in ((-1, 0.023, 0.02), (0, 0.015, 0.02)):
        circle = np.column_stack(
            [x + radius * np.cos(angle), y + radius * np.sin(angle), np.full(angle.size, height)]
        )
        on = template.feature[0] == row
        on &= np.abs(np.hypot(*template.points[0, :, :2].T) - radius) < 1e-9
        for k in range(4):
            rim = project(
                transform(views.Ts_camera_base[k], circle), views.K[k], views.distortion[k]
            )
            away = rim - edges.pixels[0, k, on][:, None]
            n = edges.normals[0, k, on]
            across = away[..., 0] * n[:, None, 1] - away[..., 1] * n[:, None, 0]
            along = np.sum(away * n[:, None], axis=-1)
            met = np.argmin(np.abs(across) + 1e3 * (np.abs(along) > 20), axis=1)
            exact = along[np.arange(len(met)), met]
            straight = edges.derivative[0, k, on] @ [x, y, 0, 0, 0, 0]
            bent = straight - edges.bow[0, k, on] @ [x * x, x * y, y * y]
            assert np.abs(bent - exact).max() < 0.15
            assert np.abs(bent - exact).max() < 0.4 * np.abs(straight - exact).max()


def test_solve_step_is_the_dense_solution_with_camera_errors_as_unknowns():
    rng = np.random.default_rng(3)
    c = 3
    J = rng.normal(size=(c, 20, 6))
    A, r = np.swapaxes(J, 1, 2) @ J, rng.normal(size=(c, 20))
    g = (np.swapaxes(J, 1, 2) @ r[..., None])[..., 0]
    L = rng.normal(size=(c, 6, 6))
    P_inv = L @ np.swapaxes(L, 1, 2) + np.eye(6)
    seen, offset = 0.1 * rng.normal(size=(c, 6)), 1e-4 * rng.normal(size=6)
    prior = weak_prior(np.array([[0.0, 0.0, 0.04]]))
    none = np.zeros((6, 6))
    pull = -prior[0] @ offset
    step = solve_step(A[None], g[None], P_inv[None], seen[None], prior, pull[None], none)
    H, b = np.zeros((6 + 6 * c, 6 + 6 * c)), np.zeros(6 + 6 * c)
    H[:6, :6], b[:6] = prior[0], pull
    for k in range(c):
        u = slice(6 + 6 * k, 12 + 6 * k)
        target = g[k] + A[k] @ seen[k]
        H[:6, :6] += A[k]
        H[:6, u], H[u, :6], H[u, u] = A[k], A[k], A[k] + P_inv[k]
        b[:6] += target
        b[u] = target
    x = np.linalg.solve(H, b)
    np.testing.assert_allclose(step.cell[0], x[:6], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(step.seen[0].ravel(), x[6:], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(step.covariance[0], np.linalg.inv(H)[:6, :6], rtol=1e-7, atol=1e-12)


def test_the_weak_prior_holds_the_point_that_it_is_about():
    pivot = np.array([[0.0, 0.0, 0.045]])
    W = weak_prior(pivot)[0]
    turn = np.array([0.0, 0.0, 0.0, 0.02, 0.0, 0.0])
    about_pivot = difference(
        np.eye(4), translation(pivot[0]) @ perturb(np.eye(4), turn) @ translation(-pivot[0])
    )
    assert about_pivot @ W @ about_pivot == pytest.approx((0.02 / PRIOR_SIGMA[3]) ** 2, rel=1e-3)
    assert turn @ W @ turn > 1.02 * about_pivot @ W @ about_pivot


def test_a_free_axis_keeps_its_angle_and_its_variance():
    rng = np.random.default_rng(4)
    J = rng.normal(size=(1, 1, 30, 6))
    A = np.swapaxes(J, -1, -2) @ J
    free = free_axes(np.array([[0.0, 0.0, 1.0]]))
    step = solve_step(
        A, rng.normal(size=(1, 1, 6)), np.eye(6)[None, None], np.zeros((1, 1, 6)),
        weak_prior(np.zeros((1, 3))), np.ones((1, 6)), free,
    )  # fmt: skip
    assert step.cell[0, 5] == pytest.approx(0.0, abs=1e-15)
    assert step.covariance[0, 5, 5] == pytest.approx((np.pi / 2) ** 2, rel=1e-12)
    np.testing.assert_allclose(step.covariance[0, 5, :5], 0, atol=1e-15)


def test_an_outlines_common_error_is_eliminated_as_a_dense_unknown_would_be():
    rng = np.random.default_rng(5)
    e, scale, inset = 40, 2000.0, 1e-4
    shape = (1, 1, e)
    edges = EdgeViews(
        pixels=np.zeros((*shape, 2)),
        normals=np.zeros((*shape, 2)),
        derivative=rng.normal(size=(*shape, 6)) * 1000,
        bow=np.zeros((*shape, 3)),
        scale=np.full(shape, scale),
        visible=np.ones(shape, bool),
        sharp=np.ones(shape, bool),
        blur_m=np.zeros(shape),
        wander_m=np.zeros(shape),
        contrast=np.zeros(shape),
        group=np.repeat([2, 3], e // 2).reshape(shape),
        inset_m=np.full(shape, inset),
        spacing_m=1.5e-3,
    )
    offset = 1e-3 * rng.normal(size=shape)
    readings = Readings(offset, np.full(shape, 100.0), np.ones(shape, bool), np.zeros(shape, bool))
    options = RefineOptions(edge_correlation_px=1.0, edge_model_sigma_m=0.0)
    found = edge_evidence(edges, readings, np.array([0.1]), 1.0, options)
    J = np.zeros((e, 8))
    J[:, :6] = edges.derivative[0, 0]
    J[: e // 2, 6] = J[e // 2 :, 7] = scale
    H, b = J.T @ J / 0.01, J.T @ offset[0, 0] / 0.01
    H[6:, 6:] += np.eye(2) / (inset**2 + (0.2 / scale) ** 2)
    covariance = np.linalg.inv(H)
    np.testing.assert_allclose(
        np.linalg.inv(found.information[0, 0]), covariance[:6, :6], rtol=1e-6, atol=1e-16
    )
    np.testing.assert_allclose(
        np.linalg.solve(found.information[0, 0], found.gradient[0, 0]),
        (covariance @ b)[:6],
        rtol=1e-6,
        atol=1e-12,
    )
