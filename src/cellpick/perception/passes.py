"""One pass of the search: cells whose tops lie about one height above the support."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert, transform, translation
from cellpick.perception.coarse import Hypotheses, search
from cellpick.perception.core import Refined, RefineOptions, refine_poses
from cellpick.perception.drawing import Drawing
from cellpick.perception.evidence import weigh
from cellpick.perception.fine import climb, matches, shown
from cellpick.perception.focus import focused
from cellpick.perception.fusion import Clouds
from cellpick.perception.grid import Grid
from cellpick.perception.leftovers import Leftovers, hiding
from cellpick.perception.mosaic import fused, mosaic_edges
from cellpick.perception.orient import UPSIDE_DOWN, Oriented, facing_up, orient
from cellpick.perception.pictures import pictures_of, without_behind
from cellpick.perception.seat import owners, seat
from cellpick.perception.select import contenders, overlap_depth, slack, without_conflicts
from cellpick.perception.template import Template
from cellpick.perception.tops import Tops, at_top, map_tops
from cellpick.perception.verify import Evidence
from cellpick.structures import CaptureSet, SearchTask

PLAIN_MATCH = 0.75
"""Cells whose drawing the pictures match worse than this are compared with the opposite face."""
OVERTURNED = 0.08
"""A cell whose opposite face matches better by this stands on its head."""
SHOWN = 0.65
"""... and surely shows: an outline alone is found in an empty place as well."""
HIDING_RADIUS_M = 0.003
"""Readings of what hides cells stand for this much round them; the readings lie nearer."""
LEAST_LEFT = 0.12
"""Share of a cell's top that no other cell explains, for it to be one more cell."""


@dataclass(frozen=True, eq=False)
class Stage:
    """A look as a pass sees it."""

    look: CaptureSet
    """With the region at the pass's height."""
    drawing: Drawing
    """The cell."""
    clouds: Clouds
    """In that region's frame."""
    grid: Grid
    """The mosaic's."""
    tops: Tops
    """Where tops are."""
    field: NDArray[np.complex64]
    """The mosaic's edges."""
    options: RefineOptions | None = None
    """The pose core's."""

    @property
    def T_base_region(self) -> Floats:
        """(4, 4)."""
        return self.look.task.T_base_region

    @property
    def up(self) -> Floats:
        """(3,) in the base frame."""
        return self.T_base_region[:3, 2]

    def past(self, left: Leftovers) -> Stage:
        """As each camera for itself sees it past what lies higher than the cells; nothing known of
        the surface that this hides from above."""
        if not left.high.any():
            return self
        hidden = hiding(left, self.tops.grid)
        tops = replace(self.tops, occupied=np.where(hidden, np.float32(0), self.tops.occupied))
        over = left.p_region[left.high.ravel()[left.tile]]
        pictures = pictures_of(self.look, self.grid.step_m)
        p_base = transform(self.T_base_region, over.astype(np.float64))
        seen = [without_behind(picture, p_base, HIDING_RADIUS_M) for picture in pictures]
        return replace(self, tops=tops, field=fused(seen, self.T_base_region, tops, self.grid))

    def beyond(self, Ts_region_cell: Floats) -> Stage:
        """Without what the cells at (n, 4, 4) cover."""
        cell = self.drawing.cell
        xy, yaw = seen_from_above(Ts_region_cell, self)
        taken, pixels = (owners(xy, yaw, cell, g, 0.0) >= 0 for g in (self.tops.grid, self.grid))
        tops = replace(self.tops, occupied=np.where(taken, np.float32(-1), self.tops.occupied))
        return replace(self, tops=tops, field=np.where(pixels, np.complex64(0), self.field))


@dataclass(frozen=True, eq=False)
class Settled:
    """n cells as one pass leaves them."""

    refined: Refined
    """Their poses."""
    odds: Floats
    """(n,) log odds of their polarity."""
    evidence: Evidence
    """What speaks for them."""

    def take(self, rows: NDArray[np.intp]) -> Settled:
        """Some of them."""
        return Settled(self.refined.take(rows), self.odds[rows], self.evidence.take(rows))


def stage_at(
    look: CaptureSet,
    drawing: Drawing,
    clouds: Clouds,
    rise_m: float,
    options: RefineOptions | None = None,
) -> Stage:
    """The look for cells that stand `rise_m` above the region's origin."""
    cell = drawing.cell
    if rise_m:
        task = look.task
        raised = task.T_base_region @ translation(np.array([0.0, 0.0, rise_m]))
        look = replace(look, task=replace(task, T_base_region=raised))
        clouds = Clouds(clouds.dense.lowered(rise_m), clouds.sample.lowered(rise_m))
    grid = search_grid(look.task, drawing)
    tiles = grid.coarser(drawing.tile_px)
    tops = map_tops(clouds.dense, at_top(clouds.dense, cell), cell, tiles)
    tops = focused(look, tops, grid)
    return Stage(look, drawing, clouds, grid, tops, mosaic_edges(look, tops, grid), options)


def search_grid(task: SearchTask, drawing: Drawing) -> Grid:
    """Mosaic pixels over the search region, a whole number of tiles a side."""
    step, factor = drawing.pixel_m, drawing.tile_px
    width, height = (factor * int(np.ceil(e / (step * factor))) for e in task.region_size_m[:2])
    return Grid((-(width - 1) / 2 * step, -(height - 1) / 2 * step), step, (height, width))


def sought(stage: Stage, templates: Sequence[Template]) -> Hypotheses:
    """Where these faces look up, no two cells in one place."""
    cell = stage.drawing.cell
    found = contenders(search(stage.field, stage.tops, templates, cell), cell)
    found = climb(found, stage.field, stage.grid, stage.tops, templates, cell)
    return without_conflicts(found, cell)


def beside(found: Hypotheses, Ts_region_cell: Floats, stage: Stage) -> Hypotheses:
    """Those that overlap none of the cells at (n, 4, 4)."""
    cell = stage.drawing.cell
    xy, yaw = seen_from_above(Ts_region_cell, stage)
    depth = overlap_depth(np.concatenate([found.xy_m, xy]), np.concatenate([found.yaw, yaw]), cell)
    clash = (depth[: len(found), len(found) :] > slack(cell)).any(axis=1)
    return found.take(np.flatnonzero(~clash))


def seen_from_above(Ts_region_cell: Floats, stage: Stage) -> tuple[Floats, Floats]:
    """Places (n, 2) and turns (n,) of the faces of cells at (n, 4, 4) that look up."""
    top = facing_up(Ts_region_cell, np.array([0.0, 0.0, 1.0]))
    xy = (top[:, :3, 3] + top[:, :3, 2] * stage.drawing.cell.height_m / 2)[:, :2]
    return xy, np.arctan2(Ts_region_cell[:, 1, 0], Ts_region_cell[:, 0, 0])


def on_leftovers(
    found: Hypotheses, left: NDArray[np.bool_], tiles: Grid, stage: Stage
) -> Hypotheses:
    """Those over which enough is left, by a map (rows, columns)."""
    owner = owners(found.xy_m, found.yaw, stage.drawing.cell, tiles, 0.0)
    all_ = np.bincount(owner[owner >= 0], minlength=len(found))
    some = np.bincount(owner[(owner >= 0) & left], minlength=len(found))
    return found.take(np.flatnonzero(some > LEAST_LEFT * np.maximum(all_, 1)))


def settled(found: Hypotheses, stage: Stage) -> Settled:
    """The cells' poses and polarities, refined, and what speaks for them."""
    drawing, cloud = stage.drawing, stage.clouds.sample
    top = at_top(cloud, drawing.cell)
    faces = drawing.every_face
    Ts = seat(found, cloud, top, drawing.cell, faces, stage.grid, stage.tops)
    Ts = stage.T_base_region @ Ts
    if drawing.either_end:  # a wrong end has other edges and would mislead the refinement
        Ts = turned_right(Ts, stage).Ts_base_cell
    refined = refine(stage, Ts)
    oriented = turned_right(refined.Ts_base_cell, stage)
    if oriented.turned.any():
        refined = refine(stage, oriented.Ts_base_cell)
    result = Settled(refined, oriented.odds, judged(refined, stage))
    over = overturned(result, stage)
    if not over.any():
        return result
    Ts = np.where(over[:, None, None], refined.Ts_base_cell @ UPSIDE_DOWN, refined.Ts_base_cell)
    oriented = turned_right(Ts, stage)
    refined = refine(stage, oriented.Ts_base_cell)
    return Settled(refined, oriented.odds, judged(refined, stage))


def turned_right(Ts_base_cell: Floats, stage: Stage) -> Oriented:
    """In the polarity that the pictures speak for; open where they do not count."""
    oriented = orient(Ts_base_cell, stage.look.captures, stage.drawing, stage.up)
    if stage.options is None or stage.options.edges:
        return oriented
    return replace(oriented, odds=np.zeros_like(oriented.odds))


def judged(refined: Refined, stage: Stage) -> Evidence:
    """What the pass's mosaic and cloud say of refined cells."""
    drawing = stage.drawing
    return weigh(
        refined.Ts_base_cell,
        stage.look.task,
        stage.field,
        stage.grid,
        drawing.every_template,
        drawing.every_face,
        stage.clouds.sample,
    )


def shares_shown(cells: Settled, stage: Stage) -> Floats:
    """(n,) share of the drawing that the stage's pictures show, of cells whose +z face looks up."""
    xy, yaw = seen_from_above(invert(stage.T_base_region) @ cells.refined.Ts_base_cell, stage)
    return shown(xy, yaw, stage.field, stage.grid, stage.drawing.templates[0])


def overturned(cells: Settled, stage: Stage) -> NDArray[np.bool_]:
    """(n,) which cells show the face that none of the templates sought has."""
    drawing, match = stage.drawing, cells.evidence.match
    over = np.zeros(len(match), np.bool_)
    Ts = invert(stage.T_base_region) @ cells.refined.Ts_base_cell
    rows = np.flatnonzero((match < PLAIN_MATCH) & (Ts[:, 2, 2] > 0))
    if drawing.spare and len(rows):
        top = (Ts[:, :3, 3] + Ts[:, :3, 2] * drawing.cell.height_m / 2)[rows, :2]
        yaw = np.arctan2(Ts[:, 1, 0], Ts[:, 0, 0])[rows]
        other = matches(top, yaw, stage.field, stage.grid, drawing.spare[0])
        over[rows] = other > np.maximum(match[rows] + OVERTURNED, SHOWN)
    return over


def refine(stage: Stage, Ts_base_cell: Floats) -> Refined:
    """The pose core on a pass's look."""
    look, drawing, cloud = stage.look, stage.drawing, stage.clouds.sample
    return refine_poses(
        Ts_base_cell,
        drawing.cell,
        look.captures,
        cloud.p_base,
        cloud.sigma_m,
        cloud.camera,
        points_repeats=cloud.repeats,
        template=drawing.edges,
        maps=drawing.maps,
        T_base_support=look.task.T_base_region,
        options=stage.options,
    )
