"""Distances of convex bodies, and of discs on a face, batched.

`separation` is a lower bound: for every unit axis n the gap between the two shadows on n is at most
the distance (the separating-axis theorem: Gottschalk, Lin and Manocha 1996, "OBBTree", section 5).
It takes the largest gap over the faces' normals and the direction that alternating projections
find (Cheney and Goldstein 1959), so it may be too small but never too large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellpick.geometry.arrays import Floats, checked

_PROJECTIONS = 12
_TINY = 1e-9


@dataclass(frozen=True, eq=False)
class ConvexShapes:
    """Boxes, cylinders along z and balls about their own origin: a core, swept by a disc or a ball.

    Batch axes of the three fields agree.
    """

    half: Floats
    """(..., 3) half extents of the core in metres: a box's own, (0, 0, h / 2) for a cylinder."""
    disc: Floats
    """(...) radius in the x-y plane that is added: a cylinder's, else 0."""
    ball: Floats
    """(...) radius that is added all round: a ball's, else 0."""

    def __getitem__(self, rows: Any) -> ConvexShapes:
        """The shapes at `rows` of the batch axes, as NumPy indexes them."""
        return ConvexShapes(self.half[rows], self.disc[rows], self.ball[rows])

    def paired(self, shape: tuple[int, ...], pairs: NDArray[np.bool_]) -> ConvexShapes:
        """The shapes at `pairs`, after broadcasting the batch axes to `shape`."""
        return ConvexShapes(
            _paired(self.half, shape, pairs, 1),
            _paired(self.disc, shape, pairs, 0),
            _paired(self.ball, shape, pairs, 0),
        )


def support(shapes: ConvexShapes, n: ArrayLike) -> Floats:
    """Extent (...) in metres of the shapes from their origin along directions n (..., 3)."""
    d = checked("n", n, (3,), batch=True)
    flat = np.hypot(d[..., 0], d[..., 1])
    core = (shapes.half * np.abs(d)).sum(axis=-1)
    result: Floats = core + shapes.disc * flat + shapes.ball * np.linalg.norm(d, axis=-1)
    return result


def nearest_point(shapes: ConvexShapes, p: ArrayLike) -> Floats:
    """The point (..., 3) of each shape that is nearest to `p` (..., 3), in the shape's frame."""
    p_ = checked("p", p, (3,), batch=True)
    core = np.clip(p_, -shapes.half, shapes.half)
    rest = p_ - core
    flat = np.hypot(rest[..., 0], rest[..., 1])
    disc = np.minimum(1.0, shapes.disc / np.maximum(flat, _TINY))
    ball = np.minimum(1.0, shapes.ball / np.maximum(np.linalg.norm(rest, axis=-1), _TINY))
    added = rest * ball[..., None]
    added[..., :2] = rest[..., :2] * np.maximum(disc, ball)[..., None]
    result: Floats = core + added
    return result


def separation(
    a: ConvexShapes, T_a: ArrayLike, b: ConvexShapes, T_b: ArrayLike, horizon_m: float = np.inf
) -> Floats:
    """Lower bound (...) in metres of the distance between bodies; negative where they overlap.

    `T_a`, `T_b` (..., 4, 4) are the bodies' poses; all batch axes broadcast. Bodies that are
    shown to be `horizon_m` apart are not looked at more closely.
    """
    T_a_ = checked("T_a", T_a, (4, 4), batch=True)
    T_b_ = checked("T_b", T_b, (4, 4), batch=True)
    apart = np.linalg.norm(T_b_[..., :3, 3] - T_a_[..., :3, 3], axis=-1)
    bound: Floats = np.array(apart - _bounding_radius(a) - _bounding_radius(b), ndmin=1)
    shape = bound.shape
    near = bound < horizon_m
    if near.any():
        T_near_a, T_near_b = _paired(T_a_, shape, near, 2), _paired(T_b_, shape, near, 2)
        near_a, near_b = a.paired(shape, near), b.paired(shape, near)
        gaps = _near_separation(near_a, T_near_a, near_b, T_near_b, horizon_m)
        bound[near] = np.maximum(bound[near], gaps)
    return bound.reshape(np.shape(apart)) if np.ndim(apart) == 0 else bound


def _paired(x: Floats, shape: tuple[int, ...], pairs: NDArray[np.bool_], trailing: int) -> Floats:
    result: Floats = np.broadcast_to(x, (*shape, *x.shape[x.ndim - trailing :]))[pairs]
    return result


def _bounding_radius(shapes: ConvexShapes) -> Floats:
    flat = np.hypot(shapes.half[..., 0], shapes.half[..., 1]) + shapes.disc
    result: Floats = np.hypot(flat, shapes.half[..., 2]) + shapes.ball
    return result


def _near_separation(
    a: ConvexShapes, T_a: Floats, b: ConvexShapes, T_b: Floats, horizon_m: float
) -> Floats:
    """Largest gap (m,) over the axes, of m pairs; the projected axis only below the horizon."""
    R_a, R_b = T_a[:, :3, :3], T_b[:, :3, :3]
    normals = np.concatenate([np.swapaxes(R_a, 1, 2), np.swapaxes(R_b, 1, 2)], axis=1)
    gaps: Floats = _gaps_along(normals, a, T_a, b, T_b).max(axis=1)
    close = np.flatnonzero(gaps < horizon_m)
    a, T_a, b, T_b = a[close], T_a[close], b[close], T_b[close]
    found = _projected_axis(a, T_a, b, T_b)
    along = _gaps_along(found[:, None], a, T_a, b, T_b)[:, 0]
    met = (found * found).sum(axis=-1) < 0.5
    gaps[close] = np.maximum(gaps[close], np.where(met, -np.inf, along))
    return gaps


def _gaps_along(axes: Floats, a: ConvexShapes, T_a: Floats, b: ConvexShapes, T_b: Floats) -> Floats:
    """Gap (m, k) between the shadows of m pairs on unit axes (m, k, 3)."""
    offset = np.abs((axes @ (T_b[:, :3, 3] - T_a[:, :3, 3])[:, :, None])[..., 0])
    reach_a = support(a[:, None], axes @ T_a[:, :3, :3])
    result: Floats = offset - reach_a - support(b[:, None], axes @ T_b[:, :3, :3])
    return result


def _projected_axis(a: ConvexShapes, T_a: Floats, b: ConvexShapes, T_b: Floats) -> Floats:
    """Unit direction (m, 3) between nearly nearest points; zero where the bodies meet."""
    R_a, t_a = T_a[:, :3, :3], T_a[:, :3, 3]
    R_b, t_b = T_b[:, :3, :3], T_b[:, :3, 3]
    p = q = t_a
    for _ in range(_PROJECTIONS):
        q = _onto(b, R_b, t_b, p)
        p = _onto(a, R_a, t_a, q)
    d = q - p
    length = np.linalg.norm(d, axis=-1, keepdims=True)
    result: Floats = np.where(length > _TINY, d / np.maximum(length, _TINY), 0.0)
    return result


def _onto(shapes: ConvexShapes, R: Floats, t: Floats, p: Floats) -> Floats:
    local = ((p - t)[:, None, :] @ R)[:, 0]
    result: Floats = (R @ nearest_point(shapes, local)[..., None])[..., 0] + t
    return result


def rounded_rectangle_distance(p: ArrayLike, half: ArrayLike, radius: ArrayLike) -> Floats:
    """Signed distance (...) of points (..., 2) to a centred rectangle; negative inside.

    `half` (..., 2) are half extents, `radius` (...) that of the corners; exact (Quilez,
    "2D distance functions", rounded box). A square with `radius` equal to `half` is a disc.
    """
    p_ = checked("p", p, (2,), batch=True)
    r = np.asarray(radius, dtype=np.float64)
    q = np.abs(p_) - (checked("half", half, (2,), batch=True) - r[..., None])
    outside = np.linalg.norm(np.maximum(q, 0.0), axis=-1)
    result: Floats = outside + np.minimum(q.max(axis=-1), 0.0) - r
    return result
