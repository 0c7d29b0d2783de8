"""One scene as one camera sees it: the light on its sensor, the depth, what each pixel sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.sensors.lens import Lens
from cellpick.sensors.lighting import Lighting
from cellpick.sensors.picture import Picture, picture
from cellpick.sensors.primary import first_hits, hits_again
from cellpick.sensors.raycast import NO_HIT, RayScene
from cellpick.sensors.seen import Seen
from cellpick.sensors.still import Changes, changes
from cellpick.sensors.surface import Surface, SurfaceTable

Array = NDArray[np.float32]


class Renderer:
    """One scene as one camera sees it."""

    def __init__(
        self,
        lens: Lens,
        T_world_camera: Floats,
        scene: RayScene,
        table: SurfaceTable,
        lighting: Lighting,
        before: Renderer | None = None,
    ) -> None:
        """Of `before`, what cannot have changed is taken over, when its camera stood here too."""
        self._lens, self._scene, self._table = lens, scene, table
        self._T_world_camera = T_world_camera
        self._R = T_world_camera[:3, :3].T.astype(np.float32)
        self._origin = T_world_camera[:3, 3].astype(np.float32)
        self._picture: Picture | None = None
        self._normals: Array | None = None
        found = self._changes(before, lighting) if before is not None else None
        self._directions: Array
        if before is not None and found is not None:
            self._directions = before._directions
            self._take_over(before, found)
            return
        self._directions = lens.directions @ self._R
        first = first_hits(lens, T_world_camera, self._directions, scene, table.planes)
        coat = table.coats(first.hits, self._origin, self._directions, lens.pixel_rad)
        self._seen = Seen(
            lens,
            scene,
            table,
            lighting,
            self._R,
            self._origin,
            self._directions,
            first.hits,
            coat,
            first.outlined,
        )

    def _changes(self, before: Renderer, lighting: Lighting) -> Changes | None:
        """What may differ from `before`; None for everything."""
        same = before._lens is self._lens and before._seen.lighting is lighting
        if not same or (before._T_world_camera != self._T_world_camera).any():
            return None
        return changes(before._seen, self._scene.mesh, self._T_world_camera)

    def _take_over(self, before: Renderer, found: Changes) -> None:
        old, pixels = before._seen, np.flatnonzero(found.hits)
        first = hits_again(
            self._lens,
            self._T_world_camera,
            self._directions,
            self._scene,
            self._table.planes,
            pixels,
        )
        hits = old.hits.replaced(pixels, first.hits)
        directions = self._directions[pixels]
        coat = old.coat.replaced(
            pixels, self._table.coats(first.hits, self._origin, directions, self._lens.pixel_rad)
        )
        outlined = np.where(found.hits, first.outlined, old.outlined)
        self._seen = Seen(
            self._lens,
            self._scene,
            self._table,
            old.lighting,
            self._R,
            self._origin,
            self._directions,
            hits,
            coat,
            outlined,
        )
        self._picture = picture(self._seen, before._drawn(), found.light)
        if before._normals is not None:
            self._normals = before._normals.copy()
            self._normals.reshape(-1, 3)[pixels] = self._normals_of(pixels)

    def depth(self) -> Array:
        """(h, w) along z of the rays through the pixel centres; infinite where nothing is hit."""
        return self._seen.hits.t.reshape(self._lens.shape)

    def surface(self) -> tuple[NDArray[np.int64], Surface]:
        """Pixels (n,) that see something, row-major, and what they see."""
        pixels = np.flatnonzero(self._seen.hits.triangle != NO_HIT)
        return pixels, self._at(pixels)

    def normals(self) -> Array:
        """(h, w, 3) unit normals on the eye's side in the camera frame; 0 where nothing is hit."""
        if self._normals is None:
            every = np.arange(len(self._directions))
            self._normals = self._normals_of(every).reshape(*self._lens.shape, 3)
        return self._normals

    def instances(self) -> NDArray[np.int32]:
        """(h, w) row of the cell that the pixel's centre sees, -1 where it sees none."""
        triangle = self._seen.hits.triangle
        cells = np.where(triangle == NO_HIT, np.int32(NO_HIT), self._scene.mesh.cells[triangle])
        result: NDArray[np.int32] = cells.reshape(self._lens.shape)
        return result

    def radiance(self) -> Array:
        """(h, w, 3) mean over each pixel."""
        return self._drawn().radiance

    def _drawn(self) -> Picture:
        if self._picture is None:
            self._picture = picture(self._seen)
        return self._picture

    def _at(self, pixels: NDArray[np.int64]) -> Surface:
        hits, coat = self._seen.hits.rows(pixels), self._seen.coat.rows(pixels)
        directions = self._directions[pixels]
        return self._table.at(hits, self._origin, directions, self._lens.pixel_rad, coat)

    def _normals_of(self, pixels: NDArray[np.int64]) -> Array:
        triangle, mesh = self._seen.hits.triangle[pixels], self._scene.mesh
        out: Array = self._table.planes.normal[triangle] @ self._R.T
        away = np.einsum("nc,nc->n", out, self._lens.directions[pixels]) > 0
        out[away] *= -1
        out[triangle == NO_HIT] = 0
        curved = np.flatnonzero(mesh.curved[triangle] & (triangle != NO_HIT))
        out[curved] = self._at(pixels[curved]).normal @ self._R.T
        return out
