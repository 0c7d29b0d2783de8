"""What the first pass leaves: cells that stand too high or under something, and foreign objects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert
from cellpick.perception.leftovers import (
    Leftovers,
    foreign_objects,
    leftovers,
    levels,
)
from cellpick.perception.passes import (
    Settled,
    Stage,
    beside,
    on_leftovers,
    settled,
    shares_shown,
    sought,
    stage_at,
)
from cellpick.perception.template import Template
from cellpick.perception.verify import FULL_MATCH, MOST_ABOVE
from cellpick.structures import ForeignObject

CLEAR_MATCH = 0.5
"""Least correlation of the drawing with what is seen of one more cell."""
CLEAR_PLAIN_MATCH = 0.75
"""The same of a face that none should show: often a plain one, whose outline much resembles."""
LEAST_SHOWN = 0.2
"""Share of its drawing that a half hidden cell shows at least."""
CLEAR_REST = 0.7
"""Least correlation of that part with what is seen there; a whole cell's is above 0.8. Also the
least share of the readings that do not lie above the cell that lie on its top."""
MOST_LEVELS = 3
"""Heights at which more cells are looked for."""
LEAST_ON_TOP = 0.5
"""Share of the readings over one more cell that lie on its top, where nothing lies on it."""


def what_is_left(stage: Stage, cells: Settled) -> tuple[list[Settled], tuple[ForeignObject, ...]]:
    """More cells, pass by pass, and what is none, after those that the first pass found."""
    drawing, task = stage.drawing, stage.look.task
    more: list[Settled] = []
    known = invert(stage.T_base_region) @ cells.refined.Ts_base_cell
    left = _left(stage, known)
    for rise in levels(left, drawing.cell)[:MOST_LEVELS]:
        higher = stage_at(stage.look, drawing, stage.clouds, rise, stage.options)
        found = _more(higher, drawing.templates, known, left, left.high, LEAST_ON_TOP)
        if found is not None:
            more.append(found)
            known = _with(known, found, stage)
            left = _left(stage, known)
    past = stage.past(left) if left.level.any() else stage
    for templates in (drawing.templates, drawing.every_template):
        if not left.level.any():
            break
        found = _more(past.beyond(known), templates, known, left, left.level, 0.0)
        if found is not None:
            more.append(found)
            known = _with(known, found, stage)
            left = _left(stage, known)
    sure = sum(int((some.evidence.match >= FULL_MATCH).sum()) for some in (cells, *more))
    things = foreign_objects(left, task.T_base_region, drawing.cell, sure)
    return more, tuple(things)


def _left(stage: Stage, Ts_region_cell: Floats) -> Leftovers:
    size = stage.look.task.region_size_m
    return leftovers(stage.clouds.dense, Ts_region_cell, stage.drawing.cell, size)


def _with(Ts_region_cell: Floats, found: Settled, stage: Stage) -> Floats:
    own = invert(stage.T_base_region) @ found.refined.Ts_base_cell
    return np.concatenate([Ts_region_cell, own])


def _more(
    stage: Stage,
    templates: Sequence[Template],
    known: Floats,
    left: Leftovers,
    where: NDArray[np.bool_],
    least_on_top: float,
) -> Settled | None:
    """Cells that the pictures and the cloud clearly show `where` something is left."""
    found = sought(stage, templates)
    found = on_leftovers(beside(found, known, stage), where, left.grid, stage)
    if not len(found):
        return None
    cells = settled(found, stage)
    expected = len(stage.drawing.templates)
    plain = found.template >= expected
    evidence = cells.evidence
    least = np.where(plain, CLEAR_PLAIN_MATCH, CLEAR_MATCH)
    on_top = np.where(plain, LEAST_ON_TOP, least_on_top)
    clear = (evidence.match >= least) & (evidence.on_top >= on_top)
    rows = np.flatnonzero(clear | (_half_hidden(cells, stage) & ~plain))
    return cells.take(rows) if len(rows) else None


def _half_hidden(cells: Settled, stage: Stage) -> NDArray[np.bool_]:
    """(n,) of which cells something hides a part, and all the rest clearly shows them."""
    evidence = cells.evidence
    share = shares_shown(cells, stage)
    open_ = 1 - evidence.above
    result: NDArray[np.bool_] = (
        (evidence.above > MOST_ABOVE)
        & (share >= LEAST_SHOWN)
        & (evidence.match >= CLEAR_REST * np.sqrt(share))
        & (evidence.on_top >= CLEAR_REST * open_)
    )
    return result
