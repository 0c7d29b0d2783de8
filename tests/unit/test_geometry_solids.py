"""Distances of convex bodies: never above the true distance, exact where a closed form is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellpick.geometry import exp_rotation, invert, pose, rotation_z, transform, translation
from cellpick.geometry.solids import (
    ConvexShapes,
    nearest_point,
    rounded_rectangle_distance,
    separation,
    support,
)


def box(size) -> ConvexShapes:
    size = np.asarray(size, dtype=float)
    return ConvexShapes(size / 2, np.zeros(size.shape[:-1]), np.zeros(size.shape[:-1]))


def cylinder(diameter, length) -> ConvexShapes:
    d, h = np.asarray(diameter, dtype=float), np.asarray(length, dtype=float)
    half = np.stack([np.zeros_like(h), np.zeros_like(h), h / 2], axis=-1)
    return ConvexShapes(half, d / 2, np.zeros_like(d))


def ball(diameter) -> ConvexShapes:
    d = np.asarray(diameter, dtype=float)
    return ConvexShapes(np.zeros((*d.shape, 3)), np.zeros_like(d), d / 2)


def any_shapes(rng, n):
    kind, size = rng.integers(0, 3, n), rng.uniform(0.02, 0.2, (n, 3))
    core = np.where(kind[:, None] == 0, 1.0, np.where(kind[:, None] == 1, [0, 0, 1.0], 0.0))
    d = size[:, 0] / 2
    shapes = ConvexShapes(size / 2 * core, np.where(kind == 1, d, 0.0), np.where(kind == 2, d, 0.0))
    return shapes, pose(exp_rotation(rng.normal(size=(n, 3))), rng.uniform(-0.2, 0.2, (n, 3)))


def points_in(rng, shapes, count):
    """(n, count, 3) points inside each shape, in its own frame, many of them on the surface."""
    n = len(shapes.disc)
    far = rng.normal(size=(n, count, 3))
    far *= rng.choice([0.01, 0.1, 10.0], size=(n, count, 1))
    wide = ConvexShapes(shapes.half[:, None], shapes.disc[:, None], shapes.ball[:, None])
    return nearest_point(wide, far)


@given(st.integers(0, 2**32 - 1))
def test_separation_is_never_above_the_distance_of_any_two_points(seed):
    rng = np.random.default_rng(seed)
    (a, T_a), (b, T_b) = any_shapes(rng, 20), any_shapes(rng, 20)
    p, q = transform(T_a, points_in(rng, a, 60)), transform(T_b, points_in(rng, b, 60))
    nearest = np.linalg.norm(p[:, :, None] - q[:, None], axis=-1).min(axis=(1, 2))
    assert (separation(a, T_a, b, T_b) <= nearest + 1e-12).all()


@given(st.integers(0, 2**32 - 1))
def test_separation_does_not_depend_on_the_frame(seed):
    rng = np.random.default_rng(seed)
    (a, T_a), (b, T_b) = any_shapes(rng, 20), any_shapes(rng, 20)
    T = pose(exp_rotation(rng.normal(size=3)), rng.normal(size=3))
    assert np.allclose(separation(a, T_a, b, T_b), separation(a, T @ T_a, b, T @ T_b), atol=1e-6)


def test_separation_is_close_to_the_true_distance_of_most_pairs():
    rng = np.random.default_rng(5)
    (a, T_a), (b, T_b) = any_shapes(rng, 200), any_shapes(rng, 200)
    bound = separation(a, T_a, b, T_b)
    # the peer: alternating projections run until they stand still
    p = transform(T_a, np.zeros((200, 1, 3)))[:, 0]
    for _ in range(3000):
        q = transform(T_b, nearest_point(b, transform(invert(T_b), p[:, None])[:, 0])[:, None])[
            :, 0
        ]
        p = transform(T_a, nearest_point(a, transform(invert(T_a), q[:, None])[:, 0])[:, None])[
            :, 0
        ]
    apart = np.linalg.norm(p - q, axis=1)
    short = (apart - bound)[apart > 1e-3]
    assert len(short) > 150
    assert (short > -1e-9).all()
    assert np.percentile(short, 95) < 1e-3


@pytest.mark.parametrize("offset", [0.0, 0.003, 0.05])
def test_boxes_face_to_face(offset):
    gap = separation(
        box([0.1, 0.2, 0.3]), np.eye(4), box([0.1, 0.1, 0.1]), translation([0.1 + offset, 0.02, 0])
    )
    assert gap == pytest.approx(offset, abs=1e-12)


def test_boxes_that_overlap_give_the_depth_along_the_shallowest_face():
    gap = separation(
        box([0.1, 0.2, 0.3]), np.eye(4), box([0.1, 0.1, 0.1]), translation([0.09, 0.01, 0])
    )
    assert gap == pytest.approx(-0.01, abs=1e-12)


def test_parallel_cylinders_and_balls_and_boxes_corner_to_corner():
    assert separation(
        cylinder(0.02, 0.07), np.eye(4), cylinder(0.004, 0.03), translation([0.012, 0.016, 0.01])
    ) == pytest.approx(0.02 - 0.012, abs=1e-12)
    assert separation(
        ball(0.02), np.eye(4), ball(0.04), translation([0.03, 0.04, 0.12])
    ) == pytest.approx(0.13 - 0.03, abs=1e-12)
    corners = separation(
        box([0.02, 0.02, 0.02]), np.eye(4), box([0.02, 0.02, 0.02]), translation([0.03, 0.03, 0.03])
    )
    assert corners == pytest.approx(np.sqrt(3) * 0.01, abs=1e-9)


def test_edge_to_edge_of_crossed_boxes():
    turned = pose(rotation_z(np.pi / 4), [0.08, 0, 0])
    gap = separation(box([0.1, 0.1, 0.1]), np.eye(4), box([0.02, 0.02, 0.02]), turned)
    assert gap == pytest.approx(0.03 - 0.01 * np.sqrt(2), abs=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_horizon_only_coarsens_what_is_beyond_it(seed):
    rng = np.random.default_rng(seed)
    (a, T_a), (b, T_b) = any_shapes(rng, 20), any_shapes(rng, 20)
    exact, coarse = separation(a, T_a, b, T_b), separation(a, T_a, b, T_b, horizon_m=0.03)
    near = exact < 0.03
    assert np.array_equal(exact[near], coarse[near])
    assert (coarse[~near] >= 0.03).all()
    assert (coarse <= exact + 1e-12).all()


def test_separation_of_no_pairs_is_empty_and_batches_broadcast():
    none = box(np.zeros((0, 3)))
    assert separation(none, np.zeros((0, 4, 4)), none, np.zeros((0, 4, 4))).shape == (0,)
    many = box(np.full((4, 1, 3), 0.1))
    gaps = separation(many, np.tile(np.eye(4), (4, 1, 1, 1)), many[0], translation(np.ones((3, 3))))
    assert gaps.shape == (4, 3)


def test_support_reaches_the_farthest_point():
    rng = np.random.default_rng(3)
    shapes, _ = any_shapes(rng, 30)
    n = exp_rotation(rng.normal(size=(30, 3)))[:, 0]
    farthest = nearest_point(shapes, 1e6 * n)
    reach = (points_in(rng, shapes, 200) * n[:, None]).sum(axis=-1).max(axis=1)
    assert (support(shapes, n) >= reach - 1e-12).all()
    assert np.allclose(support(shapes, n), (farthest * n).sum(axis=-1), atol=1e-6)


def test_nearest_point_of_a_point_inside_is_itself():
    rng = np.random.default_rng(4)
    shapes, _ = any_shapes(rng, 50)
    inside = 0.5 * points_in(rng, shapes, 1)[:, 0]
    assert np.allclose(nearest_point(shapes, inside), inside, atol=1e-15)


@given(st.integers(0, 2**32 - 1))
def test_rounded_rectangle_distance_agrees_with_sampled_outlines(seed):
    rng = np.random.default_rng(seed)
    half = rng.uniform(0.01, 0.1, 2)
    radius = rng.uniform(0.0, half.min())
    turn = np.linspace(0, np.pi / 2, 200)
    arc = half - radius + radius * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    edge = np.linspace([half[0], 0], [half[0], half[1] - radius], 200)
    top = np.linspace([half[0] - radius, half[1]], [0, half[1]], 200)
    outline = np.concatenate([edge, arc, top])
    p = rng.uniform(-0.15, 0.15, (20, 2))
    sampled = np.linalg.norm(np.abs(p)[:, None] - outline, axis=-1).min(axis=1)
    signed = rounded_rectangle_distance(p, half, radius)
    assert np.allclose(np.abs(signed), sampled, atol=6e-4)
    core = np.abs(p) - (half - radius)
    inside = (np.abs(p) <= half).all(axis=1) & (
        (core <= 0).any(axis=1) | (np.linalg.norm(core, axis=1) <= radius)
    )
    assert np.array_equal(signed <= 0, inside)
