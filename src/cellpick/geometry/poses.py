"""Poses as (..., 4, 4) matrices `T_a_b` that map b-coordinates to a, batched."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cellpick.geometry.arrays import Floats, checked
from cellpick.geometry.rotations import exp_rotation, from_rpy, log_rotation


def pose(R: ArrayLike, p: ArrayLike) -> Floats:
    """Poses (..., 4, 4) of rotations (..., 3, 3) and origins (..., 3) in metres; broadcasts."""
    R_, p_ = checked("R", R, (3, 3), batch=True), checked("p", p, (3,), batch=True)
    shape = np.broadcast_shapes(R_.shape[:-2], p_.shape[:-1])
    out = np.zeros((*shape, 4, 4))
    out[..., :3, :3], out[..., :3, 3], out[..., 3, 3] = R_, p_, 1.0
    return out


def translation(p: ArrayLike) -> Floats:
    """Poses (..., 4, 4) that only move, by (..., 3) metres."""
    return pose(np.eye(3), p)


def from_xyz_rpy(xyz: ArrayLike, rpy: ArrayLike) -> Floats:
    """Poses of URDF origins: xyz (..., 3) metres, rpy (..., 3) radians."""
    return pose(from_rpy(rpy), xyz)


def invert(T_a_b: ArrayLike) -> Floats:
    """`T_b_a` (..., 4, 4) of `T_a_b` (..., 4, 4)."""
    T = checked("T_a_b", T_a_b, (4, 4), batch=True)
    R_b_a = np.swapaxes(T[..., :3, :3], -1, -2)
    return pose(R_b_a, -(R_b_a @ T[..., :3, 3:])[..., 0])


def transform(T_a_b: ArrayLike, p_b: ArrayLike) -> Floats:
    """Points `p_a` (..., n, 3) of points `p_b` (..., n, 3); leading axes broadcast."""
    T = checked("T_a_b", T_a_b, (4, 4), batch=True)
    p = checked("p_b", p_b, (None, 3), batch=True)
    result: Floats = p @ np.swapaxes(T[..., :3, :3], -1, -2) + T[..., None, :3, 3]
    return result


def perturb(T_a_b: ArrayLike, delta: ArrayLike) -> Floats:
    """Move poses (..., 4, 4) by small motions (..., 6) given in the moved frame b itself.

    `delta` is (dx, dy, dz, rx, ry, rz) in metres and radians: p += R v, R = R exp(w). A cell's
    6 x 6 covariance is that of this vector, so a symmetry axis of the cell is an axis of it.
    """
    T = checked("T_a_b", T_a_b, (4, 4), batch=True)
    d = checked("delta", delta, (6,), batch=True)
    R = T[..., :3, :3]
    return pose(R @ exp_rotation(d[..., 3:]), T[..., :3, 3] + (R @ d[..., :3, None])[..., 0])


def difference(T_a_b: ArrayLike, T_a_c: ArrayLike) -> Floats:
    """The `delta` (..., 6) with `perturb(T_a_b, delta) == T_a_c`; metres and radians."""
    T, U = checked("T_a_b", T_a_b, (4, 4), batch=True), checked("T_a_c", T_a_c, (4, 4), batch=True)
    Rt = np.swapaxes(T[..., :3, :3], -1, -2)
    v = (Rt @ (U[..., :3, 3] - T[..., :3, 3])[..., None])[..., 0]
    result: Floats = np.concatenate([v, log_rotation(Rt @ U[..., :3, :3])], axis=-1)
    return result


def angle_between(R: ArrayLike, S: ArrayLike) -> Floats:
    """Rotation angle (...) in radians from `R` to `S`, both (..., 3, 3)."""
    R_, S_ = checked("R", R, (3, 3), batch=True), checked("S", S, (3, 3), batch=True)
    result: Floats = np.linalg.norm(log_rotation(np.swapaxes(R_, -1, -2) @ S_), axis=-1)
    return result
