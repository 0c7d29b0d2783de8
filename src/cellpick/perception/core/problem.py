"""What stays the same while cells are refined or judged: cameras, points, drawing, options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellpick.errors import ShapeError
from cellpick.geometry import Floats, checked
from cellpick.perception.core.edges import EdgeViews, crowded_points, edge_views
from cellpick.perception.core.face_maps import FaceMaps
from cellpick.perception.core.lookup import looking_up
from cellpick.perception.core.options import RefineOptions
from cellpick.perception.core.points import Points, Readings, points_of
from cellpick.perception.core.template import EdgeTemplate
from cellpick.perception.core.views import Views, pixel_pitch, views_of
from cellpick.structures import Capture, CellModel

LEAST_REACH_PX = 1.2
"""Edges are looked for at least this far, since a parabola needs room."""
CROP_MARGIN_M = 5e-3
"""How much wider than the cells the images are cropped."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A look at cells of one model."""

    cell: CellModel
    """The cells' drawing."""
    views: Views
    """c cameras."""
    points: Points
    """3D points near the cells."""
    template: EdgeTemplate
    """The edges of the end faces."""
    maps: FaceMaps
    """What lies where on them."""
    up: Floats
    """(3,) unit direction from the cells to the cameras, in the base frame."""
    options: RefineOptions
    """Bounds and noise assumptions."""

    def crowded(self, Ts: Floats) -> NDArray[np.bool_]:
        """Edge points (n, e) of cells at `Ts` (n, 4, 4) that have a neighbour close by."""
        return crowded_points(self.template, Ts, self.cell, self.up)

    def few_edges(self, Ts: Floats, Ts_seen: Floats, count: int) -> EdgeViews:
        """As `expected_edges`, of only about `count` points, none of which counts as crowded."""
        few = self.template.every(max(1, self.template.feature.shape[1] // count))
        free = np.zeros((len(Ts), few.feature.shape[1]), np.bool_)
        return edge_views(few, Ts_seen, looking_up(Ts, self.up), free, self.views)

    def expected_edges(self, Ts: Floats, Ts_seen: Floats, crowded: NDArray[np.bool_]) -> EdgeViews:
        """Edges of cells at `Ts` (n, 4, 4) that camera k sees at `Ts_seen[:, k]`."""
        return edge_views(self.template, Ts_seen, looking_up(Ts, self.up), crowded, self.views)


def problem_of(
    Ts: Floats,
    cell: CellModel,
    captures: Sequence[Capture],
    points: ArrayLike,
    points_sigma: ArrayLike,
    points_camera: ArrayLike,
    points_repeats: ArrayLike | None,
    template: EdgeTemplate,
    maps: FaceMaps,
    options: RefineOptions,
) -> Problem:
    """The arguments of `refine_poses`, checked and stacked; raises `ShapeError`."""
    half = float(np.linalg.norm(cell.size_m)) / 2
    views = views_of(captures, Ts[:, :3, 3], half + CROP_MARGIN_M)
    usable = _usable(points, points_sigma, points_camera, points_repeats, views)
    up = towards_cameras(views)
    return Problem(
        cell,
        views,
        points_of(usable, Ts, cell, up, views, options),
        template.every(_stride(template, views, Ts, options)),
        maps,
        up,
        options,
    )


def reach_px(edges: EdgeViews, window_m: float) -> Floats:
    """(c,) how far to look for edges in each image."""
    reach: Floats = np.max(edges.scale, axis=(0, 2), initial=0.0) * window_m
    return np.maximum(reach, LEAST_REACH_PX)


def towards_cameras(views: Views) -> Floats:
    """(3,) unit direction in the base frame from the scene to the cameras; +z without any."""
    if not len(views):
        return np.array([0.0, 0.0, 1.0])
    up = -views.Ts_base_camera[:, :3, 2].sum(axis=0)
    result: Floats = up / max(float(np.linalg.norm(up)), 1e-9)
    return result


def _stride(template: EdgeTemplate, views: Views, Ts: Floats, options: RefineOptions) -> int:
    """How many edge points on the next reading adds much, in the finest picture."""
    pitch = pixel_pitch(views, Ts)
    finest = float(np.min(np.median(pitch, axis=0))) if pitch.size else 0.0
    apart = int(options.edge_correlation_px * finest / template.spacing_m)
    most = int(template.used.sum(axis=1).max(initial=0))
    return max(1, apart, round(most / max(options.edges_per_face, 1)))


def _usable(
    points: ArrayLike,
    points_sigma: ArrayLike,
    points_camera: ArrayLike,
    points_repeats: ArrayLike | None,
    views: Views,
) -> Readings:
    """The finite ones of m points; raises `ShapeError` for a camera that is not there."""
    p = checked("points", points, (None, 3), finite=False)
    sigma = checked("points_sigma", points_sigma, (len(p),), finite=False)
    camera = checked("points_camera", points_camera, (len(p),), dtype=np.int64)
    if camera.size and (camera.min() < 0 or camera.max() >= len(views)):
        raise ShapeError(
            "points_camera must be rows of captures",
            got=f"{camera.min()} to {camera.max()}",
            accepted=f"0 to {len(views) - 1}",
        )
    if points_repeats is None:
        points_repeats = views.depth_repeats[camera]
    repeats = checked("points_repeats", points_repeats, (len(p),))
    good = np.isfinite(p).all(axis=1) & np.isfinite(sigma) & (sigma > 0)
    return Readings(p[good], sigma[good], camera[good], repeats[good])
