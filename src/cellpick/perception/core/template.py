"""The edges that a camera can see on a cell's end face, as points of the cell's drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.outlines import (
    STROKE,
    case_distance,
    circle,
    feature_outline,
    rounded_rect,
    signed_distance,
)
from cellpick.structures import CellModel, Material, SurfaceFeature

FACES = (1.0, -1.0)
"""The two end faces, by the sign of their normal along the cell's z."""
HIDDEN_M = 6e-4
"""Edge points inside a later feature, or nearer than this to it, are left out."""
WIDE = 2.0
"""A feature may be so much narrower than other edges must be far away: its two sides are pushed
apart alike, and that is an unknown of its outline."""
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
"""Weights of linear RGB in brightness (ITU-R BT.709)."""
KNOWN_STEP = 0.15
"""Least difference of two matt materials' brightness at which the edge's sign is known."""


@dataclass(frozen=True, eq=False)
class EdgeTemplate:
    """Edge points of the faces +z and -z, (2, e, ...), padded where one face has fewer."""

    points: Floats
    """(2, e, 3) in the cell frame; for the rim, on the torus's centre line."""
    outward: Floats
    """(2, e, 3) unit normals in the face, out of the feature."""
    tube_m: Floats
    """(2, e) radius of the rounded rim round `points`; 0 for what has sharp edges."""
    stands_m: Floats
    """(2, e) how far the outline stands up, so that its own side may show below it."""
    contrast: Floats
    """(2, e) +1 where the outside is brighter, -1 where it is darker, 0 where that is unknown."""
    curvature: Floats
    """(2, e) of the outline, 1/m, positive where it bulges outwards."""
    clear_m: Floats
    """(2, e) distance of an outline to the next other one on the face."""
    feature: NDArray[np.int64]
    """(2, e) row in `CellModel.features`, -1 for the case, -2 for padding."""
    spacing_m: float
    """Distance of neighbouring points along an outline."""

    @property
    def used(self) -> NDArray[np.bool_]:
        """(2, e) what is not padding."""
        used: NDArray[np.bool_] = self.feature > -2
        return used

    def every(self, step: int) -> EdgeTemplate:
        """Every `step`-th edge point."""
        names = [field.name for field in fields(EdgeTemplate) if field.name != "spacing_m"]
        chosen = {name: getattr(self, name)[:, ::step] for name in names}
        return EdgeTemplate(**chosen, spacing_m=self.spacing_m * step)


def edge_template(
    cell: CellModel, materials: Mapping[str, Material], spacing: float
) -> EdgeTemplate:
    """Edge points about `spacing` metres apart on both end faces of `cell`.

    A material that is not in `materials` has an unknown brightness.
    """
    faces = [_face(cell, materials, spacing, sign) for sign in FACES]
    count = max(len(face["feature"]) for face in faces)
    table: dict[str, Any] = {}
    for key in faces[0]:
        fill = -2 if key == "feature" else 0
        stacked = np.full((2, count, *faces[0][key].shape[1:]), fill, faces[0][key].dtype)
        for row, face in enumerate(faces):
            stacked[row, : len(face[key])] = face[key]
        table[key] = stacked
    return EdgeTemplate(**table, spacing_m=spacing)


def _face(
    cell: CellModel, materials: Mapping[str, Material], spacing: float, sign: float
) -> dict[str, NDArray[np.generic]]:
    """Arrays of one face's edges, keyed like the fields of `EdgeTemplate`.

    A code's own outline is left out: its modules differ from cell to cell.
    """
    name = "+z" if sign > 0 else "-z"
    rows = [i for i, f in enumerate(cell.features) if f.face == name and _in_place(cell, f)]
    features = [cell.features[i] for i in rows]
    others = [f for f in cell.features if f.face == name]
    base = cell.top_material if sign > 0 else cell.bottom_material
    parts = [_rim(cell, others, spacing)]
    for i, feature in enumerate(features):
        if feature.kind == "code":
            continue
        xy, normals = feature_outline(feature, spacing)
        seen = case_distance(cell, xy) < -cell.rim_radius_m - HIDDEN_M / 2
        for later in features[i + 1 :]:
            seen &= signed_distance(later, xy) > HIDDEN_M
        step = _contrast(feature, base, features[:i], xy, normals, materials)
        parts.append(
            {
                "xyz": np.column_stack([xy, np.full(len(xy), feature.height_m)])[seen],
                "outward": normals[seen],
                "tube_m": np.zeros(seen.sum()),
                "stands_m": np.full(seen.sum(), feature.height_m),
                "contrast": step[seen],
                "curvature": _curvature(feature, xy, normals)[seen],
                "clear_m": np.minimum(
                    _clearance(cell, feature, others, xy), WIDE * _width(feature)
                )[seen],
                "feature": np.full(seen.sum(), rows[i]),
            }
        )
    joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    points = joined.pop("xyz")
    points[:, 2] = sign * (points[:, 2] + cell.height_m / 2)
    joined["points"] = points
    joined["outward"] = np.column_stack([joined["outward"], np.zeros(len(points))])
    return joined


def _in_place(cell: CellModel, feature: SurfaceFeature) -> bool:
    """Whether a feature stays where it is drawn when the cell turns by its free symmetry."""
    centred = feature.outline in ("disc", "ring") and not feature.center_m.any()
    return centred or not cell.turns_freely


def _rim(cell: CellModel, others: list[SurfaceFeature], spacing: float) -> dict[str, Floats]:
    """The case's outline on the rim's centre line; z counts from the face."""
    tube = cell.rim_radius_m
    if cell.shape == "cylinder":
        xy, normals = circle(float(cell.size_m[0]), spacing)
    else:
        xy, normals = rounded_rect(cell.size_m[:2], cell.corner_radius_m, spacing)
    count = len(xy)
    begins = xy - tube * normals
    apart = [np.abs(signed_distance(feature, begins)) for feature in others]
    # what is drawn as far as the case reaches has no outline of its own there
    apart = [np.where(a > tube + HIDDEN_M / 2, a, np.inf) for a in apart]
    return {
        "xyz": np.column_stack([begins, np.full(count, -tube)]),
        "outward": normals,
        "tube_m": np.full(count, tube),
        "stands_m": np.full(count, cell.height_m),
        "contrast": np.zeros(count),
        "curvature": np.full(count, 2 / cell.size_m[0] if cell.shape == "cylinder" else 0.0),
        "clear_m": np.min([np.full(count, np.inf), *apart], axis=0),
        "feature": np.full(count, -1),
    }


def _curvature(feature: SurfaceFeature, xy: Floats, normals: Floats) -> Floats:
    """(k,) 1/m; 0 for straight outlines."""
    if feature.outline not in ("disc", "ring"):
        return np.zeros(len(xy))
    radial = xy - feature.center_m
    result: Floats = np.sum(radial * normals, axis=1) / np.sum(radial**2, axis=1)
    return result


def _clearance(
    cell: CellModel, feature: SurfaceFeature, others: list[SurfaceFeature], xy: Floats
) -> Floats:
    """(k,) distance from a feature's outline to other outlines and to where the rim begins."""
    distance = np.abs(case_distance(cell, xy) + cell.rim_radius_m)
    for other in others:
        if other is not feature:
            away = np.abs(signed_distance(other, xy))
            # outlines that coincide, such as two rings', are one edge
            distance = np.where(away > HIDDEN_M / 2, np.minimum(distance, away), distance)
    return distance


def _width(feature: SurfaceFeature) -> float:
    """How wide a feature is at its narrowest."""
    if feature.outline in ("plus", "minus"):
        return float(min(STROKE * feature.size_m[0], feature.size_m[1]))
    if feature.outline == "ring":
        return float(feature.size_m[0] - feature.size_m[1]) / 2
    return float(np.min(feature.size_m))


def _contrast(
    feature: SurfaceFeature,
    base: str,
    earlier: list[SurfaceFeature],
    xy: Floats,
    normals: Floats,
    materials: Mapping[str, Material],
) -> Floats:
    """(k,) sign of the brightness step outwards, where both sides are known and matt."""
    outside = np.full(len(xy), _brightness(materials.get(base)))
    for other in earlier:
        inside = signed_distance(other, xy + 5e-4 * normals) < 0
        outside[inside] = _brightness(materials.get(other.material))
    step = outside - _brightness(materials.get(feature.material))
    known = np.abs(step) > KNOWN_STEP
    return np.where(known & (feature.height_m == 0), np.sign(step), 0.0)


def _brightness(material: Material | None) -> float:
    """Brightness of a matt material; NaN of a metal, which shows its surroundings."""
    if material is None or material.metallic > 0.5:
        return float("nan")
    return float(LUMINANCE @ material.albedo)
