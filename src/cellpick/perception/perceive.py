"""The whole of perception: one look in, one table of cells out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.coarse import search
from cellpick.perception.core import Refined, refine_poses
from cellpick.perception.drawing import Drawing, drawing_of
from cellpick.perception.evidence import weigh
from cellpick.perception.fine import climb
from cellpick.perception.focus import focused
from cellpick.perception.fusion import Cloud, fuse, to_scale
from cellpick.perception.grid import Grid
from cellpick.perception.health import CameraMonitor
from cellpick.perception.health.agreement import Located, agreed
from cellpick.perception.heap import locate_heap
from cellpick.perception.mosaic import mosaic_edges
from cellpick.perception.orient import orient
from cellpick.perception.read_codes import coded
from cellpick.perception.seat import seat
from cellpick.perception.select import contenders, without_conflicts
from cellpick.perception.tops import at_top, map_tops
from cellpick.perception.verify import Verdict, probability_of, verify
from cellpick.structures import CaptureSet, CellEstimates, SearchTask


def perceive(
    look: CaptureSet,
    monitor: CameraMonitor | None = None,
    drawing: Drawing | None = None,
    *,
    codes: bool = True,
) -> CellEstimates:
    """Examine the cameras of one look, then find the cells with those that may be used.

    A function of the look alone, deterministic, and blind to the order of its captures; with a
    `monitor` also of the cameras' earlier looks, which it remembers. `drawing`, made of the
    task's cell by `drawing_of`, saves drawing the cell anew. Without `codes` all codes are empty:
    poses do not need them, and a station may read them later by `with_codes`, while the arm moves.
    """
    known = drawing or drawing_of(look.task.cell, look.task.materials)
    examined = (monitor or CameraMonitor()).examine(look)
    estimates = agreed(examined, lambda seen: locate(seen, known))
    return coded(estimates, examined.look) if codes else estimates


def locate(look: CaptureSet, drawing: Drawing) -> Located:
    """Find, refine, orient and verify all cells, with what each camera by itself says.

    Zero rows where there are none; codes are not read.
    """
    look = to_scale(in_order(look))
    task, cell = look.task, look.task.cell
    if task.arrangement != "upright" and cell.shape == "cylinder":
        return locate_heap(look)
    up = task.T_base_region[:3, 2]
    drawn, templates, windows = drawing.faces, drawing.templates, drawing.windows

    clouds = fuse(look)
    cloud = clouds.sample
    grid = search_grid(task, drawing)
    tiles = grid.coarser(drawing.tile_px)
    tops = map_tops(clouds.dense, at_top(clouds.dense, cell), cell, tiles)
    tops = focused(look, tops, grid)
    field = mosaic_edges(look, tops, grid)

    found = search(field, tops, templates, cell)
    found = contenders(found, cell)
    found = climb(found, field, grid, tops, templates, cell)
    found = without_conflicts(found, cell)
    Ts = task.T_base_region @ seat(found, cloud, at_top(cloud, cell), cell, drawn, grid, tops)

    if len(drawn) > 1:  # a wrong end has other edges and would mislead the refinement
        Ts = orient(Ts, cell, look.captures, windows, up).Ts_base_cell
    refined = refine(look, Ts, cloud, drawing)
    oriented = orient(refined.Ts_base_cell, cell, look.captures, windows, up)
    if oriented.turned.any():
        refined = refine(look, oriented.Ts_base_cell, cloud, drawing)
    evidence = weigh(refined.Ts_base_cell, task, field, grid, templates, drawn, cloud)
    verdict = verify(evidence, refined, oriented.odds, task.polarity_confidence, cell.height_m)
    order = by_place(refined.Ts_base_cell)
    names = tuple(capture.calibration.camera for capture in look.captures)
    estimates = table(task, refined, oriented.odds, verdict)
    return Located(estimates, refined.sightings.rows(order), names)


def by_place(Ts_base_cell: Floats) -> NDArray[np.int64]:
    """(n,) order of poses by their places: rows carry no meaning."""
    p = Ts_base_cell[:, :3, 3]
    return np.asarray(np.lexsort((p[:, 1], p[:, 0])), np.int64)


def table(task: SearchTask, refined: Refined, odds: Floats, verdict: Verdict) -> CellEstimates:
    """The estimates without codes, ordered by place: the order carries no meaning."""
    order = by_place(refined.Ts_base_cell)
    probability = probability_of(odds)
    return CellEstimates(
        cell=task.cell.name,
        Ts_base_cell=refined.Ts_base_cell[order],
        covariance=refined.covariance[order],
        polarity=tuple(
            task.cell.positive if probability[i] >= task.polarity_confidence else "unknown"
            for i in order
        ),
        polarity_probability=probability[order],
        code=("",) * len(order),
        status=tuple(verdict.status[i] for i in order),
        reason=tuple(verdict.reason[i] for i in order),
        score=verdict.score[order],
    )


def in_order(look: CaptureSet) -> CaptureSet:
    """The look with its captures ordered by camera name: sums then round alike in any order."""
    captures = sorted(look.captures, key=lambda capture: capture.calibration.camera)
    return replace(look, captures=tuple(captures))


def search_grid(task: SearchTask, drawing: Drawing) -> Grid:
    """Mosaic pixels over the search region, a whole number of tiles a side."""
    step, factor = drawing.pixel_m, drawing.tile_px
    width, height = (factor * int(np.ceil(e / (step * factor))) for e in task.region_size_m[:2])
    return Grid((-(width - 1) / 2 * step, -(height - 1) / 2 * step), step, (height, width))


def refine(look: CaptureSet, Ts_base_cell: Floats, cloud: Cloud, drawing: Drawing) -> Refined:
    """The pose core on this look."""
    return refine_poses(
        Ts_base_cell,
        look.task.cell,
        look.captures,
        cloud.p_base,
        cloud.sigma_m,
        cloud.camera,
        points_repeats=cloud.repeats,
        template=drawing.edges,
        maps=drawing.maps,
        T_base_support=look.task.T_base_region,
    )
