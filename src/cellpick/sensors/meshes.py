"""Triangle meshes of all bodies: every one is a loft of a rounded rectangle along z.

A disc is a rounded rectangle without straight sides, a sharp box one without rounding. Vertices
are doubled where a normal jumps, so that normals interpolated over a triangle are right everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, transform

ARC_SEGMENTS = 8
"""Segments of a quarter circle on a small rounding: at 3 mm radius within 15 micrometres."""
DISC_SEGMENTS = 24
"""Segments of a quarter of a disc: at 23 mm radius within 12 micrometres."""
RIM_SEGMENTS = 4
"""Segments of the quarter circle between a side and an end face."""

Ring = tuple[float, float, float, float]
"""Inset from the outline, z, and the normal's parts outwards and along z."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """A body's surface in its own frame."""

    vertices: Floats
    """(n, 3) metres."""
    normals: Floats
    """(n, 3) unit outward normals."""
    triangles: NDArray[np.int64]
    """(m, 3) rows of `vertices`."""
    facets: NDArray[np.int64]
    """(m,) smooth piece of the surface: 0 bottom cap, 1 top cap, others by strip and side."""

    def moved(self, T_new_old: Floats) -> Mesh:
        """The same surface in another frame."""
        normals = self.normals @ T_new_old[:3, :3].T
        return Mesh(transform(T_new_old, self.vertices), normals, self.triangles, self.facets)


def loft(
    half_m: tuple[float, float],
    radius_m: float,
    strips: Sequence[tuple[Ring, Ring]],
    caps: tuple[Ring | None, Ring | None] = (None, None),
) -> Mesh:
    """Strips between rings of a rounded rectangle, and caps (bottom, top) that close it.

    `half_m` are half extents in x and y, `radius_m` the rounding of the upright edges.
    """
    is_disc = radius_m >= min(half_m) - 1e-12 and abs(half_m[0] - half_m[1]) < 1e-12
    parts = [_strip(half_m, radius_m, is_disc, a, b, i) for i, (a, b) in enumerate(strips)]
    parts += [
        _cap(half_m, radius_m, is_disc, ring, facet)
        for facet, ring in enumerate(caps)
        if ring is not None
    ]
    return joined(parts)


def quads(rects_m: Floats, z_m: float) -> Mesh:
    """Upward rectangles (n, 4) x0, y0, x1, y1 at height `z_m`, a smooth piece each."""
    corners = rects_m[:, [[0, 1], [2, 1], [2, 3], [0, 3]]].reshape(-1, 2)
    first = 4 * np.arange(len(rects_m), dtype=np.int64)
    triangles = np.add.outer(first, np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)
    return Mesh(
        np.column_stack([corners, np.full(len(corners), z_m)]),
        np.tile([0.0, 0.0, 1.0], (len(corners), 1)),
        triangles,
        np.repeat(np.arange(len(rects_m)), 2),
    )


def joined(parts: Sequence[Mesh]) -> Mesh:
    """One mesh of several; facets keep their numbers."""
    offsets = np.cumsum([0, *(len(part.vertices) for part in parts[:-1])])
    return Mesh(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([p.triangles + o for p, o in zip(parts, offsets, strict=True)]),
        np.concatenate([part.facets for part in parts]),
    )


def box(size_m: Floats) -> Mesh:
    """A sharp box (3,) of full extents, centred."""
    x, y, z = (float(s) / 2 for s in size_m)
    return loft((x, y), 0.0, [_side(-z, z)], ((0, -z, 0, -1), (0, z, 0, 1)))


def cylinder(diameter_m: float, length_m: float) -> Mesh:
    """A sharp-edged cylinder along z, centred."""
    r, z = diameter_m / 2, length_m / 2
    return loft((r, r), r, [_side(-z, z)], ((0, -z, 0, -1), (0, z, 0, 1)))


def sphere(diameter_m: float) -> Mesh:
    """A sphere, centred."""
    r = diameter_m / 2
    c, s = _quarter(-np.pi / 2, np.pi / 2, 2 * ARC_SEGMENTS)
    rings = [(r * (1 - c[i]), r * s[i], c[i], s[i]) for i in range(len(c))]
    return loft((r, r), r, list(pairwise(rings)))


def rounded_prism(
    half_m: tuple[float, float],
    radius_m: float,
    z_m: tuple[float, float],
    rims_m: tuple[float, float],
    between: Sequence[Ring] = (),
) -> Mesh:
    """A prism from z_m[0] to z_m[1] whose bottom and top edges are rounded by `rims_m`; rings
    `between` them, upwards, shape its side."""
    (z0, z1), (r0, r1) = z_m, rims_m
    rings: list[Ring] = []
    c, s = _quarter(-np.pi / 2, 0.0, RIM_SEGMENTS)
    rings += [(r0 * (1 - c[i]), z0 + r0 * (1 + s[i]), c[i], s[i]) for i in range(len(c))]
    rings += between
    c, s = _quarter(0.0, np.pi / 2, RIM_SEGMENTS)
    rings += [(r1 * (1 - c[i]), z1 - r1 * (1 - s[i]), c[i], s[i]) for i in range(len(c))]
    strips = list(pairwise(rings))
    return loft(half_m, radius_m, strips, ((r0, z0, 0, -1), (r1, z1, 0, 1)))


def tube(outer_m: float, inner_m: float, z_m: tuple[float, float]) -> Mesh:
    """A ring of two diameters from z_m[0] to z_m[1], open below."""
    (z0, z1), w = z_m, (outer_m - inner_m) / 2
    strips = [
        _side(z0, z1),
        ((0.0, z1, 0.0, 1.0), (w, z1, 0.0, 1.0)),
        ((w, z1, -1.0, 0.0), (w, z0, -1.0, 0.0)),
    ]
    return loft((outer_m / 2, outer_m / 2), outer_m / 2, strips)


def _side(z0: float, z1: float) -> tuple[Ring, Ring]:
    return (0.0, z0, 1.0, 0.0), (0.0, z1, 1.0, 0.0)


def _quarter(start: float, stop: float, segments: int) -> tuple[Floats, Floats]:
    angles = np.linspace(start, stop, segments + 1)
    return np.cos(angles), np.sin(angles)


def _outline(
    half_m: tuple[float, float], radius_m: float, is_disc: bool, inset_m: float
) -> tuple[Floats, Floats]:
    """Points (n, 2), counter-clockwise from +x, and normals (n, 2) of the inset outline."""
    segments = DISC_SEGMENTS if is_disc else (ARC_SEGMENTS if radius_m > 0 else 1)
    turn = np.linspace(0, np.pi / 2, segments + 1)
    angles = np.add.outer(np.arange(4) * np.pi / 2, turn)
    normals = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    centre = np.maximum(np.array(half_m) - max(radius_m, inset_m), 0.0)
    corner = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * centre
    radius = max(radius_m - inset_m, 0.0)
    if is_disc:  # so that the polygon's mean radius is the circle's
        radius /= 1 - (np.pi / 4 / segments) ** 2 / 3
    points = corner[:, None, :] + radius * normals
    return points.reshape(-1, 2), normals.reshape(-1, 2)


def _strip(
    half_m: tuple[float, float], radius_m: float, is_disc: bool, a: Ring, b: Ring, index: int
) -> Mesh:
    vertices, normals = [], []
    for inset, z, outwards, up in (a, b):
        p, n = _outline(half_m, radius_m, is_disc, inset)
        vertices.append(np.column_stack([p, np.full(len(p), z)]))
        normals.append(np.column_stack([n * outwards, np.full(len(p), up)]))
    count = len(vertices[0])
    i, j = np.arange(count), (np.arange(count) + 1) % count
    triangles = np.concatenate(
        [np.column_stack([i, j, j + count]), np.column_stack([i, j + count, i + count])]
    )
    per_corner = count // 4
    # corner arcs are even pieces, the straight side after each the odd one
    piece = (
        np.zeros(count) if is_disc else 2 * (i // per_corner) + (i % per_corner == per_corner - 1)
    )
    facets = np.tile(2 + 8 * index + piece.astype(np.int64), 2)
    return Mesh(np.concatenate(vertices), np.concatenate(normals), triangles, facets)


def _cap(
    half_m: tuple[float, float], radius_m: float, is_disc: bool, ring: Ring, facet: int
) -> Mesh:
    inset, z, _, up = ring
    p, _ = _outline(half_m, radius_m, is_disc, inset)
    n = len(p)
    # strips between mirrored points: a fan's long slivers would slow ray casting down
    i = np.arange(n // 2 - 1)
    j = n - 1 - i
    triangles = np.concatenate([np.column_stack([i, i + 1, j - 1]), np.column_stack([i, j - 1, j])])
    return Mesh(
        np.column_stack([p, np.full(n, z)]),
        np.tile([0.0, 0.0, up], (n, 1)),
        triangles[:, :: int(np.sign(up))],
        np.full(len(triangles), facet),
    )
