"""Which cell each camera truly sees in each pixel, and every cell's whole silhouette: truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellpick.errors import InputError
from cellpick.geometry import Floats, invert, transform
from cellpick.scene.cameras import CameraSpec
from cellpick.scene.state import SceneState
from cellpick.sensors.bodies import Bodies, WorldMesh
from cellpick.sensors.raycast import NO_HIT, RayScene

NO_CELL = -1
MARGIN = 1
"""How far silhouettes are followed beyond each side of the image, in image sizes."""
BLOCK = 1 << 20
"""Rays cast at once."""


@dataclass(frozen=True, eq=False)
class Silhouette:
    """All pixels of one cell as if nothing stood before it, also beyond the image's border."""

    corner: tuple[int, int]
    """Column and row of the mask's first pixel, in the image's pixels; may be negative."""
    mask: NDArray[np.bool_]
    """(rows, columns) whether the ray through a pixel's centre meets the cell; (0, 0) if none."""

    def inside(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """The part (h, w) of it inside an image of that shape."""
        out = np.zeros(shape, dtype=np.bool_)
        (u, v), (rows, columns), (h, w) = self.corner, self.mask.shape, shape
        top, left = max(v, 0), max(u, 0)
        bottom, right = max(min(v + rows, h), top), max(min(u + columns, w), left)
        out[top:bottom, left:right] = self.mask[top - v : bottom - v, left - u : right - u]
        return out


@dataclass(frozen=True, eq=False)
class Labels:
    """Where one camera truly sees each of n cells."""

    cells: NDArray[np.int32]
    """(h, w) row of the cell that a pixel's centre sees, -1 off cells."""
    silhouettes: tuple[Silhouette, ...]
    """(n,) one a cell."""


def label_look(state: SceneState) -> tuple[Labels, ...]:
    """Labels of all cameras of `state`, in the rig's order; exact, without noise.

    Raises `InputError` for a lens that distorts: beyond its image no ray is defined.
    """
    for spec in state.cameras:
        if spec.distortion.any():
            raise InputError(
                "only a camera without distortion can be labelled",
                key=spec.name,
                got=spec.distortion.tolist(),
                accepted="zeros",
            )
    mesh = Bodies(state).placed(state)
    scene = RayScene(mesh)
    alone = [RayScene(_only(mesh, cell)) for cell in range(len(state.Ts_world_cell))]
    return tuple(_labels(state, spec, scene, alone) for spec in state.cameras)


def true_camera_pose(state: SceneState, spec: CameraSpec) -> Floats:
    """(4, 4) where a camera of `state` truly is in the world."""
    T_world_mount = state.T_world_flange if spec.mount == "flange" else state.T_world_base
    result: Floats = T_world_mount @ spec.T_mount_camera
    return result


def _only(mesh: WorldMesh, cell: int) -> WorldMesh:
    return replace(mesh, triangles=mesh.triangles[mesh.cells == cell])


def _labels(state: SceneState, spec: CameraSpec, scene: RayScene, alone: list[RayScene]) -> Labels:
    T_world_camera = true_camera_pose(state, spec)
    h, w = spec.height_px, spec.width_px
    seen = _cast(scene, spec, T_world_camera, (0, 0), (h, w))
    cells = np.where(seen == NO_HIT, np.int32(NO_CELL), scene.mesh.cells[seen])
    silhouettes = []
    for row, cell in enumerate(alone):
        whole = _silhouette(cell, spec, T_world_camera)
        silhouettes.append(_with_seen(whole, cells == row))
    return Labels(cells, tuple(silhouettes))


def _silhouette(cell: RayScene, spec: CameraSpec, T_world_camera: Floats) -> Silhouette:
    bounds = _bounds(cell.mesh, spec, T_world_camera)
    if bounds is None:
        return Silhouette((0, 0), np.zeros((0, 0), dtype=np.bool_))
    (left, top), (right, bottom) = bounds
    shape = (bottom - top + 1, right - left + 1)
    return Silhouette((left, top), _cast(cell, spec, T_world_camera, (left, top), shape) != NO_HIT)


def _with_seen(whole: Silhouette, seen: NDArray[np.bool_]) -> Silhouette:
    """The silhouette with the pixels that see the cell: two casts may differ by one at a rim."""
    (u, v), (rows, columns) = whole.corner, whole.mask.shape
    image = whole.inside((seen.shape[0], seen.shape[1]))
    missed = np.argwhere(seen & ~image) - [v, u]
    inside = ((missed >= 0) & (missed < [rows, columns])).all(axis=1)
    mask = whole.mask.copy()
    mask[tuple(missed[inside].T)] = True
    return Silhouette(whole.corner, mask)


def _bounds(
    mesh: WorldMesh, spec: CameraSpec, T_world_camera: Floats
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """First and last pixel that can see the mesh, within the margin; None if there are none."""
    w, h = spec.width_px, spec.height_px
    first, last = np.array([-w, -h]) * MARGIN, np.array([w, h]) * (1 + MARGIN) - 1
    corners = mesh.vertices[np.unique(mesh.triangles)].astype(np.float64)
    p = transform(invert(T_world_camera), corners)
    if (p[:, 2] <= 0).all():
        return None
    if (p[:, 2] > 0).all():
        pixels = p[:, :2] / p[:, 2:] * np.diag(spec.K)[:2] + spec.K[:2, 2]
        # one more on each side, as the mesh's corners are rounded to float32
        low = np.clip(np.floor(pixels.min(axis=0)) - 1, first, last + 1)
        high = np.clip(np.ceil(pixels.max(axis=0)) + 1, first - 1, last)
        first, last = low.astype(np.int64), high.astype(np.int64)
    if (last < first).any():
        return None
    return (int(first[0]), int(first[1])), (int(last[0]), int(last[1]))


def _cast(
    scene: RayScene,
    spec: CameraSpec,
    T_world_camera: Floats,
    corner: tuple[int, int],
    shape: tuple[int, int],
) -> NDArray[np.int32]:
    """(rows, columns) triangle that each pixel's centre sees first, -1 for none."""
    R = T_world_camera[:3, :3].T.astype(np.float32)
    origin = T_world_camera[:3, 3].astype(np.float32)
    out = np.empty(shape, dtype=np.int32)
    x = (np.arange(shape[1]) + (corner[0] - spec.K[0, 2])) / spec.K[0, 0]
    y = (np.arange(shape[0]) + (corner[1] - spec.K[1, 2])) / spec.K[1, 1]
    for rows in _row_blocks(shape):
        rays = np.ones((len(y[rows]), shape[1], 3), dtype=np.float32)
        rays[..., 0], rays[..., 1] = x, y[rows, None]
        hits = scene.cast(origin, rays.reshape(-1, 3) @ R)
        out[rows] = hits.triangle.reshape(-1, shape[1])
    return out


def _row_blocks(shape: tuple[int, int]) -> Iterator[slice]:
    step = max(BLOCK // max(shape[1], 1), 1)
    return (slice(start, min(start + step, shape[0])) for start in range(0, shape[0], step))
