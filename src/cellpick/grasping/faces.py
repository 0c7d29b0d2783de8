"""Room for cups on an end face: off terminals, vent and all that is raised, off the edge."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.geometry.solids import rounded_rectangle_distance
from cellpick.structures import CellModel, SurfaceFeature

EDGE = "edge"
"""What a reason calls the face's rim."""


class KeepOuts(NamedTuple):
    """What a cup's lip must stay off on one end face, in the cell's x and y."""

    names: tuple[str, ...]
    """(f + 1,) the features, then the edge."""
    centers_m: Floats
    """(f, 2) centres of the features."""
    half_m: Floats
    """(f, 2) their half extents."""
    radius_m: Floats
    """(f,) radii of their corners: half the size for a disc."""
    hole_m: Floats
    """(f,) radius of the free disc inside a ring; 0 otherwise."""
    face_half_m: Floats
    """(2,) half extents of the flat part of the face."""
    face_radius_m: float
    """Corner radius of the flat part."""


def keep_outs(cell: CellModel, end: int) -> KeepOuts:
    """The keep-outs of the end that faces +z (`end` +1) or -z (-1).

    Terminals and vents whatever their height, and every other feature that stands above the face;
    flat print and codes may be gripped.
    """
    face = "+z" if end > 0 else "-z"
    kept = [f for f in cell.features if f.face == face and _keeps_out(f)]
    size = np.array([f.size_m for f in kept]).reshape(-1, 2)
    ring = np.array([f.outline == "ring" for f in kept], dtype=bool)
    round_ = ring | np.array([f.outline == "disc" for f in kept], dtype=bool)
    half = np.where(round_[:, None], size[:, :1], size) / 2
    flat = cell.size_m[:2] / 2 - cell.rim_radius_m
    corner = flat[0] if cell.shape == "cylinder" else cell.corner_radius_m - cell.rim_radius_m
    return KeepOuts(
        (*(f.name for f in kept), EDGE),
        np.array([f.center_m for f in kept]).reshape(-1, 2),
        half,
        np.where(round_, half[:, 0], 0.0),
        np.where(ring, size[:, 1] / 2, 0.0),
        flat,
        max(float(corner), 0.0),
    )


def _keeps_out(feature: SurfaceFeature) -> bool:
    return feature.kind in ("terminal", "vent") or feature.height_m != 0.0


def distances(outs: KeepOuts, p: Floats) -> Floats:
    """Free distance (..., f + 1) in metres of points (..., 2) on the face to each keep-out.

    The radius of a disc about the point that just touches it; negative inside a feature or
    beyond the edge. Exact.
    """
    from_center = p[..., None, :] - outs.centers_m
    solid = rounded_rectangle_distance(from_center, outs.half_m, outs.radius_m)
    in_hole = outs.hole_m - np.linalg.norm(from_center, axis=-1)
    features = np.where(outs.hole_m > 0, np.maximum(solid, in_hole), solid)
    edge = -rounded_rectangle_distance(p, outs.face_half_m, np.asarray(outs.face_radius_m))
    return np.concatenate([features, edge[..., None]], axis=-1)


def point_sigma(covariance: Floats, p: Floats, turns_freely: bool) -> Floats:
    """Predicted error (m, c) in metres of face points (m, c, 2) in the face's plane.

    Root of the largest eigenvalue of J S J^T with J = [I, (-y, x)], S the covariance (m, 6, 6) of
    the cell's x, y and yaw. The yaw of a cell that turns freely moves nothing.
    """
    J = np.zeros((*p.shape[:-1], 2, 3))
    J[..., 0, 0] = J[..., 1, 1] = 1.0
    if not turns_freely:
        J[..., 0, 2], J[..., 1, 2] = -p[..., 1], p[..., 0]
    S: Floats = covariance[:, None][..., [0, 1, 5], :][..., [0, 1, 5]]
    variance = np.linalg.eigvalsh(J @ S @ np.swapaxes(J, -1, -2))[..., -1]
    result: Floats = np.sqrt(np.maximum(variance, 0.0))
    return result


def ends_up(Ts_base_cell: Floats) -> NDArray[np.int64]:
    """(n,) +1 where the +z end is up, -1 where the -z end is."""
    return np.where(Ts_base_cell[:, 2, 2] >= 0, 1, -1)
