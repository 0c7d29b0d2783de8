"""What is on the end faces of a cell: exact outlines of terminals, vent, marks, label and code.

Outlines are evaluated where a ray hits, as the share of the pixel's footprint that they cover, so
that an edge lies where the drawing has it at any distance. A mark `plus` or `minus` has strokes
a quarter of its extent along x wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.sensors.codes import CodeAtlas, square_side
from cellpick.structures import SurfaceFeature

Array = NDArray[np.float32]
STROKE = 0.25
"""Width of a plus or minus sign's stroke, as a share of its extent along x."""


@dataclass(frozen=True)
class FacePaint:
    """One painted plane of a cell model: an end face or the top of a raised feature."""

    material: int
    """Index of the material underneath."""
    features: tuple[SurfaceFeature, ...]
    """Flat features in painting order."""
    materials: tuple[int, ...]
    """Their materials' indices; that of a code is its ink."""


@dataclass(frozen=True, eq=False)
class Coat:
    """Materials (n,) at n points: a share `weight` of `over` and the rest of `under`."""

    under: NDArray[np.int32]
    over: NDArray[np.int32]
    weight: Array

    def rows(self, rows: NDArray[np.int64]) -> Coat:
        """Some of the points."""
        return Coat(self.under[rows], self.over[rows], self.weight[rows])

    def replaced(self, rows: NDArray[np.int64], other: Coat) -> Coat:
        """These points, but for `rows` (m,), which are those of `other`."""
        out = Coat(self.under.copy(), self.over.copy(), self.weight.copy())
        out.under[rows], out.over[rows], out.weight[rows] = other.under, other.over, other.weight
        return out

    def joined(self, other: Coat) -> Coat:
        """These points, then others."""
        return Coat(
            np.concatenate([self.under, other.under]),
            np.concatenate([self.over, other.over]),
            np.concatenate([self.weight, other.weight]),
        )


def plain_coat(material: NDArray[np.int32]) -> Coat:
    """One material (n,) at each of n points."""
    return Coat(material, material, np.zeros(len(material), dtype=np.float32))


def paint(
    face: FacePaint, xy: Array, footprint: Array, cells: NDArray[np.int32], codes: CodeAtlas
) -> Coat:
    """Materials at points `xy` (n, 2) in the cell frame, `footprint` (n,) metres a pixel.

    `cells` (n,) choose the code.
    """
    n = len(xy)
    coat = Coat(
        np.full(n, face.material, dtype=np.int32),
        np.full(n, face.material, dtype=np.int32),
        np.zeros(n, dtype=np.float32),
    )
    for feature, material in zip(face.features, face.materials, strict=True):
        rows = _near(feature, xy, footprint)
        local = xy[rows] - feature.center_m.astype(np.float32)
        if feature.kind == "code":
            side = square_side(feature.size_m)
            # on the bottom face the code is mirrored, so that it reads from outside
            sign = np.array([1.0 if feature.face == "+z" else -1.0, 1.0], dtype=np.float32)
            uv = local * sign / side + 0.5
            cover = codes.ink(cells[rows], uv, footprint[rows] / side)
        else:
            cover = coverage(feature, local, footprint[rows])
        _lay(coat, rows, cover, material)
    return coat


def _near(feature: SurfaceFeature, xy: Array, footprint: Array) -> NDArray[np.int64]:
    """Rows of `xy` (n, 2) that the feature may touch: x first, as few pass it."""
    if len(xy) == 0:
        return np.zeros(0, dtype=np.int64)
    reach = float(feature.size_m.max()) / 2 + float(footprint.max())
    x, y = (float(c) for c in feature.center_m)
    rows = np.flatnonzero(np.abs(xy[:, 0] - np.float32(x)) < reach)
    close: NDArray[np.int64] = rows[np.abs(xy[rows, 1] - np.float32(y)) < reach]
    return close


def coverage(feature: SurfaceFeature, local: Array, footprint: Array) -> Array:
    """Share (n,) of the footprints round `local` (n, 2), from its centre, inside the outline."""
    sx, sy = (float(s) for s in feature.size_m)
    if feature.outline == "rect":
        return _rect(local, sx, sy, footprint)
    if feature.outline == "disc":
        return _disc(local, sx, footprint)
    if feature.outline == "ring":
        return _disc(local, sx, footprint) - _disc(local, sy, footprint)
    bar = _rect(local, sx, min(sy, STROKE * sx), footprint)
    if feature.outline == "minus":
        return bar
    return np.maximum(bar, _rect(local, STROKE * sx, sy, footprint))


def _rect(local: Array, sx: float, sy: float, footprint: Array) -> Array:
    half = np.array([sx / 2, sy / 2], dtype=np.float32)
    reach = footprint[:, None] / np.float32(2)
    overlap = np.minimum(local + reach, half) - np.maximum(local - reach, -half)
    share: Array = np.clip(overlap / footprint[:, None], 0, 1).astype(np.float32, copy=False)
    return share[:, 0] * share[:, 1]


def _disc(local: Array, diameter: float, footprint: Array) -> Array:
    distance = np.hypot(local[:, 0], local[:, 1]) - np.float32(diameter / 2)
    result: Array = np.clip(0.5 - distance / footprint, 0, 1)
    return result


def _lay(coat: Coat, rows: NDArray[np.int64], cover: Array, material: int) -> None:
    full = cover > 0.999
    coat.under[rows[full]] = material
    coat.weight[rows[full]] = 0
    part = (cover > 0.001) & ~full
    coat.over[rows[part]] = material
    coat.weight[rows[part]] = cover[part]


def flat(features: Sequence[SurfaceFeature], face: str) -> tuple[SurfaceFeature, ...]:
    """The printed features of a face, in order."""
    return tuple(f for f in features if f.face == face and f.height_m <= 0)
