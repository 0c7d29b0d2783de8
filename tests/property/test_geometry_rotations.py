"""Group laws of rotations and poses, over batch shapes and over angles up to pi."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cellpick.geometry import (
    angle_between,
    difference,
    exp_rotation,
    from_rpy,
    from_xyz_rpy,
    invert,
    log_rotation,
    matrix_of,
    perturb,
    pose,
    quaternion_of,
    rotation_z,
    skew,
    transform,
    translation,
)

TIGHT = {"rtol": 0, "atol": 1e-12}
batches = array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=4)


def vectors(limit: float, width: int = 3):
    """Arrays (..., width) of numbers up to `limit`, over batch shapes, empty ones included."""
    numbers = st.floats(-limit, limit, allow_subnormal=False)
    return batches.flatmap(lambda batch: arrays(np.float64, (*batch, width), elements=numbers))


def poses():
    return vectors(3.0, 6).map(lambda v: pose(exp_rotation(v[..., 3:]), v[..., :3]))


@given(vectors(10.0))
def test_rotations_are_orthonormal_and_right_handed(rotvec):
    R = exp_rotation(rotvec)
    np.testing.assert_allclose(
        R @ np.swapaxes(R, -1, -2), np.broadcast_to(np.eye(3), R.shape), **TIGHT
    )
    np.testing.assert_allclose(np.linalg.det(R), np.ones(R.shape[:-2]), **TIGHT)


@given(vectors(1.8))
def test_the_logarithm_undoes_the_exponential_below_pi(rotvec):
    np.testing.assert_allclose(log_rotation(exp_rotation(rotvec)), rotvec, atol=1e-9, rtol=0)


@given(vectors(20.0))
def test_the_exponential_undoes_the_logarithm_at_every_angle(rotvec):
    R = exp_rotation(rotvec)
    w = log_rotation(R)
    np.testing.assert_allclose(exp_rotation(w), R, atol=1e-9, rtol=0)
    assert (np.linalg.norm(w, axis=-1) <= np.pi + 1e-12).all()


@pytest.mark.parametrize("off", [0.0, 1e-15, 1e-9, 1e-6, -1e-9])
def test_half_turns_about_every_axis_survive(off):
    axes = np.random.default_rng(0).normal(size=(500, 3))
    axes = np.concatenate([axes, np.eye(3), -np.eye(3)])
    axes /= np.linalg.norm(axes, axis=-1, keepdims=True)
    R = exp_rotation(axes * (np.pi + off))
    np.testing.assert_allclose(exp_rotation(log_rotation(R)), R, atol=1e-8, rtol=0)
    np.testing.assert_allclose(matrix_of(quaternion_of(R)), R, atol=1e-8, rtol=0)


@given(vectors(20.0))
def test_quaternions_are_unit_with_positive_w_and_come_back(rotvec):
    R = exp_rotation(rotvec)
    q = quaternion_of(R)
    np.testing.assert_allclose(np.linalg.norm(q, axis=-1), np.ones(q.shape[:-1]), **TIGHT)
    assert (q[..., 0] >= 0).all()
    np.testing.assert_allclose(matrix_of(q), R, atol=1e-12, rtol=0)


def test_quaternions_are_wxyz():
    np.testing.assert_allclose(
        quaternion_of(rotation_z(np.pi / 2)), [np.sqrt(0.5), 0, 0, np.sqrt(0.5)], **TIGHT
    )


@given(vectors(5.0), st.floats(-5, 5))
def test_skew_is_the_cross_product(a, x):
    b = np.array([x, 1.0, -2.0])
    np.testing.assert_allclose((skew(a) @ b), np.cross(a, b), **TIGHT)


def test_urdf_angles_turn_about_fixed_axes_x_then_y_then_z():
    Rx, Ry, Rz = (exp_rotation(a * np.eye(3)[i]) for i, a in enumerate((0.3, -0.7, 1.9)))
    np.testing.assert_allclose(from_rpy([0.3, -0.7, 1.9]), Rz @ Ry @ Rx, **TIGHT)
    T = from_xyz_rpy([1, 2, 3], [0.3, -0.7, 1.9])
    np.testing.assert_allclose(T, pose(Rz @ Ry @ Rx, [1, 2, 3]), **TIGHT)


@given(poses())
def test_a_pose_times_its_inverse_is_the_identity(T):
    identity = np.broadcast_to(np.eye(4), T.shape)
    np.testing.assert_allclose(T @ invert(T), identity, atol=1e-11, rtol=0)
    np.testing.assert_allclose(invert(T) @ T, identity, atol=1e-11, rtol=0)
    np.testing.assert_allclose(invert(invert(T)), T, atol=1e-11, rtol=0)


@given(poses(), vectors(2.0).filter(lambda p: p.ndim == 2))
def test_transforming_twice_is_transforming_by_the_product(T, p):
    U = pose(exp_rotation([0.4, -1.0, 2.0]), [0.1, 0.2, -0.3])
    np.testing.assert_allclose(
        transform(U, transform(T, p)), transform(U @ T, p), atol=1e-11, rtol=0
    )
    np.testing.assert_allclose(
        transform(invert(T), transform(T, p)),
        np.broadcast_to(p, (*T.shape[:-2], *p.shape)),
        atol=1e-11,
        rtol=0,
    )


@given(vectors(2.0))
def test_a_translation_only_moves(p):
    T = translation(p)
    np.testing.assert_array_equal(T[..., :3, :3], np.broadcast_to(np.eye(3), T[..., :3, :3].shape))
    np.testing.assert_array_equal(T[..., :3, 3], p)


@given(poses(), vectors(1.5, 6).filter(lambda d: d.ndim == 1))
def test_difference_undoes_perturb(T, delta):
    found = difference(T, perturb(T, delta))
    np.testing.assert_allclose(found, np.broadcast_to(delta, found.shape), atol=1e-9, rtol=0)


@given(poses())
def test_perturb_moves_in_the_moved_frame(T):
    moved = perturb(T, [0.1, 0, 0, 0, 0, 0.2])
    np.testing.assert_allclose(moved, T @ pose(rotation_z(0.2), [0.1, 0, 0]), atol=1e-12, rtol=0)


@given(st.floats(0, np.pi), vectors(1.0).filter(lambda a: a.ndim == 1 and np.linalg.norm(a) > 0.1))
def test_the_angle_between_rotations_is_the_angle_turned(angle, axis):
    R = exp_rotation([0.3, 0.2, -0.5])
    S = R @ exp_rotation(angle * axis / np.linalg.norm(axis))
    np.testing.assert_allclose(angle_between(R, S), angle, atol=1e-7)
    np.testing.assert_allclose(angle_between(S, R), angle, atol=1e-7)
