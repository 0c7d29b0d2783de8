"""Projection with its derivatives, for the joint solution."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cellpick.geometry import Floats, distort

INTRINSICS = 9
"""fx fy cx cy k1 k2 p1 p2 k3."""


class Projection(NamedTuple):
    """n projected points."""

    pixels: Floats
    """(n, 2)."""
    by_point: Floats
    """(n, 2, 3) derivatives by the point in the camera frame."""
    by_intrinsics: Floats
    """(n, 2, 9) derivatives by fx fy cx cy k1 k2 p1 p2 k3."""


def project_with_derivatives(p_camera: Floats, intrinsics: Floats) -> Projection:
    """Points (n, 3) in front of a camera with `intrinsics` (9,)."""
    fx, fy, cx, cy, k1, k2, p1, p2, k3 = intrinsics
    z = p_camera[:, 2]
    x, y = p_camera[:, 0] / z, p_camera[:, 1] / z
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    slope = k1 + r2 * (2 * k2 + 3 * r2 * k3)
    d = distort(np.stack([x, y], axis=1), intrinsics[4:])
    # distorted (xd, yd) by ideal (x, y); Brown's model, as in geometry.cameras
    ideal = np.empty((len(z), 2, 2))
    ideal[:, 0, 0] = radial + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x
    ideal[:, 0, 1] = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y
    ideal[:, 1, 0] = ideal[:, 0, 1]
    ideal[:, 1, 1] = radial + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x
    by_point = np.zeros((len(z), 2, 3))
    by_point[:, 0, 0] = by_point[:, 1, 1] = 1 / z
    by_point[:, 0, 2], by_point[:, 1, 2] = -x / z, -y / z
    focal = np.array([fx, fy])
    by_point = focal[:, None] * (ideal @ by_point)
    own = np.zeros((len(z), 2, INTRINSICS))
    own[:, 0, 0], own[:, 1, 1] = d[:, 0], d[:, 1]
    own[:, 0, 2] = own[:, 1, 3] = 1.0
    for column, power in ((4, r2), (5, r2**2), (8, r2**3)):
        own[:, 0, column], own[:, 1, column] = fx * x * power, fy * y * power
    own[:, 0, 6], own[:, 1, 6] = fx * 2 * x * y, fy * (r2 + 2 * y * y)
    own[:, 0, 7], own[:, 1, 7] = fx * (r2 + 2 * x * x), fy * 2 * x * y
    return Projection(d * focal + np.array([cx, cy]), by_point, own)


def intrinsics_of(K: Floats, distortion: Floats) -> Floats:
    """(9,) of a pinhole matrix and a distortion."""
    return np.array([K[0, 0], K[1, 1], K[0, 2], K[1, 2], *distortion])


def pinhole_of(intrinsics: Floats) -> tuple[Floats, Floats]:
    """Pinhole matrix (3, 3) and distortion (5,) of intrinsics (9,)."""
    fx, fy, cx, cy = intrinsics[:4]
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]]), intrinsics[4:].copy()
