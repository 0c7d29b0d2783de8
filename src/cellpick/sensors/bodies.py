"""The whole scene as one triangle mesh in the world frame, with what each triangle is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.errors import InputError
from cellpick.geometry import Floats, invert, link_poses, transform, translation
from cellpick.scene.decals import Decal
from cellpick.scene.state import SceneState
from cellpick.sensors.cell_mesh import CellSurface, cell_surface
from cellpick.sensors.meshes import Mesh, box, cylinder, joined, quads, sphere
from cellpick.sensors.outlines import OPEN, mesh_edges
from cellpick.structures import Solid

LIFT_M = 5e-5
"""Height of a print above what it is printed on, so that rays meet it first."""


@dataclass(frozen=True, eq=False)
class WorldMesh:
    """All triangles of the scene; m triangles, k vertices."""

    vertices: NDArray[np.float32]
    """(k, 3) in the world frame."""
    normals: NDArray[np.float32]
    """(k, 3) in the world frame."""
    to_cell: NDArray[np.float32]
    """(n, 2, 4) the first two rows of T_cell_world of each cell."""
    triangles: NDArray[np.uint32]
    """(m, 3) rows of `vertices`."""
    facets: NDArray[np.int32]
    """(m,) smooth piece, unique in the scene."""
    materials: NDArray[np.int32]
    """(m,) row of the table of materials."""
    paints: NDArray[np.int32]
    """(m,) row of the cell model's painted faces, -1 for none."""
    cells: NDArray[np.int32]
    """(m,) row of the cell, -1 off cells."""
    curved: NDArray[np.bool_]
    """(m,) whether the normal changes over the triangle."""
    body: NDArray[np.int32]
    """(k,) rigid body of each vertex."""
    edges: NDArray[np.int32]
    """(e, 4) edges that can be outlines: rows of two vertices and of two triangles, or `OPEN`."""


@dataclass(frozen=True, eq=False)
class _Part:
    mesh: Mesh
    materials: NDArray[np.int32]
    edges: NDArray[np.int32]


class Bodies:
    """Meshes of everything in a scene, built once; only poses change from look to look."""

    def __init__(self, state: SceneState) -> None:
        self.materials = tuple(state.materials.values())
        """The table of materials, in the order of the indices."""
        self._rows = {name: row for row, name in enumerate(state.materials)}
        self.cell: CellSurface = cell_surface(state.cell, self.material_row)
        """The surface of the scene's cell model."""
        self._cell_edges = mesh_edges(self.cell.mesh)
        self._fixtures = self._part(state.fixtures)
        self._links = [self._part(solids) for solids in state.arm.solids]
        self._tool = self._part((*state.gripper.solids, *state.rig))
        self._decals = {
            parent: self._print([d for d in state.decals if d.parent == parent])
            for parent in ("world", "flange")
        }
        jaws = state.gripper.jaws
        self._jaws = [self._part(solids) for solids in jaws.solids] if jaws else []

    def material_row(self, name: str) -> int:
        """Row of a material; raises `InputError` for one that the scene does not have."""
        if name not in self._rows:
            raise InputError(
                "unknown material", key="material", got=name, accepted=", ".join(self._rows)
            )
        return self._rows[name]

    def placed(self, state: SceneState) -> WorldMesh:
        """The mesh of `state`, whose models are those that the bodies were built from."""
        owners: list[tuple[_Part | None, Floats]] = [(self._fixtures, np.eye(4))]
        Ts_base_link = link_poses(state.arm.Ts_parent_joint, state.arm.axes, state.q)
        Ts_link = state.T_world_base @ np.concatenate([np.eye(4)[None], Ts_base_link])
        owners += list(zip(self._links, Ts_link, strict=True))
        owners.append((self._tool, state.T_world_flange))
        owners.append((self._decals["world"], np.eye(4)))
        owners.append((self._decals["flange"], state.T_world_flange))
        T_tcp = state.T_world_flange @ state.gripper.T_flange_tcp
        owners += [
            (jaw, T_tcp @ translation([sign * state.opening_m, 0, 0]))
            for jaw, sign in zip(self._jaws, (1, -1), strict=False)
        ]
        parts = [_moved(part, T) for part, T in owners if part is not None]
        parts += self._cells(state.Ts_world_cell)
        return _merged(parts)

    def _cells(self, Ts_world_cell: Floats) -> list[WorldMesh]:
        """All cells as one mesh; no entry when there are none."""
        n, mesh, surface = len(Ts_world_cell), self.cell.mesh, self.cell
        if n == 0:
            return []
        k, m = len(mesh.vertices), len(mesh.triangles)
        vertices = transform(Ts_world_cell, mesh.vertices)
        normals = mesh.normals @ np.swapaxes(Ts_world_cell[:, :3, :3], -1, -2)
        cells = np.repeat(np.arange(n), m)
        facets = np.tile(mesh.facets, n) + cells * (int(mesh.facets.max()) + 1)
        return [
            WorldMesh(
                vertices.reshape(-1, 3).astype(np.float32),
                normals.reshape(-1, 3).astype(np.float32),
                invert(Ts_world_cell)[:, :2].astype(np.float32),
                (np.tile(mesh.triangles, (n, 1)) + cells[:, None] * k).astype(np.uint32),
                facets.astype(np.int32),
                np.tile(surface.materials, n),
                np.tile(surface.paints, n),
                cells.astype(np.int32),
                np.tile(_curved(mesh), n),
                np.repeat(np.arange(n, dtype=np.int32), k),
                _shifted(self._cell_edges, k, m, n),
            )
        ]

    def _part(self, solids: Sequence[Solid]) -> _Part | None:
        if not solids:
            return None
        meshes, materials, offset = [], [], 0
        for solid in solids:
            mesh = _solid_mesh(solid).moved(solid.T_parent_solid)
            meshes.append(Mesh(mesh.vertices, mesh.normals, mesh.triangles, mesh.facets + offset))
            row = self.material_row(solid.material)
            materials.append(np.full(len(mesh.triangles), row, dtype=np.int32))
            offset += int(mesh.facets.max()) + 1
        whole = joined(meshes)
        return _Part(whole, np.concatenate(materials), mesh_edges(whole))

    def _print(self, decals: Sequence[Decal]) -> _Part | None:
        printed = [decal for decal in decals if len(decal.rects_m)]
        if not printed:
            return None
        meshes = [quads(decal.rects_m, LIFT_M).moved(decal.T_parent_decal) for decal in printed]
        materials = [
            np.full(2 * len(decal.rects_m), self.material_row(decal.material), dtype=np.int32)
            for decal in printed
        ]
        facets = np.cumsum([0, *(len(mesh.triangles) for mesh in meshes[:-1])])
        apart = [
            Mesh(m.vertices, m.normals, m.triangles, m.facets + first)
            for m, first in zip(meshes, facets, strict=True)
        ]
        whole = joined(apart)
        return _Part(whole, np.concatenate(materials), mesh_edges(whole))


def _solid_mesh(solid: Solid) -> Mesh:
    if solid.shape == "box":
        return box(solid.size_m)
    if solid.shape == "cylinder":
        return cylinder(float(solid.size_m[0]), float(solid.size_m[2]))
    return sphere(float(solid.size_m[0]))


def _curved(mesh: Mesh) -> NDArray[np.bool_]:
    corner = mesh.normals[mesh.triangles]
    change = np.abs(corner - corner[:, :1]).max(axis=(1, 2))
    curved: NDArray[np.bool_] = change > 1e-6
    return curved


def _moved(part: _Part, T: Floats) -> WorldMesh:
    mesh = part.mesh.moved(T)
    m = len(mesh.triangles)
    return WorldMesh(
        mesh.vertices.astype(np.float32),
        mesh.normals.astype(np.float32),
        np.zeros((0, 2, 4), dtype=np.float32),
        mesh.triangles.astype(np.uint32),
        mesh.facets.astype(np.int32),
        part.materials,
        np.full(m, -1, dtype=np.int32),
        np.full(m, -1, dtype=np.int32),
        _curved(mesh),
        np.zeros(len(mesh.vertices), dtype=np.int32),
        part.edges,
    )


def _merged(parts: Sequence[WorldMesh]) -> WorldMesh:
    triangles, facets, edges, row, facet, triangle = [], [], [], 0, 0, 0
    for part in parts:
        triangles.append(part.triangles + np.uint32(row))
        facets.append(part.facets + facet)
        edges.append(_moved_edges(part.edges, row, triangle))
        triangle += len(part.triangles)
        row += len(part.vertices)
        facet += int(part.facets.max()) + 1
    return WorldMesh(
        np.concatenate([p.vertices for p in parts]),
        np.concatenate([p.normals for p in parts]),
        np.concatenate([p.to_cell for p in parts]),
        np.concatenate(triangles),
        np.concatenate(facets).astype(np.int32),
        np.concatenate([p.materials for p in parts]),
        np.concatenate([p.paints for p in parts]),
        np.concatenate([p.cells for p in parts]),
        np.concatenate([p.curved for p in parts]),
        np.concatenate([p.body + first for p, first in zip(parts, range(len(parts)), strict=True)]),
        np.concatenate(edges),
    )


def _shifted(edges: NDArray[np.int32], k: int, m: int, n: int) -> NDArray[np.int32]:
    """Edges of n bodies with k vertices and m triangles each."""
    body = np.arange(n, dtype=np.int32)[:, None]
    out: NDArray[np.int32] = np.tile(edges, (n, 1)).reshape(n, -1, 4)
    out[..., :2] += k * body[..., None]
    out[..., 2:] = np.where(out[..., 2:] == OPEN, OPEN, out[..., 2:] + m * body[..., None])
    result: NDArray[np.int32] = out.reshape(-1, 4)
    return result


def _moved_edges(edges: NDArray[np.int32], row: int, triangle: int) -> NDArray[np.int32]:
    out: NDArray[np.int32] = edges.copy()
    out[:, :2] += row
    out[:, 2:] = np.where(edges[:, 2:] == OPEN, OPEN, edges[:, 2:] + triangle)
    return out
