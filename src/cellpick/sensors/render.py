"""The picture that falls on a camera's sensor: radiance a pixel, anti-aliased, and the depth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.sensors.infill import STEPS, Infill
from cellpick.sensors.lens import OFFSETS, Lens
from cellpick.sensors.lighting import Lighting
from cellpick.sensors.paint import Coat
from cellpick.sensors.raycast import NO_HIT, Hits, RayScene
from cellpick.sensors.surface import Surface, SurfaceTable
from cellpick.sensors.visibility import SAMPLES, Sampling

Array = NDArray[np.float32]
BLOCK = 1 << 14
"""Rays shaded at once: their arrays fit a core's cache."""
EDGE_SAMPLES = 2
"""Light samples of each piece of a surface in a pixel that an edge crosses."""


class Renderer:
    """One scene as one camera sees it."""

    def __init__(
        self,
        lens: Lens,
        T_world_camera: Floats,
        scene: RayScene,
        table: SurfaceTable,
        lighting: Lighting,
    ) -> None:
        self._lens, self._scene, self._table, self._lighting = lens, scene, table, lighting
        self._R = T_world_camera[:3, :3].T.astype(np.float32)
        self._origin = T_world_camera[:3, 3].astype(np.float32)
        self._directions = lens.directions @ self._R
        self._hits = scene.cast(self._origin, self._directions)
        self._coat = table.coats(self._hits, self._directions, lens.pixel_rad)

    def depth(self) -> Array:
        """(h, w) along z of the rays through the pixel centres; infinite where nothing is hit."""
        return self._hits.t.reshape(self._lens.shape)

    def surface(self) -> tuple[NDArray[np.int64], Surface]:
        """Pixels (n,) that see something, row-major, and what they see."""
        pixels = np.flatnonzero(self._hits.triangle != NO_HIT)
        hits, coat = self._hits.rows(pixels), self._coat.rows(pixels)
        return pixels, self._table.at(
            hits, self._origin, self._directions[pixels], self._lens.pixel_rad, coat
        )

    def radiance(self) -> Array:
        """(h, w, 3) mean over each pixel."""
        shape, hits = self._lens.shape, self._hits
        piece = self._pieces(hits)
        key = (piece * 64 + self._coat.under).astype(np.int32).reshape(shape)
        infill = Infill(key, (self._coat.weight > 0).reshape(shape), self._corners)
        infill.fill()
        crossed = _crossed(piece.reshape(shape)).ravel()
        rest = np.flatnonzero(~infill.done.ravel() & ~crossed)
        out = infill.radiance.reshape(-1, 3)
        out[rest] = self._single(rest)
        edge = np.flatnonzero(crossed)
        out[edge] = self._averaged(edge)
        return out.reshape(*shape, 3)

    def _corners(self, pixels: NDArray[np.int64], step: int) -> Array:
        """Radiance of pixel centres with all light samples, or half of them on a fine grid."""
        w = self._lens.shape[1]
        if step > STEPS[-1]:
            return self._centres(pixels, Sampling(np.zeros(len(pixels), np.int32), SAMPLES))
        phase = (pixels % w // step + pixels // w // step) % 2
        return self._centres(pixels, Sampling(phase.astype(np.int32), SAMPLES // 2))

    def _single(self, pixels: NDArray[np.int64]) -> Array:
        """Radiance of pixel centres with a quarter of the light samples, in turn."""
        return self._centres(pixels, Sampling(self._phase(pixels), SAMPLES // 4))

    def _centres(self, pixels: NDArray[np.int64], sampling: Sampling) -> Array:
        hits, coat = self._hits.rows(pixels), self._coat.rows(pixels)
        return self._shade(self._directions[pixels], hits, coat, sampling)

    def _averaged(self, pixels: NDArray[np.int64]) -> Array:
        """Radiance of pixels that an edge crosses, by the share that each piece has of a pixel.

        Of the samples on one smooth piece, the first is shaded and stands for the others.
        """
        k = len(OFFSETS)
        directions = self._lens.within(pixels) @ self._R
        hits = self._scene.cast(self._origin, directions)
        share = _shares(self._pieces(hits).reshape(-1, k)).ravel()
        chosen = np.flatnonzero(share > 0)
        hits, directions = hits.rows(chosen), directions[chosen]
        coat = self._table.coats(hits, directions, self._lens.pixel_rad)
        phase = (self._phase(pixels)[:, None] + 3 * np.arange(k)).ravel()[chosen].astype(np.int32)
        samples = self._shade(directions, hits, coat, Sampling(phase, EDGE_SAMPLES))
        out = np.zeros((len(pixels), 3), dtype=np.float32)
        for channel in range(3):
            weighted = samples[:, channel] * share[chosen]
            out[:, channel] = np.bincount(chosen // k, weighted, minlength=len(pixels))
        return out

    def _pieces(self, hits: Hits) -> NDArray[np.int32]:
        """Smooth piece (n,) of each hit."""
        facets = self._scene.mesh.facets[hits.triangle]
        return np.where(hits.triangle == NO_HIT, np.int32(NO_HIT), facets)

    def _phase(self, pixels: NDArray[np.int64]) -> NDArray[np.int32]:
        """Neighbours in a 2 x 2 square use different light samples."""
        w = self._lens.shape[1]
        return (pixels % w % 2 + 2 * (pixels // w % 2)).astype(np.int32)

    def _shade(self, directions: Array, hits: Hits, coat: Coat, sampling: Sampling) -> Array:
        out = np.empty((len(directions), 3), dtype=np.float32)
        for start in range(0, len(directions), BLOCK):
            rows = np.arange(start, min(start + BLOCK, len(directions)))
            seen = hits.triangle[rows] != NO_HIT
            away, on = rows[~seen], rows[seen]
            length = np.sqrt((directions[away] ** 2).sum(axis=1))
            up = directions[away, 2] / length
            out[away] = self._lighting.surroundings.radiance(up)[:, None]
            surface = self._table.at(
                hits.rows(on), self._origin, directions[on], self._lens.pixel_rad, coat.rows(on)
            )
            out[on] = self._lighting.radiance(self._scene, surface, sampling.at(on))
        return out


def _crossed(piece: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(h, w) pixels with a neighbour on another smooth piece of a surface."""
    edge = np.zeros(piece.shape, dtype=np.bool_)
    across, down = piece[:, 1:] != piece[:, :-1], piece[1:] != piece[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge


def _shares(piece: NDArray[np.int32]) -> Array:
    """Share (n, k) of the k samples that are on the same piece, at the first of them; else 0."""
    k = piece.shape[1]
    share = np.zeros(piece.shape, dtype=np.float32)
    for j in range(k):
        new = (piece[:, :j] != piece[:, j : j + 1]).all(axis=1)
        share[:, j] = new * (piece[:, j:] == piece[:, j : j + 1]).sum(axis=1) / k
    return share
