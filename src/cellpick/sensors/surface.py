"""What a ray finds where it hits: place, normal and coat of the surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.sensors.bodies import Bodies, WorldMesh
from cellpick.sensors.codes import CodeAtlas
from cellpick.sensors.paint import Coat, paint
from cellpick.sensors.raycast import NO_HIT, Hits
from cellpick.sensors.shading import dot, unit

Array = NDArray[np.float32]


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
        xy = mesh.cell_xy[mesh.triangles]
        self._xy = np.concatenate([xy[:, 0], xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0]], axis=1)

    def at(
        self, hits: Hits, origin: Array, directions: Array, pixel_rad: float, coat: Coat
    ) -> Surface:
        """The surface at `hits`, all of which hit, of rays along `directions` (n, 3)."""
        to_eye = unit(-directions)
        facet_normal = _facing(hits.normal, to_eye)
        normal, spread = facet_normal.copy(), np.zeros(len(hits.t), dtype=np.float32)
        curved = np.flatnonzero(self._mesh.curved[hits.triangle])
        normal[curved] = self._smooth(hits, curved, to_eye[curved], facet_normal[curved])
        triangle, size = hits.triangle[curved], hits.t[curved] * np.float32(pixel_rad)
        turn = np.minimum(self._curvature[triangle] * size, self._turn[triangle])
        spread[curved] = turn / np.float32(np.sqrt(12))
        p = origin + hits.t[:, None] * directions
        return Surface(p, to_eye, normal, facet_normal, spread, coat)

    def coats(self, hits: Hits, directions: Array, pixel_rad: float) -> Coat:
        """Materials (n,) at `hits` of rays along `directions` (n, 3); row 0 where nothing is."""
        mesh = self._mesh
        triangle = np.maximum(hits.triangle, 0)
        plain = mesh.materials[triangle]
        coat = Coat(plain, plain.copy(), np.zeros(len(plain), dtype=np.float32))
        which = np.where(hits.triangle == NO_HIT, -1, mesh.paints[triangle])
        for number, face in enumerate(self._faces):
            rows = np.flatnonzero(which == number)
            on, way = hits.triangle[rows], directions[rows]
            table, uv = self._xy[on], hits.uv[rows]
            xy = table[:, :2] + uv[:, :1] * table[:, 2:4] + uv[:, 1:] * table[:, 4:]
            length = np.sqrt(dot(way, way))
            # across the view the footprint is a pixel, along it longer: their geometric mean
            slant = np.maximum(np.abs(dot(hits.normal[rows], way)) / length, 0.05)
            footprint = hits.t[rows] * length * np.float32(pixel_rad) / np.sqrt(slant)
            painted = paint(face, xy, footprint, mesh.cells[on], self._codes)
            coat.under[rows], coat.over[rows] = painted.under, painted.over
            coat.weight[rows] = painted.weight
        return coat

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
