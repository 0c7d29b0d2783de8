"""Which part of a picture may look different after bodies have moved in front of a still camera.

A body changes what is seen where it was and where it is, what its shadow falls on, and a little of
the sky's light and of reflections round it; these are given up beyond `REACH_M`, where a cell hides
less than a hundredth of the sky.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert, project, transform
from cellpick.scene.cameras import CameraSpec, Light
from cellpick.sensors.bodies import WorldMesh

REACH_M = 0.08
"""How far the light round a body changes."""
MARGIN_PX = 16
"""Rendered round a part and thrown away, as its border lacks neighbours."""
ALIGN_PX = 16
"""Parts begin on the grid of blocks that the whole picture is shaded in."""


@dataclass(frozen=True)
class Part:
    """Pixels from `top` and `left` up to `bottom` and `right`, these excluded."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def within(self, outer: Part) -> tuple[slice, slice]:
        """Its rows and columns in a picture of `outer`."""
        rows = slice(self.top - outer.top, self.bottom - outer.top)
        return rows, slice(self.left - outer.left, self.right - outer.left)

    def grown(self, shape: tuple[int, int]) -> Part:
        """With a margin, on the grid of blocks, within a picture of `shape`."""
        top, left = (max(n - MARGIN_PX, 0) // ALIGN_PX * ALIGN_PX for n in (self.top, self.left))
        bottom, right = (
            -(-(n + MARGIN_PX) // ALIGN_PX) * ALIGN_PX for n in (self.bottom, self.right)
        )
        return Part(top, left, min(bottom, shape[0]), min(right, shape[1]))


def moved_boxes(before: WorldMesh, now: WorldMesh) -> Floats | None:
    """Bounds (n, 2, 3) of bodies that moved, where they were and where they are.

    None when they are not the same bodies.
    """
    if before.triangles.shape != now.triangles.shape or before.body.shape != now.body.shape:
        return None
    if (before.body != now.body).any():
        return None
    changed = np.unique(now.body[(before.vertices != now.vertices).any(axis=1)])
    boxes = [
        [p.min(axis=0), p.max(axis=0)]
        for body in changed
        for p in (before.vertices[before.body == body], now.vertices[now.body == body])
    ]
    return np.array(boxes, dtype=np.float64).reshape(-1, 2, 3)


def changed_pixels(
    spec: CameraSpec,
    T_world_camera: Floats,
    before: WorldMesh,
    now: WorldMesh,
    lights: tuple[Light, ...],
    lowest_m: float,
) -> NDArray[np.bool_] | None:
    """(h, w) pixels that may look different; None for all of them.

    `lowest_m` is the height of the lowest place that the camera has seen.
    """
    boxes = moved_boxes(before, now)
    if boxes is None:
        return None
    floor_m = lowest_m - REACH_M
    changed = np.zeros((spec.height_px, spec.width_px), dtype=np.uint8)
    for low, high in boxes:
        corners = _corners(low, high)
        bodies = [_corners(low - REACH_M, high + REACH_M)]
        for light in lights:
            if high[2] >= light.position_m[2]:
                return None
            bodies.append(np.concatenate([corners, _shadow(corners, light, floor_m)]))
        for body in bodies:
            p = transform(invert(T_world_camera), body)
            if (p[:, 2] <= 0).any():
                return None
            pixels = project(p, spec.K, spec.distortion)
            limit = 4 * max(changed.shape)
            hull = cv2.convexHull(np.clip(pixels, -limit, limit).round().astype(np.int32))
            cv2.fillConvexPoly(changed, hull, 1)
    grown: NDArray[np.uint8] = cv2.dilate(changed, np.ones((3, 3), dtype=np.uint8)).astype(np.uint8)
    return grown.astype(np.bool_)


def part_of(changed: NDArray[np.bool_]) -> Part:
    """The part of a picture that holds all `changed` pixels (h, w)."""
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if len(rows) == 0:
        return Part(0, 0, 0, 0)
    return Part(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def _corners(low: Floats, high: Floats) -> Floats:
    return np.array(list(product(*zip(low, high, strict=True))))


def _shadow(corners: Floats, light: Light, floor_m: float) -> Floats:
    """Where rays from the lamp's border through `corners` (8, 3) meet the floor."""
    r = light.radius_m
    rim = light.position_m + r * np.array([[1, 1, 0], [1, -1, 0], [-1, 1, 0], [-1, -1, 0]])
    lamp, corner = rim[:, None], corners[None]
    share = (lamp[..., 2] - floor_m) / (lamp[..., 2] - corner[..., 2])
    return (lamp + np.maximum(share, 1)[..., None] * (corner - lamp)).reshape(-1, 3)
