"""Refine the poses of all cells at once from 3D points and image edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cellpick.errors import ShapeError
from cellpick.geometry import Floats, checked, difference, perturb
from cellpick.perception.core.edge_evidence import edge_evidence
from cellpick.perception.core.edges import EdgeViews, crowded_points, edge_views
from cellpick.perception.core.lookup import looking_up
from cellpick.perception.core.observations import (
    Evidence,
    Points,
    contacts_at,
    point_evidence,
    thinned,
)
from cellpick.perception.core.options import RefineOptions
from cellpick.perception.core.result import Refined, judged
from cellpick.perception.core.search import read_edges
from cellpick.perception.core.solve import Step, free_axes, solve_step
from cellpick.perception.core.template import EdgeTemplate, edge_template
from cellpick.perception.core.views import Views, calibration_information, views_of
from cellpick.perception.core.vote import vote
from cellpick.structures import Capture, CellModel, Material

GATES_M = (4e-3, 2e-3)
"""How far points may lie from the surfaces in the two rounds that use points alone."""
WINDOWS_M = (1.2e-3, 8e-4, 6e-4, 6e-4)
"""How far edges may lie from their place in the rounds that follow."""
LEAST_REACH_PX = 1.2
"""Edges are looked for at least this far, since a parabola needs room."""


@dataclass(frozen=True, eq=False)
class _Scene:
    """What stays the same over all rounds."""

    cell: CellModel
    views: Views
    points: Points
    template: EdgeTemplate
    up: Floats
    calibration: Floats
    free: Floats
    options: RefineOptions


@dataclass(frozen=True, eq=False)
class _State:
    """Where the cells are, and where each camera sees them."""

    initial: Floats
    Ts: Floats
    seen: Floats

    @property
    def Ts_seen(self) -> Floats:
        return perturb(self.Ts[:, None], self.seen)

    def moved(self, step: Step) -> _State:
        return _State(self.initial, perturb(self.Ts, step.cell), step.seen)

    def shifted(self, delta: Floats) -> _State:
        return _State(self.initial, perturb(self.Ts, delta), self.seen)


def refine_poses(
    Ts_base_cell: ArrayLike,
    cell: CellModel,
    captures: Sequence[Capture],
    points: ArrayLike,
    points_sigma: ArrayLike,
    points_camera: ArrayLike,
    *,
    materials: Mapping[str, Material] | None = None,
    options: RefineOptions | None = None,
) -> Refined:
    """Refine initial poses (n, 4, 4) that are right to about `options.reach_m` and `reach_rad`.

    `points` (m, 3) are 3D points in the base frame, `points_sigma` (m,) their axial noise in
    metres and `points_camera` (m,) the row in `captures` of the camera that saw each; points that
    are not finite are dropped. `materials` tells bright print from dark. Raises `ShapeError`.
    """
    Ts = checked("Ts_base_cell", Ts_base_cell, (None, 4, 4))
    options = options or RefineOptions()
    scene = _scene_of(
        Ts,
        cell,
        views_of(captures, Ts[:, :3, 3], float(np.linalg.norm(cell.size_m)) / 2 + 5e-3),
        usable_points(points, points_sigma, points_camera, len(captures), options),
        materials or {},
        options,
    )
    state = _State(Ts, Ts, np.zeros((len(Ts), len(captures), 6)))
    for gate in GATES_M:
        surface = _surface(scene, state, gate, ends_only=True)
        state = state.moved(_solved(scene, state, surface, None))
    state = state.shifted(
        vote(_expected(scene, state), scene.views, cell, scene.free, scene.options)
    )
    for window in WINDOWS_M:
        surface = _surface(scene, state, window / 2)
        edges = _expected(scene, state)
        reach = _reach_px(edges, window)
        readings = read_edges(edges, scene.views, reach, scene.options.contrast_min)
        edge = edge_evidence(edges, readings, scene.views.pixel_sigma_px, window, scene.options)
        step = _solved(scene, state, surface, edge)
        state = state.moved(step)
    return judged(
        Ts,
        state.Ts,
        difference(Ts, state.Ts),
        step,
        surface,
        edge,
        _share(edges, edge),
        float(np.linalg.norm(cell.size_m)) / 2,
        scene.options,
    )


def _surface(scene: _Scene, state: _State, gate: float, ends_only: bool = False) -> Evidence:
    contacts = contacts_at(scene.points, state.Ts_seen, state.Ts, scene.cell, scene.up)
    if ends_only:
        contacts = contacts.on_ends()
    shape = (len(state.Ts), len(scene.views))
    return point_evidence(scene.points, contacts, scene.cell, shape, gate, scene.options)


def _expected(scene: _Scene, state: _State) -> EdgeViews:
    up = looking_up(state.Ts, scene.up)
    crowded = crowded_points(scene.template, state.Ts, scene.cell, scene.up)
    return edge_views(scene.template, state.Ts_seen, up, crowded, scene.views)


def _reach_px(edges: EdgeViews, window: float) -> Floats:
    """(c,) how far to look for edges in each image."""
    reach: Floats = np.max(edges.scale, axis=(0, 2), initial=0.0) * window
    return np.maximum(reach, LEAST_REACH_PX)


def _solved(scene: _Scene, state: _State, surface: Evidence, edge: Evidence | None) -> Step:
    A, g = surface.information, surface.gradient
    if edge is not None:
        A, g = A + edge.information, g + edge.gradient
    offset = difference(state.initial, state.Ts)
    return solve_step(A, g, scene.calibration, state.seen, offset, scene.free)


def _share(edges: EdgeViews, edge: Evidence) -> Floats:
    sought = edges.sharp.sum(axis=(1, 2))
    result: Floats = edge.used / np.maximum(sought, 1)
    return result


def usable_points(
    points: ArrayLike,
    points_sigma: ArrayLike,
    points_camera: ArrayLike,
    cameras: int,
    options: RefineOptions,
) -> Points:
    """The finite ones of m points, checked; raises `ShapeError` for a camera that is not there."""
    p = checked("points", points, (None, 3), finite=False)
    sigma = checked("points_sigma", points_sigma, (len(p),), finite=False)
    camera = checked("points_camera", points_camera, (len(p),), dtype=np.int64)
    if camera.size and (camera.min() < 0 or camera.max() >= cameras):
        raise ShapeError(
            "points_camera must be rows of captures",
            got=f"{camera.min()} to {camera.max()}",
            accepted=f"0 to {cameras - 1}",
        )
    good = np.isfinite(p).all(axis=1) & np.isfinite(sigma) & (sigma > 0)
    repeats = np.full(int(good.sum()), options.readings_per_sample)
    return Points(p[good], sigma[good], camera[good], repeats)


def _scene_of(
    Ts: Floats,
    cell: CellModel,
    views: Views,
    points: Points,
    materials: Mapping[str, Material],
    options: RefineOptions,
) -> _Scene:
    axes = [s.axis for s in cell.symmetries if s.fold == 0]
    up = towards_cameras(views)
    return _Scene(
        cell,
        views,
        thinned(points, Ts, cell, up, options),
        edge_template(cell, materials, options.edge_spacing_m),
        up,
        calibration_information(views, Ts),
        free_axes(np.array(axes).reshape(-1, 3)),
        options,
    )


def towards_cameras(views: Views) -> Floats:
    """(3,) unit direction in the base frame from the scene to the cameras; +z without any."""
    if not len(views):
        return np.array([0.0, 0.0, 1.0])
    up = -views.Ts_base_camera[:, :3, 2].sum(axis=0)
    result: Floats = up / max(float(np.linalg.norm(up)), 1e-9)
    return result
