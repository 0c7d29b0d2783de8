"""Where in a picture the first hit may change from one smooth piece of a surface to another.

What a ray meets first changes only across the picture of a mesh edge that bounds a smooth piece or
parts a triangle that faces the eye from one that faces away. All other pixels see what their
neighbours see, so that few rays tell all of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.sensors.lens import Lens
from cellpick.sensors.meshes import Mesh

Array = NDArray[np.float32]
NEAR_M = 1e-3
"""Edges are cut off at this distance in front of the eye."""
OPEN = -1
"""Second triangle of an edge that has none, or several."""
STEP_PX = 0.25
"""Spacing of the marks along an edge: a pixel that is passed over loses less than 1/64 of its
area to the edge's other side."""


def mesh_edges(mesh: Mesh) -> NDArray[np.int32]:
    """Edges (e, 4) that can be outlines: two rows of vertices and of the triangles that they join.

    Edges inside a flat smooth piece are left out.
    """
    grid = np.round(mesh.vertices * 1e7).astype(np.int64)  # doubled vertices count as one
    place = np.unique(grid, axis=0, return_inverse=True)[1].reshape(-1)
    ends = mesh.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    triangle = np.repeat(np.arange(len(mesh.triangles)), 3)
    low, high = np.sort(place[ends], axis=1).T
    order = np.lexsort((high, low))
    order = order[low[order] != high[order]]
    key = low[order] * len(grid) + high[order]
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    head = order[first]
    tail = order[np.minimum(first + 1, len(order) - 1)]
    other = np.where(count == 2, triangle[tail], OPEN)
    corner = mesh.normals[mesh.triangles]
    curved = np.abs(corner - corner[:, :1]).max(axis=(1, 2)) > 1e-6
    facet = mesh.facets
    keep = (other == OPEN) | curved[triangle[head]] | (facet[triangle[head]] != facet[other])
    columns = [ends[head, 0], ends[head, 1], triangle[head], other]
    result: NDArray[np.int32] = np.stack(columns, axis=1)[keep].astype(np.int32)
    return result


def outlines(
    lens: Lens,
    T_world_camera: Floats,
    vertices: Array,
    edges: NDArray[np.int32],
    facing: NDArray[np.bool_],
    facets: NDArray[np.int32],
    field: tuple[Array, Array] | None = None,
) -> NDArray[np.bool_]:
    """(h, w) pixels that an outline crosses, whether or not something hides it.

    With a `field` of least and largest x and y of rays, lines that miss it are left out.

    `vertices` (k, 3) are in the world frame, `facing` (m,) tells the triangles whose outer side
    the eye sees, `facets` (m,) their smooth pieces.
    """
    R = T_world_camera[:3, :3].astype(np.float32)
    p = (vertices - T_world_camera[:3, 3].astype(np.float32)) @ R
    if field is not None:
        edges = edges[_touches(p, edges, *field)]
    a, b = edges[:, 2], edges[:, 3]
    front_a, front_b = facing[a], facing[b]
    bounds = (front_a | front_b) & ((facets[a] != facets[b]) | (front_a != front_b))
    drawn = edges[bounds | (b == OPEN)]
    return _marked(lens, p[drawn[:, 0]], p[drawn[:, 1]])


def _touches(p: Array, edges: NDArray[np.int32], low: Array, high: Array) -> NDArray[np.bool_]:
    """(e,) edges between points (k, 3) of the camera frame that may be seen from `low` to `high`.

    An edge that starts behind the eye may be seen anywhere.
    """
    behind = p[:, 2] <= NEAR_M
    xy = p[:, :2] / np.maximum(p[:, 2:], np.float32(NEAR_M))
    under, over = (xy < low) & ~behind[:, None], (xy > high) & ~behind[:, None]
    a, b = edges[:, 0], edges[:, 1]
    result: NDArray[np.bool_] = ~((under[a] & under[b]) | (over[a] & over[b])).any(axis=1)
    return result


def _marked(lens: Lens, a: Array, b: Array) -> NDArray[np.bool_]:
    """(h, w) pixels on the segments from `a` to `b` (n, 3), in the camera frame."""
    a, b = _in_front(a, b)
    a, b = _inside(a[:, :2] / a[:, 2:], b[:, :2] / b[:, 2:], *lens.field)
    way = b - a
    count = np.ceil(np.abs(way).max(axis=1) / (STEP_PX * lens.pixel_rad)).astype(np.int64) + 1
    row = np.repeat(np.arange(len(a)), count)
    step = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    share = (step / np.maximum(count[row] - 1, 1)).astype(np.float32)
    return lens.mask(a[row] + share[:, None] * way[row])


def _in_front(a: Array, b: Array) -> tuple[Array, Array]:
    """The segments (n, 3) cut off at the near plane; those behind it are left out."""
    seen = (a[:, 2] > NEAR_M) | (b[:, 2] > NEAR_M)
    a, b = a[seen], b[seen]
    rise = np.where(a[:, 2] == b[:, 2], np.float32(1), b[:, 2] - a[:, 2])
    cut = ((np.float32(NEAR_M) - a[:, 2]) / rise)[:, None]
    crossing = a + cut * (b - a)
    crossing[:, 2] = NEAR_M
    behind_a, behind_b = (a[:, 2] < NEAR_M)[:, None], (b[:, 2] < NEAR_M)[:, None]
    return np.where(behind_a, crossing, a), np.where(behind_b, crossing, b)


def _inside(a: Array, b: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """The parts of segments (n, 2) inside the rectangle from `low` to `high` (2,).

    Liang and Barsky (1984), "A new concept and method for line clipping".
    """
    way = b - a
    slope = np.where(np.abs(way) < 1e-12, np.float32(1e-12), way)
    at_low, at_high = (low - a) / slope, (high - a) / slope
    start = np.maximum(np.minimum(at_low, at_high).max(axis=1), 0)
    stop = np.minimum(np.maximum(at_low, at_high).min(axis=1), 1)
    seen = start <= stop
    a, way, start, stop = a[seen], way[seen], start[seen, None], stop[seen, None]
    return a + start * way, a + stop * way
