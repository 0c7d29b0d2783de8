"""Where the model's edges should appear in each image, and how they move with the cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, transform
from cellpick.perception.core.axes import Axes, Lens, Single, Values
from cellpick.perception.core.lookup import assign_points, looking_up
from cellpick.perception.core.template import FACES, EdgeTemplate
from cellpick.perception.core.views import Views
from cellpick.structures import CellModel

GRAZING_COS = 0.25
"""Faces seen at a flatter angle than this give no edges."""
FOOT_M = 3e-3
"""A foot farther than this from the top's edge, as seen, is beyond confusion and beyond use."""
SHARP_M = 1e-4
"""Two edges nearer than this, as seen, are read as one."""
INSET_M = 5e-5
"""How far a whole printed outline may lie off its drawing."""
INSET_SHARE = 0.2
"""The same for a rounded rim, as a share of its radius. With the wander it makes the deviation of
an edge that may lie anywhere over the rim's width."""
RAISED_INSET_M = 3e-4
"""The same for what stands up: its own edge is broken or rounded, and it casts a shadow."""
WANDER_SHARE = 0.2
"""How far a rounded rim's edge wanders along its length, as a share of its radius."""
RAISED_M = 1.5e-4
"""The same for what stands up."""
GAP_M = 2.5e-3
"""A neighbour within about this of a case's edge makes it less certain."""
CROWDED_M = 1e-4
"""How far such an edge wanders besides."""
WANDER_PX = 0.25
"""How far any edge wanders in a picture too coarse for a gap: its pixels mix what lies beside."""
CROWDED_PX = 0.4
"""The same of a case's edge whose gap to the neighbour the picture does not resolve."""
RESOLVED_PX = 3.0
"""Two edges nearer than this in an image are not told apart, so neither is looked for."""
LEAST_UP = 0.7
"""Cosine of the tilt from which a cell counts as lying, with no end face to look at."""
BORDER_PX = 3.0
"""Nearest that an edge may lie to the image border."""


@dataclass(frozen=True, eq=False)
class EdgeViews:
    """n cells' edge points in c cameras, (n, c, e, ...), in single precision."""

    pixels: Values
    """(n, c, e, 2) where each should appear."""
    normals: Values
    """(n, c, e, 2) unit image normals, out of the feature."""
    derivative: Values
    """(n, c, e, 6) motion in pixels along the normal, by the cell's small motion."""
    bow: Values
    """(n, c, e, 3) by dx^2, dx dy and dy^2, what a bent outline falls short of that motion."""
    scale: Values
    """(n, c, e) pixels a metre along the normal."""
    visible: NDArray[np.bool_]
    """(n, c, e) in the image and on a face that looks at the camera."""
    sharp: NDArray[np.bool_]
    """(n, c, e) whether there is one edge there: a printed line or a far side's silhouette. The
    near side of something that stands up shows two, its top's and its foot's, and so does a rim
    with a line beside it that the picture does not resolve."""
    blur_m: Values
    """(n, c, e) how far apart those two lie, as seen."""
    wander_m: Floats
    """(n, c, e) standard deviation of an error that readings within some length share."""
    contrast: Floats
    """(n, c, e) +1 brighter outside, -1 darker, 0 unknown."""
    group: NDArray[np.int64]
    """(n, c, e) which readings err together: the near or the far side of one outline, of the case's
    where a gap to a neighbour is not resolved apart from the rest."""
    inset_m: Floats
    """(n, c, e) standard deviation of that common error along the normal."""
    spacing_m: float
    """Distance of neighbouring points along an outline."""

    @property
    def outline(self) -> NDArray[np.int64]:
        """(n, c, e) number of the outline that each lies on, either side of it."""
        number: NDArray[np.int64] = self.group // 2
        return number


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
    outward = Axes.of(template.outward[face][:, None])
    seen = _seen_points(template, face, eye, outward)
    rotation, place = R.astype(Single), p.astype(Single)
    lens = Lens.of(views)
    slopes, near = lens.slopes(seen.points.turned(rotation).moved(place))
    bend = lens.bend(slopes)
    # along the outline, in the face's plane and in the image
    tangent = bend.image_of(outward.along().turned(rotation), slopes)
    out = bend.image_of(outward.turned(rotation), slopes)
    length = np.hypot(*tangent)
    with np.errstate(invalid="ignore", divide="ignore"):
        side = np.where(tangent[0] * out[1] >= tangent[1] * out[0], Single(1), Single(-1)) / length
        normal = -tangent[1] * side, tangent[0] * side
    row = bend.gradient(normal, slopes, near).turned(np.swapaxes(rotation, -1, -2))
    turn = seen.points.cross(row)
    scale = np.sqrt(row.x * row.x + row.y * row.y + row.z * row.z)
    pixels = lens.pixels(slopes)
    visible = seen.facing & _within(pixels, views) & np.isfinite(scale)
    resolved = template.clear_m[face][:, None] * scale > RESOLVED_PX
    visible &= resolved | (template.feature[face] == -1)[:, None]
    visible &= (template.used[face] & (np.abs(up_in_cell[:, 2]) > LEAST_UP)[:, None])[:, None]
    inset, _ = _uncertainty(template)
    coarse = scale * Single(GAP_M) < RESOLVED_PX
    merged = coarse & crowded[:, None]
    wander = _wander(template, face, crowded, coarse, scale)
    bent = Single(0.5) * scale * template.curvature[face][:, None].astype(Single)
    return EdgeViews(
        pixels=_stacked(visible, pixels),
        normals=_stacked(visible, normal),
        derivative=_stacked(visible, (row.x, row.y, row.z, turn.x, turn.y, turn.z)),
        bow=_stacked(
            visible,
            (
                bent * outward.y * outward.y,
                Single(-2) * bent * outward.x * outward.y,
                bent * outward.x * outward.x,
            ),
        ),
        scale=np.where(visible, scale, Single(0)),
        visible=visible,
        sharp=visible & resolved & (seen.blur < SHARP_M),
        blur_m=seen.blur,
        wander_m=np.where(visible, wander, 0.0),
        contrast=np.broadcast_to(template.contrast[face][:, None], visible.shape),
        group=2 * (template.feature[face][:, None] + 2 - merged) + seen.near_side,
        inset_m=np.broadcast_to(inset[face][:, None], visible.shape),
        spacing_m=template.spacing_m,
    )


def _stacked(visible: NDArray[np.bool_], parts: tuple[Values, ...]) -> Values:
    """(n, c, e, k) of k parts (n, c, e), 0 where not visible."""
    out = np.zeros((*visible.shape, len(parts)), Single)
    for i, part in enumerate(parts):
        np.copyto(out[..., i], part, where=visible)
    return out


def _within(pixels: tuple[Values, Values], views: Views) -> NDArray[np.bool_]:
    """Whether pixels (n, c, e) lie in their images; False for NaN."""
    last = (views.size_px[:, None] - 1 - BORDER_PX).astype(Single)
    u, v = pixels
    inside: NDArray[np.bool_] = (u >= BORDER_PX) & (u <= last[..., 0])
    return inside & (v >= BORDER_PX) & (v <= last[..., 1])


def _uncertainty(template: EdgeTemplate) -> tuple[Floats, Floats]:
    """Inset and wander (2, e) in metres of the template's outlines."""
    stands = template.stands_m > 0
    raised = stands & (template.feature >= 0)
    inset = INSET_M + INSET_SHARE * template.tube_m + RAISED_INSET_M * raised
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


def _wander(
    template: EdgeTemplate,
    face: NDArray[np.int64],
    crowded: NDArray[np.bool_],
    coarse: NDArray[np.bool_],
    scale: Values,
) -> Floats:
    """(n, c, e) `EdgeViews.wander_m`, at `scale` (n, c, e) pixels a metre, which are too few for
    a gap where `coarse` (n, c, e); `crowded` (n, e) edges have one beside them."""
    _, wander = _uncertainty(template)
    of_cell = (wander[face] + CROWDED_M * crowded)[:, None]
    of_pixels = coarse * (WANDER_PX + CROWDED_PX * crowded[:, None]) / np.maximum(scale, 1.0)
    return np.hypot(of_cell, of_pixels)


@dataclass(frozen=True, eq=False)
class _Seen:
    """Where the eye sees the edges, in the cell frame."""

    points: Axes
    """(n, c, e)."""
    facing: NDArray[np.bool_]
    """(n, c, e) whether their face looks at the eye."""
    blur: Values
    """(n, c, e) `EdgeViews.blur_m`."""
    near_side: NDArray[np.bool_]
    """(n, c, e) whether what stands up turns its own side to the eye."""


def _seen_points(
    template: EdgeTemplate, face: NDArray[np.int64], eye: Floats, outward: Axes
) -> _Seen:
    """The points as the eyes (n, c, 3) see them.

    A rounded rim dims gradually, from where it leaves the face to its silhouette or its side: the
    edge is expected half-way, and `inset_m` says how far it may be from there.
    """
    sign = np.asarray(FACES, Single)[face][:, None, None]
    centre = Axes.of(template.points[face][:, None])
    stands, tube = (a[face][:, None].astype(Single) for a in (template.stands_m, template.tube_m))
    e = eye.astype(Single)[:, :, None]
    x, y, z = e[..., 0] - centre.x, e[..., 1] - centre.y, e[..., 2] - centre.z
    distance = np.sqrt(x * x + y * y + z * z)
    up, across = z * sign, x * outward.x + y * outward.y
    near_side = (across > 0) & (stands > 0)
    angle = np.where(across < 0, np.arctan2(up, -across) / 2, Single(np.pi / 5))
    # a low step's side is so narrow that its top's and its foot's edge are read as one
    apart = np.where(near_side, stands * across / distance, Single(0))
    low = np.where(apart < SHARP_M, stands * near_side, Single(0))
    blur = np.where(tube > 0, tube * near_side, np.minimum(apart, Single(FOOT_M)))
    aside = tube * np.sin(angle)
    points = Axes(
        centre.x + aside * outward.x,
        centre.y + aside * outward.y,
        centre.z + (tube * np.cos(angle) - low / 2) * sign,
    )
    return _Seen(points, up > GRAZING_COS * distance, blur, near_side)
