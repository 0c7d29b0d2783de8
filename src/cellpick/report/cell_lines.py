"""A cell as lines in its own frame: the outline of its upper end, its terminals, its axes."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from cellpick.geometry import Floats
from cellpick.structures import CellModel, SurfaceFeature

LineKind = Literal["outline", "positive", "negative", "feature", "x", "y", "z"]
_ARC = 16
_SIDE = 6
AXIS_SHARE = 0.4
"""Length of the drawn axes as a share of the cell's shorter side in the plane."""


class Line(NamedTuple):
    """A polyline in the cell frame."""

    kind: LineKind
    """What it shows."""
    points: Floats
    """(n, 3) in metres; a closed one repeats its first point."""


def cell_lines(cell: CellModel, end: int) -> list[Line]:
    """Lines of the end that is up, +1 the +z end, -1 the -z end; its outline comes last, on top."""
    z = end * cell.height_m / 2
    lines = []
    face = "+z" if end > 0 else "-z"
    for feature in cell.features:
        if feature.kind not in ("terminal", "vent"):
            continue
        kind = _kind(feature)
        if feature.face == face:
            height = z + end * feature.height_m
            lines += [Line(kind, _lifted(p, feature.center_m, height)) for p in _rings(feature)]
        elif feature.face[1] == "x":
            lines.append(Line(kind, _beside(cell, feature, end)))
    outline = Line("outline", _lifted(_outline(cell), np.zeros(2), z))
    return [*lines, *axis_lines(cell, z), outline]


def axis_lines(cell: CellModel, z: float) -> list[Line]:
    """The cell's axes from the middle of the end at height `z`."""
    origin = np.array([0.0, 0.0, z])
    length = AXIS_SHARE * float(cell.size_m[:2].min())
    return [
        Line("x", origin + length * np.array([[0.0, 0, 0], [1, 0, 0]])),
        Line("y", origin + length * np.array([[0.0, 0, 0], [0, 1, 0]])),
        Line("z", origin + length * np.array([[0.0, 0, 0], [0, 0, 1]])),
    ]


def _beside(cell: CellModel, feature: SurfaceFeature, end: int) -> Floats:
    """(n, 3) what stands out of a side, as seen from above: the rectangle round it."""
    T = cell.raised_solid(feature).T_parent_solid
    half = np.abs(T[:3, :3]) @ cell.raised_solid(feature).size_m / 2
    return _lifted(_rounded(half[:2], 0.0), T[:2, 3], float(T[2, 3] + end * half[2]))


def _kind(feature: SurfaceFeature) -> LineKind:
    if feature.polarity == "+":
        return "positive"
    return "negative" if feature.polarity == "-" else "feature"


def _outline(cell: CellModel) -> Floats:
    half = cell.size_m[:2] / 2
    return _rounded(half, float(half[0]) if cell.shape == "cylinder" else cell.corner_radius_m)


def _rings(feature: SurfaceFeature) -> list[Floats]:
    outer = feature.size_m[0] / 2
    if feature.outline == "ring":
        inner = feature.size_m[1] / 2
        return [_rounded(np.full(2, r), float(r)) for r in (outer, inner)]
    if feature.outline == "disc":
        return [_rounded(np.full(2, outer), float(outer))]
    return [_rounded(feature.size_m / 2, 0.0)]


def _rounded(half: Floats, radius: float) -> Floats:
    """A closed rounded rectangle (n, 2); fine enough for a distorted lens."""
    turn = np.linspace(0.0, np.pi / 2, _ARC)
    arc = radius * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
    corners = []
    for k, signs in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        rotated = arc @ np.linalg.matrix_power(quarter, k).T
        corners.append(rotated + (half - radius) * np.array(signs))
    loop = np.concatenate([*corners, corners[0][:1]])
    t = np.linspace(0.0, 1.0, _SIDE, endpoint=False)[:, None]
    dense = loop[:-1, None] * (1 - t) + loop[1:, None] * t
    return np.concatenate([dense.reshape(-1, 2), loop[:1]])


def _lifted(xy: Floats, center: Floats, z: float) -> Floats:
    return np.concatenate([xy + center, np.full((len(xy), 1), z)], axis=1)
