"""Where the model's edges should appear in each image, and how they move with the cell."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, skew, transform
from cellpick.perception.core.lookup import assign_points, looking_up
from cellpick.perception.core.template import FACES, EdgeTemplate
from cellpick.perception.core.views import Views, project_with_derivative
from cellpick.structures import CellModel

GRAZING_COS = 0.25
"""Faces seen at a flatter angle than this give no edges."""
FOOT_M = 3e-3
"""A foot farther than this from the top's edge, as seen, is beyond confusion and beyond use."""
SHARP_M = 1e-4
"""Two edges nearer than this, as seen, are read as one."""
INSET_M = 5e-5
"""How far a whole printed outline may lie off its drawing."""
INSET_SHARE = 0.4
"""The same for a rounded rim, as a share of its radius."""
RAISED_INSET_M = 3e-4
"""The same for what stands up: its own edge is broken or rounded, and it casts a shadow."""
WANDER_SHARE = 0.4
"""How far a rounded rim's edge wanders along its length, as a share of its radius."""
RAISED_M = 1.5e-4
"""The same for what stands up."""
GAP_M = 2.5e-3
"""A neighbour within about this of a case's edge makes it less certain."""
CROWDED_M = 1e-4
"""How far such an edge wanders besides."""
RESOLVED_PX = 3.0
"""Two edges nearer than this in an image are not told apart, so neither is looked for."""
LEAST_UP = 0.7
"""Cosine of the tilt from which a cell counts as lying, with no end face to look at."""
BORDER_PX = 3.0
"""Nearest that an edge may lie to the image border."""


@dataclass(frozen=True, eq=False)
class EdgeViews:
    """n cells' edge points in c cameras, (n, c, e, ...)."""

    pixels: Floats
    """(n, c, e, 2) where each should appear."""
    normals: Floats
    """(n, c, e, 2) unit image normals, out of the feature."""
    derivative: Floats
    """(n, c, e, 6) motion in pixels along the normal, by the cell's small motion."""
    bow: Floats
    """(n, c, e, 3) by dx^2, dx dy and dy^2, what a bent outline falls short of that motion."""
    scale: Floats
    """(n, c, e) pixels a metre along the normal."""
    visible: NDArray[np.bool_]
    """(n, c, e) in the image and on a face that looks at the camera."""
    sharp: NDArray[np.bool_]
    """(n, c, e) whether there is one edge there: a printed line or a far side's silhouette. The
    near side of something that stands up shows two, its top's and its foot's."""
    blur_m: Floats
    """(n, c, e) how far apart those two lie, as seen."""
    wander_m: Floats
    """(n, c, e) standard deviation of an error that readings within some length share."""
    contrast: Floats
    """(n, c, e) +1 brighter outside, -1 darker, 0 unknown."""
    group: NDArray[np.int64]
    """(n, c, e) which readings err together: the near or the far side of one outline."""
    inset_m: Floats
    """(n, c, e) standard deviation of that common error along the normal."""

    def every(self, step: int) -> EdgeViews:
        """Every `step`-th edge point."""
        names = [field.name for field in fields(EdgeViews)]
        return EdgeViews(**{name: getattr(self, name)[:, :, ::step] for name in names})


def edge_views(
    template: EdgeTemplate,
    Ts_seen: Floats,
    up_in_cell: Floats,
    crowded: NDArray[np.bool_],
    views: Views,
) -> EdgeViews:
    """Project the end face that looks up of each cell, seen by camera k at `Ts_seen[:, k]`.

    `Ts_seen` is (n, c, 4, 4), `up_in_cell` (n, 3), `crowded` (n, e) as `crowded_points` gives it.
    """
    face = np.where(up_in_cell[:, 2] >= 0, 0, 1)
    T = views.Ts_camera_base[None] @ Ts_seen
    R, p = T[..., :3, :3], T[..., :3, 3]
    eye = -(np.swapaxes(R, -1, -2) @ p[..., None])[..., 0]
    points, facing, blur, near = _seen_points(template, face, eye)
    pixels, D = _projected(points @ np.swapaxes(R, -1, -2) + p[..., None, :], views)
    D = D @ R[:, :, None]
    outward = template.outward[face][:, None]
    with np.errstate(invalid="ignore"):
        normal = _image_normals(D, outward)
        row = (normal[..., None, :] @ D)[..., 0, :]
        # d(v + w x q)/d(v, w) = [1, -skew(q)]
        turn = -(row[..., None, :] @ skew(points))[..., 0, :]
        scale = np.linalg.norm(row, axis=-1)
        visible = facing & _within(pixels, views) & np.isfinite(scale)
        visible &= template.clear_m[face][:, None] * scale > RESOLVED_PX
    visible &= (template.used[face] & (np.abs(up_in_cell[:, 2]) > LEAST_UP)[:, None])[:, None]
    inset, wander = _uncertainty(template)
    bent = 0.5 * scale * template.curvature[face][:, None]
    return EdgeViews(
        pixels=_where(visible, pixels),
        normals=_where(visible, normal),
        derivative=_where(visible, np.concatenate([row, turn], axis=-1)),
        bow=_where(visible, bent[..., None] * _squares(outward)),
        scale=np.where(visible, scale, 0.0),
        visible=visible,
        sharp=visible & (blur < SHARP_M),
        blur_m=blur,
        wander_m=np.broadcast_to((wander[face] + CROWDED_M * crowded)[:, None], visible.shape),
        contrast=np.broadcast_to(template.contrast[face][:, None], visible.shape),
        group=2 * (template.feature[face][:, None] + 2) + near,
        inset_m=np.broadcast_to(inset[face][:, None], visible.shape),
    )


def _where(visible: NDArray[np.bool_], vectors: Floats) -> Floats:
    return np.where(visible[..., None], vectors, 0.0)


def _within(pixels: Floats, views: Views) -> NDArray[np.bool_]:
    """Whether pixels (n, c, e, 2) lie in their images; False for NaN."""
    last = views.size_px[:, None] - 1 - BORDER_PX
    u, v = pixels[..., 0], pixels[..., 1]
    inside: NDArray[np.bool_] = (u >= BORDER_PX) & (u <= last[..., 0])
    return inside & (v >= BORDER_PX) & (v <= last[..., 1])


def _squares(outward: Floats) -> Floats:
    """(..., 3) coefficients of dx^2, dx dy, dy^2 in the squared shift across `outward`."""
    x, y = outward[..., 0], outward[..., 1]
    return np.stack([y * y, -2 * x * y, x * x], axis=-1)


def _uncertainty(template: EdgeTemplate) -> tuple[Floats, Floats]:
    """Inset and wander (2, e) in metres of the template's outlines."""
    stands = template.stands_m > 0
    raised = stands & (template.feature >= 0)
    inset = INSET_M + INSET_SHARE * template.tube_m + RAISED_INSET_M * stands
    return inset, WANDER_SHARE * template.tube_m + RAISED_M * raised


def crowded_points(
    template: EdgeTemplate, Ts_base_cell: Floats, cell: CellModel, up: Floats
) -> NDArray[np.bool_]:
    """Whether (n, e) a case's edge point has another cell close outside it.

    The gap is then a dark line a few pixels wide, whose two edges blur pushes apart.
    """
    face = np.where(looking_up(Ts_base_cell, up)[:, 2] >= 0, 0, 1)
    beyond = (
        template.points[face]
        + (template.tube_m[face] + GAP_M)[..., None] * (template.outward[face])
    )
    n, e = beyond.shape[:2]
    there = transform(Ts_base_cell, beyond).reshape(-1, 3)
    owner = assign_points(there, Ts_base_cell, cell, up, 0.0).reshape(n, e)
    other = (owner >= 0) & (owner != np.arange(n)[:, None])
    result: NDArray[np.bool_] = other & (template.feature[face] == -1)
    return result


def _projected(p_camera: Floats, views: Views) -> tuple[Floats, Floats]:
    """Pixels (n, c, e, 2) of points (n, c, e, 3), each in its camera, and derivatives."""
    shape = p_camera.shape[:3]
    pixels, derivative = np.zeros((*shape, 2)), np.zeros((*shape, 2, 3))
    for k in range(len(views)):
        pixels[:, k], derivative[:, k] = project_with_derivative(
            p_camera[:, k], views.K[k], views.distortion[k]
        )
    return pixels, derivative


def _image_normals(D: Floats, outward: Floats) -> Floats:
    """Unit normals (n, c, e, 2) of the projected edges, on the side of `outward`."""
    along = np.cross(outward, np.array([0.0, 0.0, 1.0]))
    tangent = (D @ along[..., None])[..., 0]
    normal = np.stack([-tangent[..., 1], tangent[..., 0]], axis=-1)
    out = (D @ outward[..., None])[..., 0]
    normal *= np.sign(np.sum(normal * out, axis=-1, keepdims=True))
    result: Floats = normal / np.linalg.norm(normal, axis=-1, keepdims=True)
    return result


def _seen_points(
    template: EdgeTemplate, face: NDArray[np.int64], eye: Floats
) -> tuple[Floats, NDArray[np.bool_], Floats, NDArray[np.bool_]]:
    """Points (n, c, e, 3) in the cell frame, whether they face the eye, and their blur (n, c, e).

    A rounded rim dims gradually, from where it leaves the face to its silhouette or its side: the
    edge is expected half-way, and `inset_m` says how far it may be from there.
    """
    sign = np.asarray(FACES)[face][:, None, None]
    centre = template.points[face][:, None]
    stands = template.stands_m[face][:, None]
    outward = template.outward[face][:, None]
    sight = eye[:, :, None] - centre
    distance = np.linalg.norm(sight, axis=-1)
    up = sight[..., 2] * sign
    across = np.sum(sight * outward, axis=-1)
    tube = template.tube_m[face][:, None]
    near_side = (across > 0) & (stands > 0)
    angle = np.where(across < 0, np.arctan2(up, -across) / 2, np.pi / 5)
    # a low step's side is so narrow that its top's and its foot's edge are read as one
    apart = np.where(near_side, stands * across / distance, 0.0)
    low = np.where(apart < SHARP_M, stands * near_side, 0.0)
    blur = np.where(tube > 0, tube * near_side, np.minimum(apart, FOOT_M))
    points = centre + (tube * np.sin(angle))[..., None] * outward
    points[..., 2] += (tube * np.cos(angle) - low / 2) * sign
    return points, up > GRAZING_COS * distance, blur, near_side
