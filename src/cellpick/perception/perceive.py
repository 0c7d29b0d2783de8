"""The whole of perception: one look in, one table of cells out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cellpick.perception.core import RefineOptions
from cellpick.perception.drawing import Drawing, drawing_of
from cellpick.perception.fusion import fuse, to_scale
from cellpick.perception.health import CameraMonitor
from cellpick.perception.health.agreement import Located, agreed
from cellpick.perception.heap import locate_heap
from cellpick.perception.laid import laid
from cellpick.perception.passes import Settled, settled, sought, stage_at
from cellpick.perception.read_codes import coded
from cellpick.perception.stance import stance_of
from cellpick.perception.stragglers import what_is_left
from cellpick.perception.tables import by_place
from cellpick.perception.verify import MOST_ABOVE, oddities, probability_of, verify
from cellpick.structures import CaptureSet, CellEstimates, SearchTask

ABSENT = 0.05
"""Share of the readings over a cell that lie on its top, below which its place is empty."""


def perceive(
    look: CaptureSet,
    monitor: CameraMonitor | None = None,
    drawing: Drawing | None = None,
    *,
    codes: bool = True,
    options: RefineOptions | None = None,
) -> CellEstimates:
    """Examine the cameras of one look, then find the cells with those that may be used.

    A function of the look alone, deterministic, and blind to the order of its captures; with a
    `monitor` also of the cameras' earlier looks, which it remembers. `drawing`, made of the
    task's cell by `drawing_of`, saves drawing the cell anew. Without `codes` all codes are empty:
    poses do not need them, and a station may read them later by `with_codes`, while the arm moves.
    `options` are the pose core's.
    """
    task = look.task
    known = drawing
    if known is None or known.either_end != laid(task.cell, task.arrangement).either_end:
        known = drawing_of(task.cell, task.materials, task.arrangement)
    examined = (monitor or CameraMonitor()).examine(look)
    estimates = agreed(examined, lambda seen: locate(seen, known, options))
    estimates = known.laid.of_cells(estimates)
    return coded(estimates, examined.look) if codes else estimates


def locate(look: CaptureSet, drawing: Drawing, options: RefineOptions | None = None) -> Located:
    """Find, refine, orient and verify all cells, with what each camera by itself says.

    Zero rows where there are none; codes are not read.
    """
    look = to_scale(in_order(look))
    task, cell = look.task, look.task.cell
    if task.arrangement != "upright" and cell.shape == "cylinder":
        return locate_heap(look)
    task = replace(task, cell=drawing.cell)
    look = replace(look, task=task)
    clouds = fuse(look)
    stage = stage_at(look, drawing, clouds, 0.0, options)
    cells = settled(sought(stage, drawing.templates), stage)
    cells = cells.take(np.flatnonzero(cells.evidence.on_top >= ABSENT))
    more, foreign = what_is_left(stage, cells)
    odd = peculiar(cells, task)
    usual = cells.take(np.flatnonzero(~odd))
    others = [*more, cells.take(np.flatnonzero(odd))] if odd.any() else more
    order = by_place(usual.refined.Ts_base_cell)
    names = tuple(capture.calibration.camera for capture in look.captures)
    estimates = replace(table(task, usual), foreign=foreign)
    beside = tuple(table(task, some) for some in others)
    return Located(estimates, usual.refined.sightings.rows(order), names, beside)


def peculiar(cells: Settled, task: SearchTask) -> NDArray[np.bool_]:
    """(n,) which cells tell nothing of the cameras, since they stand oddly or are hidden in part;
    none where most do, as a camera may be to blame."""
    stance = stance_of(cells.refined.Ts_base_cell, task)
    odd = cells.evidence.above > MOST_ABOVE
    for rule in oddities(stance):
        odd = odd | rule.broken
    return odd if odd.sum() * 2 < len(odd) else np.zeros_like(odd)


def table(task: SearchTask, cells: Settled) -> CellEstimates:
    """The estimates without codes, ordered by place: the order carries no meaning."""
    refined, odds = cells.refined, cells.odds
    stance = stance_of(refined.Ts_base_cell, task)
    confidence = task.polarity_confidence
    verdict = verify(cells.evidence, stance, refined, odds, confidence, task.cell.height_m)
    order = by_place(refined.Ts_base_cell)
    probability = probability_of(odds)
    return CellEstimates(
        cell=task.cell.name,
        Ts_base_cell=refined.Ts_base_cell[order],
        covariance=refined.covariance[order],
        polarity=tuple(
            task.cell.positive if probability[i] >= confidence else "unknown" for i in order
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
