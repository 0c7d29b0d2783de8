"""Refuses a cell or gripper file that contradicts itself."""

from __future__ import annotations

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats, exp_rotation
from cellpick.scene.models import SceneModels
from cellpick.structures import CellModel, SurfaceFeature

FREE_STEPS = 36
"""Turns that stand for a symmetry by any angle."""
SAME_PLACE_M = 1e-4
"""Features that a symmetry maps closer than this onto each other coincide."""
FACE_SLACK_M = 1e-6
"""Rounding that a feature may stand over its face."""


def check_cell(models: SceneModels) -> None:
    """Shape, features and symmetries of the cell, and the materials that all files name."""
    cell, source = models.cell, models.spec.cell
    x, y, z = cell.size_m
    if cell.shape == "pouch" and z > min(x, y):
        raise InputError(
            "a pouch is thinnest along z, out of its large faces",
            source=source,
            key="case.size_mm",
            got=[float(v * 1e3) for v in cell.size_m],
            accepted="[length, width, thickness]",
        )
    if cell.shape == "cylinder" and x != y:
        raise InputError(
            "a cylinder's first two sizes are its diameter",
            source=source,
            key="case.size_mm",
            got=[float(v * 1e3) for v in cell.size_m],
            accepted="[d, d, height]",
        )
    if 2 * cell.corner_radius_m >= min(x, y) or 2 * cell.rim_radius_m >= min(x, y, z):
        raise InputError(
            "edge radii must be smaller than half the cell",
            source=source,
            key="edges",
            got=(cell.corner_radius_m * 1e3, cell.rim_radius_m * 1e3),
            accepted=f"below {min(x, y) * 5e2:g} mm",
        )
    _check_groove(cell, source)
    _check_features(cell, source)
    _check_symmetries(cell, source)
    _check_materials(models)


def _check_groove(cell: CellModel, source: str) -> None:
    """It lies on a round cell's side, between the rims, and bends more gently than a fold."""
    groove = cell.groove
    if groove is None:
        return
    if cell.shape != "cylinder":
        raise InputError("only a cylinder has a groove", source=source, key="groove")
    least = cell.rim_radius_m + groove.width_m / 2
    if not least <= groove.offset_m <= cell.height_m / 2 - groove.width_m / 2:
        raise InputError(
            "the groove must lie between the rim and the middle of the side",
            source=source,
            key="groove.offset_mm",
            got=groove.offset_m * 1e3,
            accepted=f"{least * 1e3:g} to {(cell.height_m - groove.width_m) * 5e2:g} mm",
        )
    if groove.depth_m > min(groove.width_m, cell.size_m[0] / 4):
        raise InputError(
            "the groove is too deep",
            source=source,
            key="groove.depth_mm",
            got=groove.depth_m * 1e3,
            accepted=f"at most its width, {groove.width_m * 1e3:g} mm, and a quarter of the "
            f"diameter",
        )


def _check_features(cell: CellModel, source: str) -> None:
    names = [feature.name for feature in cell.features]
    for feature in cell.features:
        key = f"features.items.{feature.name}"
        if names.count(feature.name) > 1:
            raise InputError("feature names must be unique", source=source, key=key)
        if feature.face[1] == "x":
            _check_end(cell, feature, source, key)
        if not _on_face(cell, feature):
            raise InputError(
                "the feature stands over the edge of its face",
                source=source,
                key=key,
                got=[float(v * 1e3) for v in (*feature.center_m, *feature.size_m)],
                accepted=f"inside {_face_m(cell, feature)[0] * 1e3:g} x "
                f"{_face_m(cell, feature)[1] * 1e3:g} mm",
            )
        if feature.kind == "terminal" and not feature.polarity:
            raise InputError(
                "a terminal needs a polarity", source=source, key=key, accepted="'+' or '-'"
            )
        if feature.outline == "ring" and feature.size_m[0] <= feature.size_m[1]:
            raise InputError(
                "a ring's outer diameter must be above its inner one",
                source=source,
                key=key,
                got=[float(v * 1e3) for v in feature.size_m],
                accepted="[outer, inner]",
            )
    found = {f.polarity for f in cell.features if f.kind == "terminal"}
    if found != {"+", "-"}:
        raise InputError(
            "a cell needs terminals of both polarities",
            source=source,
            key="features.items",
            got=sorted(found),
            accepted="at least one '+' and one '-'",
        )


def _check_end(cell: CellModel, feature: SurfaceFeature, source: str, key: str) -> None:
    """A round cell has no x faces, and a print on one is not drawn."""
    if cell.shape == "cylinder":
        raise InputError(
            "a cylinder has no such face",
            source=source,
            key=f"{key}.face",
            got=feature.face,
            accepted="+z or -z",
        )
    if feature.height_m <= 0:
        raise InputError(
            "what is on an x face must stand out of it",
            source=source,
            key=f"{key}.height_mm",
            got=feature.height_m * 1e3,
            accepted="above 0, or face: +z or -z",
        )


def _face_m(cell: CellModel, feature: SurfaceFeature) -> Floats:
    """(2,) extents of the face that a feature is on, along the feature's own axes."""
    return np.asarray(cell.size_m[list(feature.axes[:2])])


def _on_face(cell: CellModel, feature: SurfaceFeature) -> bool:
    if feature.outline in ("disc", "ring"):
        half = np.full(2, feature.size_m[0] / 2)
    else:
        half = feature.size_m / 2
    reach = np.abs(feature.center_m) + half
    if cell.shape != "cylinder":
        return bool((reach <= _face_m(cell, feature) / 2 + FACE_SLACK_M).all())
    round_ = feature.outline in ("disc", "ring")
    far = np.linalg.norm(feature.center_m) + half[0] if round_ else np.linalg.norm(reach)
    return bool(far <= cell.size_m[0] / 2 + FACE_SLACK_M)


def _check_symmetries(cell: CellModel, source: str) -> None:
    for i, symmetry in enumerate(cell.symmetries):
        key = f"symmetries.{i}"
        if abs(np.linalg.norm(symmetry.axis) - 1) > 1e-6:
            raise InputError(
                "an axis must have length 1", source=source, key=key, got=symmetry.axis.tolist()
            )
        steps = symmetry.fold or FREE_STEPS
        for k in range(1, steps):
            R = exp_rotation(symmetry.axis * (2 * np.pi * k / steps))
            if not _keeps_terminals(cell, R):
                raise InputError(
                    "the symmetry moves a terminal onto another place or polarity",
                    source=source,
                    key=key,
                    got=f"a turn of {360 * k / steps:g} degrees about {symmetry.axis.tolist()}",
                    accepted="turns that keep every terminal: polarity is never a symmetry",
                )


def _keeps_terminals(cell: CellModel, R: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> bool:
    terminals = [f for f in cell.features if f.kind == "terminal"]
    p = np.array([cell.feature_place(f) for f in terminals])
    apart = np.linalg.norm((p @ R.T)[:, None] - p[None], axis=-1) > SAME_PLACE_M
    label = np.array([f.polarity for f in terminals])
    other = label[:, None] != label[None]
    covered = (~apart & ~other).any(axis=1)
    return bool(covered.all())


def _check_materials(models: SceneModels) -> None:
    cell, gripper = models.cell, models.gripper
    used = {
        models.sources["cell"]: [
            cell.case_material,
            cell.top_material,
            cell.bottom_material,
            *(f.material for f in cell.features),
        ],
        models.sources["gripper"]: [
            *(s.material for s in gripper.solids),
            *(s.material for jaw in (gripper.jaws.solids if gripper.jaws else ()) for s in jaw),
        ],
        models.sources["arm"]: [s.material for link in models.arm.solids for s in link],
        models.sources["materials"]: [s.material for s in (*models.fixtures, *models.rig)],
    }
    for source, names in used.items():
        for name in names:
            if name not in models.materials:
                raise InputError(
                    "no such material",
                    source=source,
                    key="material",
                    got=name,
                    accepted=", ".join(sorted(models.materials)),
                )
