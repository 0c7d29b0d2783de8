"""The drawn end faces of a cell, rasterised: what a camera square above one ought to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.structures import CellModel, Material, SurfaceFeature

Face = Literal["+z", "-z"]
BEYOND = 0
"""Row of the palette for what is not the case."""
CODE = 1
"""Row of the palette for a 2D code."""
CODE_TONE = 0.4
"""Mean brightness of a code: half ink, half white paper."""

STROKE_SHARE = 0.25
"""Width of a drawn plus's or minus's stroke as a share of its length; assumed of the print."""
METAL_SHARE = 0.6
"""Brightness of a metal away from its glint, relative to a matt surface of equal albedo; assumed:
only the sign and the rough size of a contrast matter."""


@dataclass(frozen=True, eq=False)
class FacePattern:
    """A raster over one end face, seen square on from above it: columns run along the cell's +x,
    rows along +y for the +z face and along -y for the -z face."""

    face: Face
    """The face."""
    step_m: float
    """Pixel pitch."""
    xy: Floats
    """(h, w, 2) the pixels' x and y as seen from above."""
    height_m: Floats
    """(h, w) of raised features above the face."""
    material: NDArray[np.int32]
    """(h, w) row of `palette`; 0 is beyond the case, 1 a 2D code (of unknown content)."""
    palette: Floats
    """(k, 3) expected RGB brightness."""
    metallic: Floats
    """(k,) how specular, 0 to 1: says how uncertain the brightness is."""
    swept: NDArray[np.bool_]
    """(h, w) where a feature may be at some turn that the cell's symmetry leaves open."""

    @property
    def inside(self) -> NDArray[np.bool_]:
        """(h, w) on the case."""
        on: NDArray[np.bool_] = self.material != BEYOND
        return on


def brightness(material: Material) -> Floats:
    """(3,) rough expected RGB brightness of a material."""
    dimming = 1 - (1 - METAL_SHARE) * material.metallic
    result: Floats = material.albedo * dimming
    return result


def covers(feature: SurfaceFeature, x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Where a feature's outline covers points of the cell's x and y."""
    dx, dy = x - feature.center_m[0], y - feature.center_m[1]
    a, b = feature.size_m / 2
    r = np.hypot(dx, dy)
    half = STROKE_SHARE * a
    shape: NDArray[np.bool_] = (np.abs(dx) <= a) & (np.abs(dy) <= b)
    if feature.outline == "disc":
        shape = r <= a
    elif feature.outline == "ring":
        shape = (r <= a) & (r >= b)
    elif feature.outline == "minus":
        shape &= np.abs(dy) <= half
    elif feature.outline == "plus":
        shape &= (np.abs(dx) <= half) | (np.abs(dy) <= half)
    return shape


def draw_face(
    cell: CellModel, materials: Mapping[str, Material], face: Face, step_m: float, margin_m: float
) -> FacePattern:
    """Rasterise one face with a margin all round, and what stands out of the sides beside it.

    Where the yaw is free, features off the axis are left out and the ring that they sweep marked.
    """
    reach = max((f.height_m for f in cell.features if f.face[1] == "x"), default=0.0)
    half = cell.size_m[:2] / 2 + [reach + margin_m, margin_m]
    xs, ys = (np.arange(-np.floor(e / step_m), np.floor(e / step_m) + 1) * step_m for e in half)
    x, y = np.meshgrid(xs, ys)
    flip = 1.0 if face == "+z" else -1.0
    names = sorted(materials)
    rows = {name: row for row, name in enumerate(names, start=2)}
    base = cell.top_material if face == "+z" else cell.bottom_material
    inside = on_case(cell, x, y)
    material = np.where(inside, rows[base], BEYOND)
    height = np.zeros_like(x)
    swept = np.zeros_like(inside)
    for feature in cell.features:
        if feature.face[1] == "x" and feature.height_m > 0:
            on, top = stands_out(cell, feature, x, flip * y, flip)
            material[on], height[on] = rows[feature.material], top
        if feature.face != face:
            continue
        if cell.turns_freely and np.hypot(*feature.center_m) > 0:
            swept |= sweeps(feature, np.hypot(x, y))
            continue
        on = covers(feature, x, flip * y) & inside
        material[on] = CODE if feature.kind == "code" else rows[feature.material]
        height[on] = feature.height_m
    table = [materials[name] for name in names]
    palette = np.array([np.zeros(3), np.full(3, CODE_TONE), *(brightness(m) for m in table)])
    metallic = np.array([0.0, 0.0, *(m.metallic for m in table)])
    xy = np.stack([x, y], -1)
    return FacePattern(
        face, step_m, xy, height, material.astype(np.int32), palette, metallic, swept & inside
    )


def stands_out(
    cell: CellModel, feature: SurfaceFeature, x: Floats, y: Floats, up: float
) -> tuple[NDArray[np.bool_], float]:
    """Where what stands out of a side covers points of the cell's x and y, and how far its upper
    end is above the face that looks `up`, +1 or -1; less than 0."""
    solid = cell.raised_solid(feature)
    centre = solid.T_parent_solid[:3, 3]
    half = np.abs(solid.T_parent_solid[:3, :3]) @ solid.size_m / 2
    on = (np.abs(x - centre[0]) <= half[0]) & (np.abs(y - centre[1]) <= half[1])
    return on, float(up * centre[2] + half[2] - cell.height_m / 2)


def sweeps(feature: SurfaceFeature, radius: Floats) -> NDArray[np.bool_]:
    """Radii (...) at which a feature may be when its cell turns about z."""
    centre, half = np.abs(feature.center_m), feature.size_m / 2
    if feature.outline in ("disc", "ring"):
        nearest, farthest = np.hypot(*centre) - half[0], np.hypot(*centre) + half[0]
    else:
        nearest = np.hypot(*np.maximum(centre - half, 0))
        farthest = np.hypot(*(centre + half))
    result: NDArray[np.bool_] = (radius >= nearest) & (radius <= farthest)
    return result


def on_case(cell: CellModel, x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Whether points of the cell's x and y lie on its end faces, rounded edges included."""
    if cell.shape == "cylinder":
        disc: NDArray[np.bool_] = np.hypot(x, y) <= cell.size_m[0] / 2
        return disc
    r = cell.corner_radius_m
    beyond = [
        np.maximum(np.abs(v) - (e / 2 - r), 0) for v, e in zip((x, y), cell.size_m, strict=False)
    ]
    result: NDArray[np.bool_] = np.hypot(*beyond) <= r + 1e-12
    return result
