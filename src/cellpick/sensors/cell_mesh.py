"""The surface of a cell model: case with rounded edges, raised terminals, painted end faces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.sensors.meshes import Mesh, Ring, joined, rounded_prism, tube
from cellpick.sensors.paint import FacePaint, flat
from cellpick.structures import CellModel, Groove, SurfaceFeature

RAISED_RIM_M = 0.0002
"""Rounding of a raised terminal's upper edge; assumed."""
PAINTED_AXIS = 2
"""Prints lie on planes across the cell's z; a plain material is all that is on other faces."""
BURIED_M = 1e-5
"""How far a raised feature reaches into the case, so that no crack opens below it. Its lower edge
stands for the line where it leaves the case, and so must be near."""

GROOVE_SEGMENTS = 10
"""Rings of facets in a groove."""


@dataclass(frozen=True, eq=False)
class CellSurface:
    """One mesh for all cells of a model, in the cell frame."""

    mesh: Mesh
    """Case and raised features; facets are unique in it."""
    materials: NDArray[np.int32]
    """(m,) material of each triangle."""
    paints: NDArray[np.int32]
    """(m,) row of `faces` for each triangle, -1 for a plain one."""
    faces: tuple[FacePaint, ...]
    """The painted planes."""


def cell_surface(cell: CellModel, index: Callable[[str], int]) -> CellSurface:
    """Surface of `cell`; `index` gives the row of a material's name."""
    faces = []
    for side, base in (("+z", cell.top_material), ("-z", cell.bottom_material)):
        features = flat(cell.features, side)
        faces.append(FacePaint(index(base), features, _rows(features, index)))
    case = _case(cell)
    materials = np.full(len(case.triangles), index(cell.case_material), dtype=np.int32)
    up = case.normals[case.triangles].mean(axis=1)[:, 2]
    z = case.vertices[case.triangles].mean(axis=1)[:, 2]
    bent = (np.abs(up) > 0.1) & (np.abs(z) > cell.height_m / 2 - cell.rim_radius_m)
    materials[bent & (z > 0)] = index(cell.top_material)
    materials[bent & (z < 0)] = index(cell.bottom_material)
    paints = np.select([case.facets == 1, case.facets == 0], [0, 1], -1)
    parts, all_materials, all_paints = [case], [materials], [paints]
    for number, feature in enumerate(cell.features):
        if feature.height_m <= 0:
            continue
        later = flat(cell.features[number + 1 :], feature.face)
        row = index(feature.material)
        body = _raised(cell, feature)
        parts.append(body)
        all_materials.append(np.full(len(body.triangles), row, dtype=np.int32))
        if feature.axes[2] != PAINTED_AXIS:
            all_paints.append(np.full(len(body.triangles), -1))
            continue
        faces.append(FacePaint(row, later, _rows(later, index)))
        cap = np.abs(body.normals[body.triangles].mean(axis=1)[:, 2]) > 0.99
        all_paints.append(np.where(cap, len(faces) - 1, -1))
    return CellSurface(
        _with_unique_facets(parts),
        np.concatenate(all_materials),
        np.concatenate(all_paints).astype(np.int32),
        tuple(faces),
    )


def cell_mesh(cell: CellModel) -> Mesh:
    """The surface of `cell` in its own frame, in metres."""
    return cell_surface(cell, lambda _: 0).mesh


def _rows(features: tuple[SurfaceFeature, ...], index: Callable[[str], int]) -> tuple[int, ...]:
    return tuple(index(f.material) for f in features)


def _case(cell: CellModel) -> Mesh:
    x, y, z = (float(s) / 2 for s in cell.size_m)
    radius = x if cell.shape == "cylinder" else cell.corner_radius_m
    rims = (cell.rim_radius_m, cell.rim_radius_m)
    between = _groove_rings(cell.groove, z) if cell.groove else ()
    return rounded_prism((x, y), radius, (-z, z), rims, between)


def _groove_rings(groove: Groove, half_m: float) -> tuple[Ring, ...]:
    """Rings of the groove from below to above."""
    t = np.linspace(-0.5, 0.5, GROOVE_SEGMENTS + 1) * groove.width_m
    depth, slope = groove.inset(t)
    middle = (half_m - groove.offset_m) * (1 if groove.face == "+z" else -1)
    length = np.hypot(1, slope)
    columns = depth, middle + t, 1 / length, slope / length
    return tuple((a, b, c, d) for a, b, c, d in np.stack(columns, -1).tolist())


def _raised(cell: CellModel, feature: SurfaceFeature) -> Mesh:
    """The body of a feature that stands above its face."""
    a, b, n = feature.axes
    face_m = float(cell.size_m[n]) / 2
    z0, z1 = face_m - BURIED_M, face_m + feature.height_m
    sx, sy = (float(s) for s in feature.size_m)
    if feature.outline == "ring":
        body = tube(sx, sy, (z0, z1))
    else:
        radius = sx / 2 if feature.outline == "disc" else 0.0
        half = (sx / 2, sx / 2 if feature.outline == "disc" else sy / 2)
        body = rounded_prism(half, radius, (z0, z1), (0.0, min(RAISED_RIM_M, feature.height_m)))
    shift = np.array([*feature.center_m, 0.0])
    flip = np.array([1.0, 1.0, feature.side])
    triangles = body.triangles[:, :: int(feature.side)]
    order = np.argsort([a, b, n])
    vertices = (body.vertices * flip + shift)[:, order]
    return Mesh(vertices, (body.normals * flip)[:, order], triangles, body.facets)


def _with_unique_facets(parts: list[Mesh]) -> Mesh:
    offset, out = 0, []
    for part in parts:
        out.append(Mesh(part.vertices, part.normals, part.triangles, part.facets + offset))
        offset += int(part.facets.max()) + 1
    return joined(out)
