"""Where on a cell a point lies: on which terminal, and on which material."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats
from cellpick.structures import CellModel, SurfaceFeature

FACE_SKIN_M = 0.0005
"""A contact this near to a face's plane is on it."""


def touched_polarities(cell: CellModel, p_cell: Floats) -> frozenset[str]:
    """Polarities of the terminals that points (n, 3) in the cell frame lie on."""
    terminals = [f for f in cell.features if f.kind == "terminal" and f.polarity]
    return frozenset(f.polarity for f in terminals if _covers(f, cell, p_cell).any())


def material_at(cell: CellModel, p_cell: Floats) -> str:
    """Name of the case's material at one point (3,)."""
    half = cell.height_m / 2 - FACE_SKIN_M
    if p_cell[2] > half:
        return cell.top_material
    return cell.bottom_material if p_cell[2] < -half else cell.case_material


def _covers(feature: SurfaceFeature, cell: CellModel, p_cell: Floats) -> Floats:
    a, b, n = feature.axes
    xy = p_cell[:, [a, b]] - feature.center_m
    if feature.is_round:
        r = np.linalg.norm(xy, axis=1)
        inner = feature.size_m[1] / 2 if feature.outline == "ring" else 0.0
        inside = (r <= feature.size_m[0] / 2 + FACE_SKIN_M) & (r >= inner - FACE_SKIN_M)
    else:
        inside = (np.abs(xy) <= feature.size_m / 2 + FACE_SKIN_M).all(axis=1)
    height = feature.side * p_cell[:, n] - cell.size_m[n] / 2
    result: Floats = inside & (np.abs(height - feature.height_m) <= FACE_SKIN_M)
    return result
