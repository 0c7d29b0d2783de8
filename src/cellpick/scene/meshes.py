"""Bounding boxes of mesh files that a user's URDF names: STL (both kinds) and OBJ."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats


def mesh_bounds(filename: str, urdf: Path) -> tuple[Floats, Floats]:
    """Lowest and highest corner (3,) of a mesh's vertices; raises `InputError`."""
    path = find_mesh(filename, urdf)
    try:
        vertices = _obj(path) if path.suffix.lower() == ".obj" else _stl(path)
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read the mesh: {error}", source=str(urdf), key=filename
        ) from error
    if vertices.shape[1:] != (3,) or len(vertices) == 0 or not np.isfinite(vertices).all():
        raise InputError("the mesh has no finite vertices", source=str(urdf), key=filename)
    return vertices.min(axis=0), vertices.max(axis=0)


def find_mesh(filename: str, urdf: Path) -> Path:
    """The file of a mesh that a URDF names; raises `InputError`.

    A relative path starts at the URDF's folder; `package://name/...` is looked for in the folders
    above it.
    """
    if Path(filename).suffix.lower() not in (".stl", ".obj"):
        raise InputError(
            "a collision mesh of unknown format",
            source=str(urdf),
            got=filename,
            accepted=".stl, .obj, or primitive bodies",
        )
    _, _, rest = filename.partition("package://")
    candidates = (
        [folder / tail for folder in urdf.parents for tail in (rest, rest.partition("/")[2])]
        if rest
        else [urdf.parent / filename.removeprefix("file://")]
    )
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise InputError(
        "no such mesh file",
        source=str(urdf),
        got=filename,
        accepted=f"a path to a file (relative ones start at {urdf.parent})",
    )


def _stl(path: Path) -> Floats:
    raw = path.read_bytes()
    count = int.from_bytes(raw[80:84], "little")
    if len(raw) == 84 + 50 * count and count:
        triangle = np.dtype([("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")])
        facets = np.frombuffer(raw, triangle, count, 84)
        return np.asarray(facets["v"].reshape(-1, 3), dtype=np.float64)
    return _vertex_lines(raw.decode("ascii", errors="strict"), "vertex")


def _obj(path: Path) -> Floats:
    return _vertex_lines(path.read_text(encoding="utf-8"), "v")


def _vertex_lines(text: str, word: str) -> Floats:
    rows = [line.split() for line in text.splitlines()]
    return np.array([row[1:4] for row in rows if row[:1] == [word]], dtype=np.float64)
