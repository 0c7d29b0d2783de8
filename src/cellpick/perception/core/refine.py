"""Refine the poses of all cells at once from 3D points and image edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellpick.geometry import Floats, checked, difference, invert, perturb
from cellpick.perception.core.axes import Single
from cellpick.perception.core.depth_errors import depth_errors
from cellpick.perception.core.edge_evidence import EdgeEvidence, edge_evidence
from cellpick.perception.core.edges import EdgeViews
from cellpick.perception.core.face_maps import FaceMaps, face_maps
from cellpick.perception.core.lookup import looking_up
from cellpick.perception.core.matching import shown
from cellpick.perception.core.observations import Evidence, point_evidence
from cellpick.perception.core.options import RefineOptions
from cellpick.perception.core.problem import Problem, problem_of, reach_px
from cellpick.perception.core.result import Refined, judged
from cellpick.perception.core.search import Steps, steps_near
from cellpick.perception.core.sightings import Sightings
from cellpick.perception.core.solve import Step, free_axes, solve_step, weak_prior
from cellpick.perception.core.standing import standing_evidence
from cellpick.perception.core.surfaces import Contacts, contacts_at
from cellpick.perception.core.template import EdgeTemplate, edge_template
from cellpick.perception.core.views import (
    adjoint,
    calibration_information,
    sides_grazed,
)
from cellpick.perception.core.vote import POINTS, vote
from cellpick.structures import Capture, CellModel, Material

GATES_M = (4e-3, 2e-3)
"""How far points may lie from the end faces in the two rounds that use points alone."""
WINDOWS_M = (1.2e-3, 6e-4)
"""How far edges may lie from their place in the rounds that follow the coarse search."""
SPARE_M = 6e-4
"""How far those rounds may move a cell: the pictures are read that much farther, but only once."""


@dataclass(frozen=True, eq=False)
class _State:
    """Where the cells are, and where each camera sees them."""

    Ts: Floats
    """(n, 4, 4)."""
    seen: Floats
    """(n, c, 6) small motion from there to where each camera sees the cell."""
    measured: Floats
    """(n, c, 6) the same to where its depth readings have the cell."""

    @property
    def Ts_seen(self) -> Floats:
        return perturb(self.Ts[:, None], self.seen)

    @property
    def Ts_measured(self) -> Floats:
        return perturb(self.Ts[:, None], self.measured)


def refine_poses(
    Ts_base_cell: ArrayLike,
    cell: CellModel,
    captures: Sequence[Capture],
    points: ArrayLike,
    points_sigma: ArrayLike,
    points_camera: ArrayLike,
    *,
    points_repeats: ArrayLike | None = None,
    materials: Mapping[str, Material] | None = None,
    template: EdgeTemplate | None = None,
    maps: FaceMaps | None = None,
    T_base_support: ArrayLike | None = None,
    options: RefineOptions | None = None,
) -> Refined:
    """Refine initial poses (n, 4, 4) that are right to about `options.reach_m` and `reach_rad`.

    `points` (m, 3) are 3D points in the base frame, `points_sigma` (m,) their axial noise in
    metres and `points_camera` (m,) the row in `captures` of the camera that saw each; points that
    are not finite are dropped. What a camera's points err by together, its calibration states;
    `points_repeats` (m,) is how many of them carry the information of one independent reading,
    where they are not all that the camera read. `materials` tells bright print from dark; or
    `template` is what they were drawn to before, at `options.edge_spacing_m`, and `maps` what
    `face_maps` made of the cell. Cells stand on z = 0 of `T_base_support` (4, 4),
    if it is given. Raises `ShapeError`.
    """
    initial = checked("Ts_base_cell", Ts_base_cell, (None, 4, 4))
    options = options or RefineOptions()
    template = template or edge_template(cell, materials or {}, options.edge_spacing_m)
    problem = problem_of(
        initial,
        cell,
        captures,
        points,
        points_sigma,
        points_camera,
        points_repeats,
        template,
        maps or face_maps(cell),
        options,
    )
    if T_base_support is not None:
        T_base_support = checked("T_base_support", T_base_support, (4, 4))
    solve = _Solver(problem, initial, T_base_support)
    start = np.zeros((len(initial), len(captures), 6))
    state = _State(initial, start, start)
    for gate in GATES_M:
        contacts = _contacts(problem, state, np.ones(start.shape[:2], np.bool_))
        surface = point_evidence(contacts, np.zeros_like(start), gate)
        state, _ = solve.step(state, surface, None)
    if options.edges:
        few = problem.few_edges(state.Ts, state.Ts_seen, POINTS)
        shift, seen = vote(few, problem.views, cell, solve.free, problem.options)
        state = _State(perturb(state.Ts, shift), state.seen + seen, state.measured + seen)
    contacts = _contacts(problem, state, sides_grazed(problem.views, state.Ts))
    edges = problem.expected_edges(state.Ts, state.Ts_seen, problem.crowded(state.Ts))
    drawn, steps = state, _steps(problem, edges)
    for window in WINDOWS_M:
        moved = difference(drawn.Ts_measured, state.Ts_measured)
        surface = point_evidence(contacts, moved, window / 2)
        edge = _edge(problem, edges, steps, difference(drawn.Ts_seen, state.Ts_seen), window)
        before = state
        state, step = solve.step(before, surface, edge)
    refined = judged(initial, state.Ts, step, surface, edge, edges, cell, problem.options)
    share = shown(edge.agrees, edges.sharp)
    return replace(refined, sightings=solve.sightings(before, surface, edge, share))


def _contacts(problem: Problem, state: _State, hidden_sides: NDArray[np.bool_]) -> Contacts:
    return contacts_at(
        problem.points,
        problem.maps,
        problem.cell,
        state.Ts_measured,
        looking_up(state.Ts, problem.up)[:, 2] < 0,
        hidden_sides,
        problem.options,
    )


def _steps(problem: Problem, edges: EdgeViews) -> Steps:
    reach = reach_px(edges, WINDOWS_M[0] + SPARE_M)
    return steps_near(edges, problem.views, reach, problem.options.contrast_min)


def _edge(
    problem: Problem, edges: EdgeViews, steps: Steps, moved: Floats, window_m: float
) -> EdgeEvidence:
    """Evidence of the edges once the cells, as the cameras see them, have `moved` (n, c, 6)."""
    expected = (edges.derivative @ moved[..., None].astype(Single))[..., 0]
    readings = steps.nearest(expected, reach_px(edges, window_m))
    sigma = problem.views.pixel_sigma_px
    if not problem.options.edges:
        readings = replace(readings, found=np.zeros_like(readings.found))
    return edge_evidence(edges, readings, sigma, window_m, problem.options)


class _Solver:
    """What is known before the look: calibration, initial poses, the support, free symmetry."""

    def __init__(self, problem: Problem, initial: Floats, T_base_support: Floats | None) -> None:
        axes = [s.axis for s in problem.cell.symmetries if s.fold == 0]
        self.free = free_axes(np.array(axes).reshape(-1, 3))
        self._calibration = calibration_information(problem.views, initial)
        # what was seen of a cell is its end face, so the initial pose is right there first
        up = np.sign(looking_up(initial, problem.up)[:, 2:])
        pivots = up * [0, 0, problem.cell.height_m / 2]
        self._depth = depth_errors(problem.views, initial, pivots, problem.cell)
        self._weak = weak_prior(pivots)
        self._problem, self._initial, self._support = problem, initial, T_base_support

    def step(self, state: _State, surface: Evidence, edge: Evidence | None) -> tuple[_State, Step]:
        """The next state, and the step to it."""
        told = surface.gradient + _times(surface.information, state.measured)
        A, target = self._depth.eliminated(surface.information, told)
        g = target - _times(A, state.seen)
        if edge is not None:
            A, g = A + edge.information, g + edge.gradient
        prior, pull = self._prior(state.Ts)
        step = solve_step(A, g, self._calibration, state.seen, prior, pull, self.free)
        beyond = self._depth.estimated(surface.information, told, step.cell[:, None] + step.seen)
        return _State(perturb(state.Ts, step.cell), step.seen, step.seen + beyond), step

    def sightings(
        self, state: _State, surface: Evidence, edge: Evidence, edge_share: Floats
    ) -> Sightings:
        """What each camera says by itself about motions from the cells' poses in `state`."""
        views, fixed = self._problem.views, np.eye(6) - self.free
        edge_told = edge.gradient + _times(edge.information, state.seen)
        told = surface.gradient + _times(surface.information, state.measured)
        A, told = self._depth.eliminated(surface.information, told)
        known, pull = self._prior(state.Ts)
        Ts_camera_cell = views.Ts_camera_base[None] @ state.Ts[:, None]
        return Sightings(
            edge_information=fixed @ edge.information @ fixed,
            edge_target=edge_told @ fixed,
            depth_information=fixed @ A @ fixed,
            depth_target=told @ fixed,
            by_camera=-adjoint(invert(Ts_camera_cell)),
            by_depth=self._depth.motion,
            edge_share=edge_share,
            camera_sigma=views.error_sigma,
            depth_sigma=self._depth.information**-0.5,
            depth_noise_m=self._problem.points.noise_m,
            known=fixed @ known @ fixed + self.free,
            pull=pull @ fixed,
            distance_m=Ts_camera_cell[..., 2, 3],
            focal_px=views.K[:, 0, 0],
        )

    def _prior(self, Ts: Floats) -> tuple[Floats, Floats]:
        """Information (n, 6, 6) and gradient (n, 6) of what is known beside the cameras."""
        offset = difference(self._initial, Ts) @ (np.eye(6) - self.free)
        pull = -_times(self._weak, offset)
        if self._support is None:
            return self._weak, pull
        cell, options = self._problem.cell, self._problem.options
        A, g = standing_evidence(Ts, self._support, cell, options)
        return self._weak + A, pull + g


def _times(matrix: Floats, vector: Floats) -> Floats:
    result: Floats = (matrix @ vector[..., None])[..., 0]
    return result
