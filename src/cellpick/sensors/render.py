"""The picture that falls on a camera's sensor: radiance a pixel, anti-aliased, and the depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, pixel_grid, rays
from cellpick.scene.cameras import CameraSpec
from cellpick.sensors.lighting import Lighting
from cellpick.sensors.raycast import NO_HIT, Hits, RayScene
from cellpick.sensors.surface import SurfaceTable

Array = NDArray[np.float32]
BLOCK = 1 << 16
"""Rays shaded at once: their arrays fit a core's cache."""
ROOKS = np.array([5, 2, 7, 0, 3, 6, 1, 4])
"""Rows of the samples in a pixel of 8 x 8: no two share a row or column (n-rooks)."""
OFFSETS = np.stack([np.arange(8) + 0.5, ROOKS + 0.5], axis=1).astype(np.float32) / 8 - 0.5
"""(8, 2) places of the samples in a pixel that an edge crosses."""


@dataclass(frozen=True, eq=False)
class View:
    """What one camera sees, before its sensor."""

    radiance: Array
    """(h, w, 3) mean over each pixel."""
    hits: Hits
    """First hits of the rays through the pixel centres, row-major; `t` is the depth along z."""
    directions: Array
    """(h * w, 3) those rays in the world frame, with z = 1 in the camera's."""
    origin: Array
    """(3,) the camera's centre."""


class Lens:
    """The rays of one true camera, kept from look to look."""

    def __init__(self, spec: CameraSpec) -> None:
        w, h = spec.width_px, spec.height_px
        self.shape = (h, w)
        """Height and width of the image."""
        self.pixel_rad = float(1 / np.sqrt(spec.K[0, 0] * spec.K[1, 1]))
        """Angle that a pixel spans at the image's centre."""
        self.directions = rays(pixel_grid(w, h), spec.K, spec.distortion).astype(np.float32)
        """(h * w, 3) in the camera frame, z = 1."""
        grid = self.directions.reshape(h, w, 3)
        self._du = np.gradient(grid, axis=1).reshape(-1, 3)
        self._dv = np.gradient(grid, axis=0).reshape(-1, 3)

    def within(self, pixels: NDArray[np.int64]) -> Array:
        """Rays (n * 8, 3) in the camera frame, eight through each pixel (n,)."""
        du, dv = OFFSETS[:, :1], OFFSETS[:, 1:]
        spread = self._du[pixels, None] * du + self._dv[pixels, None] * dv
        return (self.directions[pixels, None] + spread).reshape(-1, 3)


def render(
    lens: Lens, T_world_camera: Floats, scene: RayScene, table: SurfaceTable, lighting: Lighting
) -> View:
    """The view of a camera at `T_world_camera` (4, 4)."""
    R = T_world_camera[:3, :3].astype(np.float32)
    origin = T_world_camera[:3, 3].astype(np.float32)
    directions = lens.directions @ R.T
    hits = scene.cast(origin, directions)
    crossed = np.flatnonzero(_edges(scene.mesh.facets, hits.triangle, lens.shape))
    shade = _Shader(scene, table, lighting, origin, lens.pixel_rad)
    radiance = shade(directions, hits)
    fine = lens.within(crossed) @ R.T
    samples = shade(fine, scene.cast(origin, fine))
    radiance[crossed] = samples.reshape(-1, len(OFFSETS), 3).mean(axis=1)
    return View(radiance.reshape(*lens.shape, 3), hits, directions, origin)


class _Shader:
    """Radiance of rays, a block at a time."""

    def __init__(
        self,
        scene: RayScene,
        table: SurfaceTable,
        lighting: Lighting,
        origin: Array,
        pixel_rad: float,
    ) -> None:
        self._scene, self._table, self._lighting = scene, table, lighting
        self._origin, self._pixel_rad = origin, pixel_rad

    def __call__(self, directions: Array, hits: Hits) -> Array:
        out = np.empty((len(directions), 3), dtype=np.float32)
        for start in range(0, len(directions), BLOCK):
            rows = slice(start, start + BLOCK)
            part = Hits(hits.t[rows], hits.triangle[rows], hits.uv[rows], hits.normal[rows])
            out[rows] = self._block(directions[rows], part)
        return out

    def _block(self, directions: Array, hits: Hits) -> Array:
        out = np.empty((len(directions), 3), dtype=np.float32)
        seen = hits.triangle != NO_HIT
        out[~seen] = self._lighting.surroundings(directions[~seen, 2])[:, None]
        on = Hits(hits.t[seen], hits.triangle[seen], hits.uv[seen], hits.normal[seen])
        surface = self._table.at(on, self._origin, directions[seen], self._pixel_rad)
        out[seen] = self._lighting.radiance(self._scene, surface)
        return out


def _edges(
    facets: NDArray[np.int32], triangle: NDArray[np.int32], shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """(h * w,) pixels with a neighbour on another smooth piece of a surface."""
    image = np.where(triangle == NO_HIT, NO_HIT, facets[triangle]).reshape(shape)
    edge = np.zeros(shape, dtype=np.bool_)
    across, down = image[:, 1:] != image[:, :-1], image[1:] != image[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge.ravel()
