"""The cell as a BOP object model: an ASCII PLY in millimetres, and `models_info.json`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, pose
from cellpick.geometry.symmetries import rotation_group
from cellpick.sensors import cell_mesh
from cellpick.structures import CellModel

MM = 1e3
OBJ_ID = 1
"""A scene has one cell model, so a data set has one object."""
NO_AREA_M2 = 1e-14
"""Area of triangles that sharp corners leave behind, below any that a cell's rounding has."""
BLOCK = 512
"""Points whose distances to all others are taken at once."""


def model_ply(cell: CellModel) -> bytes:
    """ASCII PLY of the cell in its own frame: millimetres, unit normals, outward triangles."""
    mesh = cell_mesh(cell)
    points, triangles = mesh.vertices * MM, _outward(mesh.vertices, mesh.normals, mesh.triangles)
    head = (
        "ply\nformat ascii 1.0\n"
        f"comment {cell.name}, millimetres, origin in the middle of the case\n"
        f"element vertex {len(points)}\n"
        + "".join(f"property float {name}\n" for name in ("x", "y", "z", "nx", "ny", "nz"))
        + f"element face {len(triangles)}\n"
        "property list uchar int vertex_indices\nend_header\n"
    )
    rows = np.concatenate([points, mesh.normals], axis=1) + 0.0  # no minus zero
    vertices = "".join(" ".join(f"{value:.6f}" for value in row) + "\n" for row in rows)
    faces = "".join(f"3 {a} {b} {c}\n" for a, b, c in triangles)
    return (head + vertices + faces).encode("ascii")


def models_info(cell: CellModel) -> dict[str, Any]:
    """Content of `models_info.json`: box, diameter and declared symmetries."""
    points = np.unique(cell_mesh(cell).vertices * MM, axis=0)
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    info: dict[str, Any] = {"diameter": diameter(points)}
    info |= {f"min_{axis}": float(value) for axis, value in zip("xyz", low, strict=True)}
    info |= {f"size_{axis}": float(value) for axis, value in zip("xyz", size, strict=True)}
    turns = [s for s in cell.symmetries if s.fold > 1]
    if turns:
        axes, folds = np.stack([s.axis for s in turns]), np.array([s.fold for s in turns])
        others = rotation_group(axes, folds, free_steps=1)[1:]
        info["symmetries_discrete"] = pose(others, np.zeros(3)).reshape(-1, 16).tolist()
    free = [s for s in cell.symmetries if s.fold == 0]
    if free:
        info["symmetries_continuous"] = [
            {"axis": s.axis.tolist(), "offset": [0.0, 0.0, 0.0]} for s in free
        ]
    return {str(OBJ_ID): info}


def diameter(points: Floats) -> float:
    """Largest distance between any two of the points (n, 3)."""
    largest = 0.0
    for start in range(0, len(points), BLOCK):
        between = points[start : start + BLOCK, None] - points[None]
        largest = max(largest, float((between**2).sum(axis=-1).max()))
    return float(np.sqrt(largest))


def _outward(vertices: Floats, normals: Floats, triangles: NDArray[np.int64]) -> NDArray[np.int64]:
    """The triangles that have an area, with corners counter-clockwise seen from outside."""
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    across = np.cross(b - a, c - a)
    inward = (across * normals[triangles].sum(axis=1)).sum(axis=1) < 0
    turned = np.where(inward[:, None], triangles[:, ::-1], triangles)
    real: NDArray[np.bool_] = np.linalg.norm(across, axis=1) > NO_AREA_M2
    return turned[real]
