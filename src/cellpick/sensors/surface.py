"""What a ray finds where it hits: place, normal and coat of the surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.sensors.bodies import Bodies, WorldMesh
from cellpick.sensors.codes import CodeAtlas
from cellpick.sensors.paint import Coat, FacePaint, paint
from cellpick.sensors.planes import Planes
from cellpick.sensors.raycast import NO_HIT, Hits
from cellpick.sensors.shading import dot, unit

Array = NDArray[np.float32]
WIDE_RAD = 0.3
"""Turn of the normal over a pixel below which a curved piece shows its shape."""
TINY_PX = 8
"""Side of the squares that share light on a curved piece too small to show its shape."""
SHARED_PX = 4
"""Side of the squares that share light on all other pieces."""


@dataclass(frozen=True, eq=False)
class Surface:
    """n points that rays hit."""

    p: Array
    """(n, 3) in the world frame."""
    to_eye: Array
    """(n, 3) unit vectors towards the ray's origin."""
    normal: Array
    """(n, 3) unit shading normals on the eye's side."""
    facet_normal: Array
    """(n, 3) unit normals of the triangles on the eye's side."""
    brush: Array
    """(n, 3) unit vectors along which brushed metal is brushed."""
    spread: Array
    """(n,) standard deviation in radians of the normals within a pixel; 0 on flat pieces."""
    coat: Coat
    """Materials."""

    def rows(self, rows: NDArray[np.int64]) -> Surface:
        """Some of the points."""
        return Surface(
            self.p[rows],
            self.to_eye[rows],
            self.normal[rows],
            self.facet_normal[rows],
            self.brush[rows],
            self.spread[rows],
            self.coat.rows(rows),
        )


class SurfaceTable:
    """Per-triangle data of a mesh, gathered so that a hit needs one look-up each."""

    def __init__(self, mesh: WorldMesh, bodies: Bodies, codes: CodeAtlas) -> None:
        self._mesh, self._faces, self._codes = mesh, bodies.cell.faces, codes
        corner = mesh.normals[mesh.triangles]
        self._normals = np.concatenate(
            [corner[:, 0], corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]], axis=1
        )
        self._turn, self._curvature = _curvature(mesh)
        along_x = np.array([[1, 0, 0]], dtype=np.float32)
        self._brush = np.concatenate([mesh.to_cell[:, 0, :3], along_x])  # the last for no cell
        self.planes = Planes(mesh)
        """The triangles' planes."""

    def at(
        self, hits: Hits, origin: Array, directions: Array, pixel_rad: float, coat: Coat
    ) -> Surface:
        """The surface at `hits`, all of which hit, of rays along `directions` (n, 3)."""
        to_eye = unit(-directions)
        facet_normal = _facing(self.planes.normal[hits.triangle], to_eye)
        normal, spread = facet_normal.copy(), np.zeros(len(hits.t), dtype=np.float32)
        curved = np.flatnonzero(self._mesh.curved[hits.triangle])
        normal[curved] = self._smooth(hits, curved, to_eye[curved], facet_normal[curved])
        triangle, size = hits.triangle[curved], hits.t[curved] * np.float32(pixel_rad)
        turn = np.minimum(self._curvature[triangle] * size, self._turn[triangle])
        spread[curved] = turn / np.float32(np.sqrt(12))
        p = origin + hits.t[:, None] * directions
        brush = self._brush[self._mesh.cells[hits.triangle]]
        return Surface(p, to_eye, normal, facet_normal, brush, spread, coat)

    def squares(self, hits: Hits, pixel_rad: float) -> NDArray[np.int64]:
        """Side (n,) in pixels of the squares in which hits may share their light."""
        curved = (hits.triangle != NO_HIT) & self._mesh.curved[hits.triangle]
        turn = np.where(curved, hits.t, 0) * self._curvature[hits.triangle] * np.float32(pixel_rad)
        return np.where(curved & (turn >= WIDE_RAD), TINY_PX, SHARED_PX)

    def coats(self, hits: Hits, origin: Array, directions: Array, pixel_rad: float) -> Coat:
        """Materials (n,) at `hits` of rays along `directions` (n, 3); row 0 where nothing is."""
        mesh = self._mesh
        triangle = np.maximum(hits.triangle, 0)
        plain = mesh.materials[triangle]
        coat = Coat(plain, plain.copy(), np.zeros(len(plain), dtype=np.float32))
        which = np.where(hits.triangle == NO_HIT, -1, mesh.paints[triangle])
        painted = np.flatnonzero(which >= 0)
        which = which[painted]
        for number, face in enumerate(self._faces):
            rows = painted[which == number]
            if len(rows):
                self._lay(face, coat, hits.rows(rows), rows, origin, directions[rows], pixel_rad)
        return coat

    def _lay(
        self,
        face: FacePaint,
        coat: Coat,
        hits: Hits,
        rows: NDArray[np.int64],
        origin: Array,
        way: Array,
        pixel_rad: float,
    ) -> None:
        length = np.sqrt(dot(way, way))
        cells = self._mesh.cells[hits.triangle]
        xy = _in_cell(self._mesh.to_cell[cells], origin + hits.t[:, None] * way)
        # across the view the footprint is a pixel, along it longer: their geometric mean
        upright = np.abs(dot(self.planes.normal[hits.triangle], way)) / length
        slant = np.maximum(upright, 0.05)
        footprint = hits.t * length * np.float32(pixel_rad) / np.sqrt(slant)
        painted = paint(face, xy, footprint, cells, self._codes)
        coat.under[rows], coat.over[rows] = painted.under, painted.over
        coat.weight[rows] = painted.weight

    def _smooth(
        self, hits: Hits, rows: NDArray[np.int64], to_eye: Array, facet_normal: Array
    ) -> Array:
        table = self._normals[hits.triangle[rows]]
        u, v = hits.uv[rows, :1], hits.uv[rows, 1:]
        normal = table[:, :3] + u * table[:, 3:6] + v * table[:, 6:]
        normal = _facing(unit(normal), facet_normal)
        # at a silhouette the smooth normal may face away from the eye: bend it back to grazing
        behind = np.minimum(dot(normal, to_eye), 0)
        normal -= (behind - 0.01 * (behind < 0))[:, None] * to_eye
        return unit(normal)


def _in_cell(to_cell: Array, p: Array) -> Array:
    """Place (n, 2) in the drawing of points (n, 3); `to_cell` (n, 2, 4)."""
    x, y = to_cell[:, 0], to_cell[:, 1]
    return np.stack([dot(x, p) + x[:, 3], dot(y, p) + y[:, 3]], axis=1)


def _facing(normal: Array, side: Array) -> Array:
    """Normals (n, 3) turned to the side on which `side` (n, 3) points."""
    sign = np.where(dot(normal, side) < 0, -1, 1).astype(np.float32)
    result: Array = normal * sign[:, None]
    return result


def _curvature(mesh: WorldMesh) -> tuple[Array, Array]:
    """Turn of the normal over each triangle (m,) in radians, and its curvature (m,) in 1/m."""
    normal, vertex = mesh.normals[mesh.triangles], mesh.vertices[mesh.triangles]
    turns = np.linalg.norm(normal - np.roll(normal, 1, axis=1), axis=2)
    lengths = np.linalg.norm(vertex - np.roll(vertex, 1, axis=1), axis=2)
    return turns.max(axis=1), (turns / np.maximum(lengths, 1e-6)).max(axis=1)
