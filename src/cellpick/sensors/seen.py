"""What a camera's pixels see first, and the light that comes from there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.sensors.lens import Lens
from cellpick.sensors.lighting import Lighting
from cellpick.sensors.paint import Coat, plain_coat
from cellpick.sensors.raycast import NO_HIT, Hits, RayScene
from cellpick.sensors.surface import SurfaceTable
from cellpick.sensors.visibility import Sampling, lifted

Array = NDArray[np.float32]
BLOCK = 1 << 14
"""Rays shaded at once: their arrays fit a core's cache."""


@dataclass(frozen=True, eq=False)
class Seen:
    """A scene and what the pixels' centres of one camera see of it."""

    lens: Lens
    scene: RayScene
    table: SurfaceTable
    lighting: Lighting
    R: Array
    """(3, 3) turns row vectors from the camera's frame to the world's."""
    origin: Array
    """(3,) the camera's centre in the world frame."""
    directions: Array
    """(h * w, 3) rays through the pixels' centres in the world frame."""
    hits: Hits
    """(h * w,) what they meet."""
    coat: Coat
    """(h * w,) materials there."""
    outlined: NDArray[np.bool_]
    """(h, w) pixels that an outline crosses."""

    def pieces(self, hits: Hits) -> NDArray[np.int32]:
        """Smooth piece (n,) of each hit."""
        facets = self.scene.mesh.facets[hits.triangle]
        return np.where(hits.triangle == NO_HIT, np.int32(NO_HIT), facets)

    def is_painted(self) -> NDArray[np.bool_]:
        """(h * w,) pixels in which something other than the piece's own material is seen."""
        plain = self.scene.mesh.materials[np.maximum(self.hits.triangle, 0)]
        result: NDArray[np.bool_] = (self.coat.under != plain) | (self.coat.weight > 0)
        return result

    def shade(self, directions: Array, hits: Hits, coat: Coat, sampling: Sampling) -> Array:
        """Radiance (n, 3) that comes from `hits` of rays along `directions` (n, 3)."""
        out = np.empty((len(directions), 3), dtype=np.float32)
        for start in range(0, len(directions), BLOCK):
            rows = np.arange(start, min(start + BLOCK, len(directions)))
            seen = hits.triangle[rows] != NO_HIT
            away, on = rows[~seen], rows[seen]
            length = np.sqrt((directions[away] ** 2).sum(axis=1))
            up = directions[away, 2] / length
            out[away] = self.lighting.surroundings.radiance(up)[:, None]
            surface = self.table.at(
                hits.rows(on), self.origin, directions[on], self.lens.pixel_rad, coat.rows(on)
            )
            out[on] = self.lighting.radiance(self.scene, surface, sampling.at(on))
        return out

    def apart(
        self, directions: Array, hits: Hits, material: NDArray[np.int32], sampling: Sampling
    ) -> Array:
        """Radiance (1 + lamps, n, 3): by the surroundings, and by each lamp if nothing hides it."""
        out = np.zeros((1 + len(self.lighting.lights), len(directions), 3), dtype=np.float32)
        seen = hits.triangle != NO_HIT
        away, on = np.flatnonzero(~seen), np.flatnonzero(seen)
        length = np.sqrt((directions[away] ** 2).sum(axis=1))
        out[0, away] = self.lighting.surroundings.radiance(directions[away, 2] / length)[:, None]
        for start in range(0, len(on), BLOCK):
            rows = on[start : start + BLOCK]
            surface = self.table.at(
                hits.rows(rows),
                self.origin,
                directions[rows],
                self.lens.pixel_rad,
                plain_coat(material[rows]),
            )
            out[:, rows] = self.lighting.apart(self.scene, surface, sampling.at(rows))
        return out

    def lamp_shares(self, directions: Array, hits: Hits, sampling: Sampling) -> Array:
        """Shares (lamps, n) of the lamps that are seen from `hits`."""
        normal = self.table.planes.normal[hits.triangle]
        side = np.where(np.einsum("nc,nc->n", normal, directions) > 0, -1, 1).astype(np.float32)
        t: Array = np.where(hits.triangle == NO_HIT, 0, hits.t).astype(np.float32, copy=False)
        p = self.origin + t[:, None] * directions
        start = lifted(p, normal * side[:, None])
        return self.lighting.shares(self.scene, start, sampling)
