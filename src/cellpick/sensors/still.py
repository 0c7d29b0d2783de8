"""Which part of a picture may look different after bodies have moved in front of a still camera.

A body changes what is seen where it was and where it is, what its shadow falls on, and a little of
the sky's light and of reflections round it; these are given up beyond `REACH_M`, and nearer where
it hides less than `SKY` of the sky.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert, project, transform
from cellpick.scene.cameras import Light
from cellpick.sensors.bodies import WorldMesh
from cellpick.sensors.raycast import NO_HIT
from cellpick.sensors.samples import SQUARE_PX, any_in
from cellpick.sensors.seen import Seen
from cellpick.sensors.shading import dot

Array = NDArray[np.float32]
REACH_M = 0.1
"""How far the light round a body changes."""
SKY = 0.02
"""Share of the sky that does not matter: about one grey value."""
MARGIN_M = 2e-3
"""Added to a body on all sides where its shadow is looked for."""
MARGIN_PX = 3
"""Added to a body's outline in the picture."""
GRID_PX = 4
"""Light is compared on a grid of this spacing."""
MOST = 0.6
"""Share of the picture beyond which it is rendered afresh."""


@dataclass(frozen=True, eq=False)
class Changes:
    """What may differ in a picture."""

    hits: NDArray[np.bool_]
    """(h, w) pixels that may see something else, or an edge of it."""
    light: NDArray[np.bool_]
    """(rows, columns) squares of `SQUARE_PX` in which anything may look different."""


def changes(before: Seen, now: WorldMesh, T_world_camera: Floats) -> Changes | None:
    """What may look different from `before` through the same camera; None for too much."""
    was = before.scene.mesh
    bodies = moved_bodies(was, now)
    if bodies is None:
        return None
    shape = before.lens.shape
    hits = np.zeros(shape, dtype=np.uint8)
    light = np.zeros([-(-n // GRID_PX) for n in shape], dtype=np.bool_)
    points, normals, where = _grid(before)
    for body in bodies:
        for mesh in (was, now):
            vertices = mesh.vertices[mesh.body == body].astype(np.float64)
            if not _drawn(hits, before, invert(T_world_camera), vertices):
                return None
            low, high = vertices.min(axis=0), vertices.max(axis=0)
            touched = _sees(points, normals, low, high)
            for lamp in before.lighting.lights:
                if high[2] >= lamp.position_m[2]:
                    return None
                touched |= _shaded(points, lamp, low, high)
            light.reshape(-1)[where[touched]] = True
    kernel = np.ones((3, 3), dtype=np.uint8)
    near = cv2.dilate(light.view(np.uint8), kernel).astype(np.bool_)
    squares = any_in(near, SQUARE_PX // GRID_PX) | any_in(hits.astype(np.bool_), SQUARE_PX)
    if squares.mean() > MOST:
        return None
    return Changes(hits.astype(np.bool_), squares)


def moved_bodies(before: WorldMesh, now: WorldMesh) -> NDArray[np.int32] | None:
    """Bodies that moved; None when they are not the same bodies."""
    if before.triangles.shape != now.triangles.shape or before.body.shape != now.body.shape:
        return None
    if (before.body != now.body).any():
        return None
    moved = (before.vertices != now.vertices).any(axis=1)
    result: NDArray[np.int32] = np.unique(now.body[moved])
    return result


def _grid(seen: Seen) -> tuple[Array, Array, NDArray[np.int64]]:
    """Points and normals (n, 3) that a coarse grid of pixels sees, and their places in it (n,)."""
    h, w = seen.lens.shape
    rows, columns = np.arange(0, h, GRID_PX), np.arange(0, w, GRID_PX)
    pixels = (rows[:, None] * w + columns).ravel()
    triangle = seen.hits.triangle[pixels]
    where = np.flatnonzero(triangle != NO_HIT)
    way = seen.directions[pixels[where]]
    normal = seen.table.planes.normal[triangle[where]]
    normal = normal * np.where(dot(normal, way) > 0, -1, 1).astype(np.float32)[:, None]
    return seen.origin + seen.hits.t[pixels[where], None] * way, normal, where


def _drawn(hits: NDArray[np.uint8], seen: Seen, T_camera_world: Floats, vertices: Floats) -> bool:
    """Marks the pixels that a body may cover; False when it reaches behind the camera."""
    p = transform(T_camera_world, vertices)
    if (p[:, 2] <= 0).any():
        return False
    spec, limit = seen.lens.spec, 4 * max(hits.shape)
    pixels = project(p, spec.K, spec.distortion)
    hull = cv2.convexHull(np.clip(pixels, -limit, limit).round().astype(np.int32))
    outline = np.zeros_like(hits)
    cv2.fillConvexPoly(outline, hull, 1)
    side = 2 * MARGIN_PX + 1
    hits |= cv2.dilate(outline, np.ones((side, side), dtype=np.uint8)).astype(np.uint8)
    return True


def _sees(p: Array, normal: Array, low: Floats, high: Floats) -> NDArray[np.bool_]:
    """(n,) points from which the box from `low` to `high` (3,) hides some of the sky."""
    away = np.maximum(np.maximum(low - p, p - high), 0)
    distance = np.sqrt(dot(away, away))
    near = np.flatnonzero(distance < REACH_M)
    out = np.zeros(len(p), dtype=np.bool_)
    # the corner that stands highest above the surface
    corner = np.where(normal[near] > 0, high, low)
    rise = np.maximum(dot(normal[near], corner - p[near]), 0)
    flat = np.maximum(distance[near], 1e-6)
    turn = np.arctan(np.linalg.norm(high - low) / 2 / flat) / np.pi
    out[near] = turn * rise**2 / (rise**2 + flat**2) > SKY
    return out


def _shaded(p: Array, lamp: Light, low: Floats, high: Floats) -> NDArray[np.bool_]:
    """(n,) points from which the box from `low` to `high` (3,) may hide some of a lamp."""
    low, high = low.astype(np.float32), high.astype(np.float32)
    way = lamp.position_m.astype(np.float32) - p
    top = np.clip((high[2] - p[:, 2]) / np.maximum(way[:, 2], 1e-6), 0, 1)
    # rays to the lamp's rim are this far from that to its centre where they leave the box
    grown = (MARGIN_M + np.float32(lamp.radius_m) * top)[:, None]
    slope = np.where(np.abs(way) < 1e-9, np.float32(1e-9), way)
    at_low, at_high = (low - grown - p) / slope, (high + grown - p) / slope
    start = np.minimum(at_low, at_high).max(axis=1)
    stop = np.maximum(at_low, at_high).min(axis=1)
    shaded = np.maximum(start, 0) <= np.minimum(stop, 1)
    result: NDArray[np.bool_] = np.logical_and(shaded, way[:, 2] > 0)
    return result
