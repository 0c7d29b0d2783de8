"""Rotations as (..., 3, 3) matrices, rotation vectors and wxyz quaternions, batched."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cellpick.geometry.arrays import Floats, checked


def skew(vector: ArrayLike) -> Floats:
    """Cross-product matrix (..., 3, 3) of (..., 3) vectors: `skew(a) @ b == cross(a, b)`."""
    v = checked("vector", vector, (3,), batch=True)
    out = np.zeros((*v.shape[:-1], 3, 3))
    out[..., 0, 1], out[..., 0, 2] = -v[..., 2], v[..., 1]
    out[..., 1, 0], out[..., 1, 2] = v[..., 2], -v[..., 0]
    out[..., 2, 0], out[..., 2, 1] = -v[..., 1], v[..., 0]
    return out


def exp_rotation(rotvec: ArrayLike) -> Floats:
    """Rotation matrices (..., 3, 3) of rotation vectors (..., 3) in radians (Rodrigues)."""
    w = checked("rotvec", rotvec, (3,), batch=True)
    angle = np.linalg.norm(w, axis=-1)[..., None, None]
    k = skew(w)
    a = np.sinc(angle / np.pi)
    b = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    result: Floats = np.eye(3) + a * k + b * (k @ k)
    return result


def log_rotation(R: ArrayLike) -> Floats:
    """Rotation vectors (..., 3) in radians of rotation matrices (..., 3, 3); angle in [0, pi]."""
    q = quaternion_of(R)
    sign = np.where(q[..., :1] < 0, -1.0, 1.0)
    w, v = (q * sign)[..., :1], (q * sign)[..., 1:]
    length = np.linalg.norm(v, axis=-1, keepdims=True)
    angle = 2 * np.arctan2(length, w)
    scale = np.where(length > 1e-12, angle / np.where(length > 1e-12, length, 1.0), 2.0)
    result: Floats = v * scale
    return result


def quaternion_of(R: ArrayLike) -> Floats:
    """Unit quaternions wxyz (..., 4) of rotation matrices (..., 3, 3), w >= 0.

    Bar-Itzhack (2000), "New method for extracting the quaternion from a rotation matrix", by
    Shepperd's largest-diagonal choice: stable at every angle.
    """
    m = checked("R", R, (3, 3), batch=True)
    trace = np.trace(m, axis1=-2, axis2=-1)
    d = np.moveaxis(np.diagonal(m, axis1=-2, axis2=-1), -1, 0)
    # column k holds 4 * q_k * q: pick the best-conditioned one
    table = np.empty((*m.shape[:-2], 4, 4))
    table[..., 0, 0] = 1 + trace
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        table[..., i + 1, i + 1] = 1 + d[i] - d[j] - d[k]
        table[..., 0, i + 1] = table[..., i + 1, 0] = m[..., k, j] - m[..., j, k]
        table[..., j + 1, i + 1] = table[..., i + 1, j + 1] = m[..., j, i] + m[..., i, j]
    best = np.argmax(np.diagonal(table, axis1=-2, axis2=-1), axis=-1)
    q = np.take_along_axis(table, best[..., None, None], axis=-2)[..., 0, :]
    q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    result: Floats = np.where(q[..., :1] < 0, -q, q)
    return result


def matrix_of(quaternion: ArrayLike) -> Floats:
    """Rotation matrices (..., 3, 3) of quaternions wxyz (..., 4), normalised first."""
    q = checked("quaternion", quaternion, (4,), batch=True)
    q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    w, v = q[..., :1, None], q[..., 1:]
    result: Floats = (
        (2 * w**2 - 1) * np.eye(3) + 2 * w * skew(v) + 2 * v[..., :, None] * v[..., None, :]
    )
    return result


def from_rpy(rpy: ArrayLike) -> Floats:
    """Rotation matrices of URDF rpy (..., 3) in radians: Rz(yaw) Ry(pitch) Rx(roll)."""
    angles = checked("rpy", rpy, (3,), batch=True)
    result: Floats = (
        exp_rotation(angles[..., 2:] * np.array([0.0, 0.0, 1.0]))
        @ exp_rotation(angles[..., 1:2] * np.array([0.0, 1.0, 0.0]))
        @ exp_rotation(angles[..., :1] * np.array([1.0, 0.0, 0.0]))
    )
    return result


def rotation_z(yaw: ArrayLike) -> Floats:
    """Rotation matrices (..., 3, 3) about +z by `yaw` (...) radians."""
    angle = np.asarray(yaw, dtype=np.float64)
    return exp_rotation(angle[..., None] * np.array([0.0, 0.0, 1.0]))
