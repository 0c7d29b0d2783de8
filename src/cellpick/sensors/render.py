"""The picture that falls on a camera's sensor: radiance a pixel, anti-aliased, and the depth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.sensors.infill import Infill
from cellpick.sensors.lens import EDGE_RAYS, Lens
from cellpick.sensors.lighting import Lighting
from cellpick.sensors.paint import Coat, plain_coat
from cellpick.sensors.primary import first_hits
from cellpick.sensors.raycast import NO_HIT, Hits, RayScene
from cellpick.sensors.samples import Samples, border_pixels, joined, shares, summed
from cellpick.sensors.shared_light import UNSEEN, Known, grouped
from cellpick.sensors.still import changed_pixels, part_of
from cellpick.sensors.surface import Surface, SurfaceTable
from cellpick.sensors.visibility import SAMPLES, Sampling

Array = NDArray[np.float32]
BLOCK = 1 << 14
"""Rays shaded at once: their arrays fit a core's cache."""
FINE_STEP = 4
"""Corners of such and smaller blocks have half of the light samples."""
TINT_PX = 8
"""Side of the squares in which paint sends the same multiple of the light that bare metal does."""
SHARED_SAMPLES = 4
"""Light samples of a sample that stands for its neighbours."""


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
        self._lens, self._scene, self._table, self._lighting = lens, scene, table, lighting
        self._R = T_world_camera[:3, :3].T.astype(np.float32)
        self._origin = T_world_camera[:3, 3].astype(np.float32)
        self._directions = lens.directions @ self._R
        self._T_world_camera = T_world_camera
        self._wanted: NDArray[np.bool_] | None = None
        self._radiance: Array | None = None
        changed = self._changed(before) if before is not None else None
        if before is not None and changed is not None:
            self._take_over(before, changed)
            return
        first = first_hits(lens, T_world_camera, self._directions, scene, table.planes)
        self._hits, self._outlined = first.hits, first.outlined
        self._coat = table.coats(self._hits, self._origin, self._directions, lens.pixel_rad)

    def _changed(self, before: Renderer) -> NDArray[np.bool_] | None:
        """(h, w) pixels that may differ from those of `before`; None for all."""
        same = before._lens is self._lens and before._lighting is self._lighting
        if not same or (before._T_world_camera != self._T_world_camera).any():
            return None
        seen = before._hits.triangle != NO_HIT
        heights = before._hits.t[seen] * self._directions[seen, 2]
        lowest_m = float(self._origin[2] + heights.min(initial=0))
        meshes, lights = (before._scene.mesh, self._scene.mesh), self._lighting.lights
        return changed_pixels(self._lens.spec, self._T_world_camera, *meshes, lights, lowest_m)

    def _take_over(self, before: Renderer, changed: NDArray[np.bool_]) -> None:
        self._hits, self._coat, self._outlined = before._hits, before._coat, before._outlined
        self._radiance = before.radiance()
        part = part_of(changed)
        if part.top >= part.bottom:
            return
        outer = part.grown(self._lens.shape)
        lens = self._lens.part(*outer.slices)
        inner = Renderer(lens, self._T_world_camera, self._scene, self._table, self._lighting)
        inner._wanted = changed[outer.slices]

        def mixed(whole: NDArray[Any], cut: NDArray[Any]) -> NDArray[Any]:
            out = whole.reshape(*self._lens.shape, -1).copy()
            np.copyto(
                out[outer.slices],
                cut.reshape(*lens.shape, -1),
                where=changed[outer.slices][..., None],
            )
            result: NDArray[Any] = out.reshape(whole.shape)
            return result

        self._hits = self._hits.mixed(inner._hits, mixed)
        self._coat = self._coat.mixed(inner._coat, mixed)
        self._outlined = mixed(self._outlined, inner._outlined)
        self._radiance = mixed(self._radiance, inner.radiance())

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

    def normals(self) -> Array:
        """(h, w, 3) unit normals on the eye's side in the camera frame; 0 where nothing is hit."""
        hits, mesh = self._hits, self._scene.mesh
        out = self._table.planes.normal[hits.triangle] @ self._R.T
        away = np.einsum("nc,nc->n", out, self._lens.directions) > 0
        out[away] *= -1
        out[hits.triangle == NO_HIT] = 0
        curved = np.flatnonzero(mesh.curved[hits.triangle] & (hits.triangle != NO_HIT))
        surface = self._table.at(
            hits.rows(curved),
            self._origin,
            self._directions[curved],
            self._lens.pixel_rad,
            self._coat.rows(curved),
        )
        out[curved] = surface.normal @ self._R.T
        result: Array = out.reshape(*self._lens.shape, 3)
        return result

    def instances(self) -> NDArray[np.int32]:
        """(h, w) row of the cell that the pixel's centre sees, -1 where it sees none."""
        triangle = self._hits.triangle
        cells = np.where(triangle == NO_HIT, np.int32(NO_HIT), self._scene.mesh.cells[triangle])
        result: NDArray[np.int32] = cells.reshape(self._lens.shape)
        return result

    def radiance(self) -> Array:
        """(h, w, 3) mean over each pixel."""
        if self._radiance is None:
            self._radiance = self._rendered()
            self._radiance.flags.writeable = False
        return self._radiance

    def _rendered(self) -> Array:
        shape = self._lens.shape
        piece = self._pieces(self._hits)
        infill = Infill(piece.reshape(shape), self._corners, self._wanted)
        infill.fill()
        done = infill.done.ravel()
        crossed = border_pixels(piece.reshape(shape), self._outlined).ravel()
        left = crossed | ~done
        if self._wanted is not None:
            left &= self._wanted.ravel()
        # what the bare pieces send, before any paint: edges take it from their neighbours
        bare = infill.radiance.reshape(-1, 3)
        out = bare.copy()
        painted = np.flatnonzero(done & ~crossed & self._is_painted())
        out[painted] *= self._tint(painted, piece[painted])
        pixels = np.flatnonzero(left)
        out[pixels] = self._mixed(pixels, crossed[pixels], piece, Known(bare, done, piece))
        result: Array = out.reshape(*shape, 3)
        return result

    def _corners(self, pixels: NDArray[np.int64], step: int) -> Array:
        """Radiance of bare pieces at pixels' centres; on a fine grid half of the light samples."""
        w = self._lens.shape[1]
        phase, count = np.zeros(len(pixels), np.int32), SAMPLES
        if step <= FINE_STEP:
            phase = ((pixels % w // step + pixels // w // step) % 2).astype(np.int32)
            count = SAMPLES // 2
        triangle = np.maximum(self._hits.triangle[pixels], 0)
        coat = plain_coat(self._scene.mesh.materials[triangle])
        hits = self._hits.rows(pixels)
        return self._shade(self._directions[pixels], hits, coat, Sampling(phase, count))

    def _is_painted(self) -> NDArray[np.bool_]:
        """(h * w,) pixels in which something other than the piece's own material is seen."""
        plain = self._scene.mesh.materials[np.maximum(self._hits.triangle, 0)]
        result: NDArray[np.bool_] = (self._coat.under != plain) | (self._coat.weight > 0)
        return result

    def _tint(self, pixels: NDArray[np.int64], piece: NDArray[np.int32]) -> Array:
        """Radiance (n, 3) of painted pixels, as a multiple of that of the bare piece.

        The light that falls on a small square is alike, whatever its materials make of it.
        """
        coat = self._coat.rows(pixels)
        plain = self._scene.mesh.materials[self._hits.triangle[pixels]]
        part = np.flatnonzero(coat.weight > 0)
        row = np.concatenate([np.arange(len(pixels)), part])
        material = np.concatenate([coat.under, coat.over[part]])
        share = np.concatenate([np.float32(1) - coat.weight, coat.weight[part]])
        side = np.full(len(row), TINT_PX)
        groups = grouped(pixels[row], self._lens.shape[1], piece[row], material, side)
        first = row[groups.first]
        where, bare = pixels[first], plain[first]
        sampling = Sampling(np.zeros(len(where), dtype=np.int32), SAMPLES)  # so that squares agree
        directions, hits = self._directions[where], self._hits.rows(where)
        mine = self._shade(directions, hits, plain_coat(material[groups.first]), sampling)
        own = self._shade(directions, hits, plain_coat(bare), sampling)
        ratio: Array = mine / np.maximum(own, np.float32(1e-4))
        return summed(ratio[groups.of], share, row, len(pixels))

    def _mixed(
        self,
        pixels: NDArray[np.int64],
        crossed: NDArray[np.bool_],
        piece: NDArray[np.int32],
        known: Known,
    ) -> Array:
        """Radiance (n, 3) of pixels (n,), some of them `crossed` by an edge.

        `piece` (h * w,) is what their centres see.
        """
        share = np.ones(len(pixels), dtype=np.float32)
        rows = np.flatnonzero(crossed)
        share[rows], beside = self._within(pixels[rows], rows, piece)
        centre = Samples(
            np.arange(len(pixels)),
            pixels,
            self._directions[pixels],
            self._hits.rows(pixels),
            self._coat.rows(pixels),
            share,
        )
        return self._gathered(joined(centre, beside), len(pixels), known)

    def _within(
        self, pixels: NDArray[np.int64], rows: NDArray[np.int64], piece: NDArray[np.int32]
    ) -> tuple[Array, Samples]:
        """What is seen in pixels (n,) that an edge crosses: the centre's share, and the others.

        Of the places on one smooth piece, one stands for all.
        """
        k = EDGE_RAYS
        directions = self._lens.within(pixels) @ self._R
        hits = self._scene.cast(self._origin, directions)
        places = np.concatenate([piece[pixels, None], self._pieces(hits).reshape(-1, k)], axis=1)
        share = shares(places)  # the centre stands for its piece, but has no share of its own
        chosen = np.flatnonzero(share[:, 1:] > 0)
        hits, directions = hits.rows(chosen), directions[chosen]
        coat = self._table.coats(hits, self._origin, directions, self._lens.pixel_rad)
        row = chosen // k
        rest = share[:, 1:].ravel()[chosen]
        return share[:, 0], Samples(rows[row], pixels[row], directions, hits, coat, rest)

    def _gathered(self, samples: Samples, count: int, known: Known) -> Array:
        """Radiance (count, 3): the sum of the samples' in each row by their shares.

        Where two materials meet in a sample, each is shaded as if it were alone.
        """
        coat, hits = samples.coat, samples.hits
        part = np.flatnonzero(coat.weight > 0)
        sample = np.concatenate([np.arange(len(samples.row)), part])
        material = np.concatenate([coat.under, coat.over[part]])
        under, over = samples.share * (1 - coat.weight), samples.share * coat.weight
        share = np.concatenate([under, over[part]])
        needed = share > 0
        sample, material, share = sample[needed], material[needed], share[needed]
        pixels, triangle = samples.pixel[sample], hits.triangle[sample]
        piece = self._pieces(hits)[sample]
        mesh = self._scene.mesh
        plain = (
            (triangle != NO_HIT) & ~mesh.curved[triangle] & (material == mesh.materials[triangle])
        )
        light, found = known.beside(pixels, self._lens.shape, np.where(plain, piece, UNSEEN))
        rest = np.flatnonzero(~found)
        side = self._table.squares(hits, self._lens.pixel_rad)[sample[rest]]
        w = self._lens.shape[1]
        groups = grouped(pixels[rest], w, piece[rest], material[rest], side)
        row, bare = sample[rest[groups.first]], material[rest[groups.first]]
        sampling = Sampling(self._phase(samples.pixel[row]), SHARED_SAMPLES)
        shaded = self._shade(samples.directions[row], hits.rows(row), plain_coat(bare), sampling)
        light[rest] = shaded[groups.of]
        return summed(light, share, samples.row[sample], count)

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
