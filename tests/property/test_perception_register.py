"""Laws of `register_cells`: frames, order, batches, derivatives, honest covariances."""

from __future__ import annotations

import numpy as np
import pytest

from cellpick.geometry import difference, exp_rotation, perturb, pose, transform
from cellpick.perception import CellShape, register_cells
from cellpick.perception.core.register_blocks import BLOCK
from cellpick.perception.core.register_evidence import evidence, placed
from cellpick.perception.core.register_input import clouds
from cellpick.perception.core.register_outline import push
from cellpick.perception.core.register_pulls import wide_pulls
from cellpick.perception.core.register_solve import equations, inverse

BOX = CellShape.box(0.148, 0.026, 0.091)
CYLINDER = CellShape.cylinder(0.021, 0.07)
NOISE_M = 3e-4
CELLS = 6


def surface_points(shape, count, rng):
    """60 % on the top, 40 % on a side."""
    top = round(0.6 * count)
    q = rng.uniform(-1, 1, (count, 3)) * shape.half_m
    q[:top, 2] = shape.half_m[2]
    if shape.kind == "box":
        q[top:, 1] = shape.half_m[1]
        return q
    angle = rng.uniform(-1.3, 1.3, count)
    radius = shape.half_m[0] * np.sqrt(rng.uniform(0, 1, count))
    radius[top:] = shape.half_m[0]
    q[:, 0], q[:, 1] = radius * np.cos(angle), radius * np.sin(angle)
    spread = rng.uniform(-np.pi, np.pi, top)
    q[:top, 0], q[:top, 1] = radius[:top] * np.cos(spread), radius[:top] * np.sin(spread)
    return q


def scene(seed, shape=BOX, cells=CELLS, count=900, noise=NOISE_M):
    rng = np.random.default_rng(seed)
    truth = pose(exp_rotation(rng.normal(0, 0.4, (cells, 3))), rng.uniform(-0.5, 0.5, (cells, 3)))
    starts = perturb(
        truth, np.hstack([rng.normal(0, 1e-3, (cells, 3)), rng.normal(0, 0.02, (cells, 3))])
    )
    points = np.concatenate([transform(T, surface_points(shape, count, rng)) for T in truth])
    points += rng.normal(0, noise, points.shape)
    return truth, starts, points, np.repeat(np.arange(cells), count)


@pytest.mark.parametrize("shape", [BOX, CYLINDER])
def test_moving_everything_moves_the_result(shape):
    _, starts, points, instance = scene(1, shape)
    T = pose(exp_rotation([0.4, -1.1, 2.0]), [0.7, -0.3, 0.2])
    here = register_cells(starts, shape, points, instance, NOISE_M)
    there = register_cells(T @ starts, shape, transform(T, points), instance, NOISE_M)
    np.testing.assert_allclose(there.Ts_base_cell, T @ here.Ts_base_cell, atol=2e-6)
    np.testing.assert_allclose(there.covariance, here.covariance, rtol=2e-2, atol=1e-9)
    assert here.status == there.status == ("ok",) * CELLS


def test_a_batch_of_one_is_a_row_of_the_batch_to_the_bit():
    _, starts, points, instance = scene(2)
    whole = register_cells(starts, BOX, points, instance, NOISE_M)
    for cell in range(CELLS):
        own = points[instance == cell]
        single = register_cells(starts[cell : cell + 1], BOX, own, np.zeros(len(own), int), NOISE_M)
        assert single.Ts_base_cell[0].tobytes() == whole.Ts_base_cell[cell].tobytes()
        np.testing.assert_array_equal(single.covariance[0], whole.covariance[cell])


def test_order_of_cells_does_not_matter():
    _, starts, points, instance = scene(3)
    order = np.random.default_rng(0).permutation(CELLS)
    place = np.argsort(order)
    first = register_cells(starts, BOX, points, instance, NOISE_M)
    second = register_cells(starts[order], BOX, points, place[instance], NOISE_M)
    np.testing.assert_array_equal(second.Ts_base_cell, first.Ts_base_cell[order])


def test_order_of_points_does_not_matter_beside_their_noise():
    _, starts, points, instance = scene(4)
    order = np.random.default_rng(0).permutation(len(points))
    first = register_cells(starts, BOX, points, instance, NOISE_M)
    second = register_cells(starts, BOX, points[order], instance[order], NOISE_M)
    moved = difference(first.Ts_base_cell, second.Ts_base_cell)
    sigma = np.sqrt(np.diagonal(first.covariance, axis1=1, axis2=2))
    assert np.abs(moved / sigma).max() < 0.5


def test_many_chunks_give_what_one_gives():
    _, starts, points, instance = scene(5, count=900, cells=90)
    whole = register_cells(starts, BOX, points, instance, NOISE_M)
    few = instance < 5
    part = register_cells(starts[:5], BOX, points[few], instance[few], NOISE_M)
    np.testing.assert_array_equal(whole.Ts_base_cell[:5], part.Ts_base_cell)


@pytest.mark.parametrize("shape", [BOX, CYLINDER])
def test_information_and_gradient_are_those_of_the_weighted_distances(shape):
    _, starts, points, instance = scene(6, shape, cells=1, count=BLOCK)
    origin = starts[:, :3, 3].copy()
    starts[:, :3, 3] = 0
    blocks = clouds(points, instance, np.array(NOISE_M), 1).blocks(np.zeros(1, int), origin)
    seen = placed(blocks, inverse(starts), shape)
    pulls = wide_pulls(blocks, seen, 0.01)
    _, gradient = equations(evidence(blocks, seen, pulls, shape), inverse(starts))

    def cost(delta):
        gap = placed(blocks, inverse(perturb(starts, delta)), shape).gap.astype(np.float64)
        return 0.5 * np.sum(pulls * gap**2)

    step = 2e-5
    numeric = [(cost(step * e) - cost(-step * e)) / (2 * step) for e in np.eye(6)]
    np.testing.assert_allclose(-gradient[0], numeric, rtol=5e-3, atol=2e-3 * np.abs(numeric).max())


def test_the_push_of_an_edge_is_the_slope_of_its_likelihood():
    from scipy.stats import norm

    t = np.linspace(-4.5, 4.5, 200).astype(np.float32)
    score, curvature = push(t)
    step = 1e-4
    numeric = (norm.logcdf(t + step) - norm.logcdf(t - step)) / (2 * step)
    np.testing.assert_allclose(score, numeric, atol=0.01)
    slope = np.exp(norm.logpdf(t) - norm.logcdf(t))
    np.testing.assert_allclose(curvature, slope * (slope + t), atol=0.01)


def test_the_covariance_is_honest_in_every_axis_and_as_a_whole():
    truth, starts, points, instance = scene(7, cells=400, count=1200)
    found = register_cells(starts, BOX, points, instance, NOISE_M)
    assert set(found.status) == {"ok"}
    error = difference(found.Ts_base_cell, truth)
    nees = (error[:, None] @ np.linalg.inv(found.covariance) @ error[..., None]).mean() / 6
    assert abs(nees - 1) < 1.96 * np.sqrt(2 / (6 * 400))
    axes = (error**2 / np.diagonal(found.covariance, axis1=1, axis2=2)).mean(axis=0)
    # six bands at 95 % together: 2.64 standard deviations each
    assert np.abs(axes - 1).max() < 2.64 * np.sqrt(2 / 400)


def test_error_is_near_the_least_that_these_clouds_allow():
    truth, starts, points, instance = scene(8, cells=64, count=1500)
    found = register_cells(starts, BOX, points, instance, NOISE_M)
    rms = np.sqrt(np.square(difference(truth, found.Ts_base_cell)).mean(axis=0))
    # along x only the outline of 10 points a millimetre tells: sqrt(sigma / (2 0.903 density))
    least = np.sqrt(NOISE_M / (2 * 0.903 * 1500 / 0.148))
    assert rms[0] < 1.3 * least
    assert rms[2] < 1.3 * NOISE_M / np.sqrt(900)


def disc_points(shape, count, rng):
    """Points on the top of a cylinder."""
    radius = shape.half_m[0] * np.sqrt(rng.uniform(0, 1, count))
    angle = rng.uniform(-np.pi, np.pi, count)
    top = np.full(count, shape.half_m[2])
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), top])


@pytest.mark.parametrize(
    ("shape", "drawn", "free"),
    [(CYLINDER, disc_points, 5), (CellShape.box(0.965, 0.0135, 0.09), surface_points, 6)],
)
def test_the_outline_alone_is_honest(shape, drawn, free):
    rng = np.random.default_rng(9)
    truth = pose(exp_rotation(rng.normal(0, 0.3, (200, 3))), rng.uniform(-0.5, 0.5, (200, 3)))
    away = np.hstack([rng.normal(0, 7e-4, (200, 3)), rng.normal(0, 2e-3, (200, 3))])
    points = np.concatenate([transform(T, drawn(shape, 1500, rng)) for T in truth])
    points += rng.normal(0, NOISE_M, points.shape)
    instance = np.repeat(np.arange(200), 1500)
    found = register_cells(perturb(truth, away), shape, points, instance, NOISE_M)
    error = difference(found.Ts_base_cell, truth)[:, :free]
    axes = error**2 / np.diagonal(found.covariance, axis1=1, axis2=2)[:, :free]
    # the blade's ends lie between two points: its own law has a longer tail than a normal one
    assert np.abs(axes.mean(axis=0) - 1).max() < 3.5 * np.sqrt(2 / 200)


def test_cells_that_show_other_faces_beside_it_do_not_change_a_cell():
    _, starts, points, instance = scene(10, cells=2)
    points[instance == 1] = transform(
        starts[1], surface_points(BOX, 900, np.random.default_rng(0))[:, [2, 1, 0]] * [1.6, 1, 0.6]
    )
    whole = register_cells(starts, BOX, points, instance, NOISE_M)
    first = instance == 0
    alone = register_cells(starts[:1], BOX, points[first], instance[first], NOISE_M)
    assert alone.Ts_base_cell[0].tobytes() == whole.Ts_base_cell[0].tobytes()


def test_a_poor_coarse_pose_is_looked_at_again():
    truth, starts, points, instance = scene(11, cells=40)
    starts = perturb(starts, np.tile([6e-3, 0, 0, 0, 0, 0], (40, 1)))
    found = register_cells(starts, BOX, points, instance, NOISE_M)
    good = np.array([status == "ok" for status in found.status])
    assert good.mean() > 0.9
    error = difference(found.Ts_base_cell, truth)[good]
    sigma = np.sqrt(np.diagonal(found.covariance, axis1=1, axis2=2)[good])
    assert np.abs(error / sigma).max() < 5
