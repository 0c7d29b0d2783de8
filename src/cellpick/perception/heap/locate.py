"""A look at cells that lie anyhow in, all that is seen of them out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cellpick.geometry import Floats
from cellpick.perception.core.sightings import Sightings
from cellpick.perception.fusion import to_scale
from cellpick.perception.health.agreement import Located
from cellpick.perception.heap.colours import FARTHEST, off_colour
from cellpick.perception.heap.covariance import covariances
from cellpick.perception.heap.ends import end_odds
from cellpick.perception.heap.foreign import foreign_objects, unexplained
from cellpick.perception.heap.groove import groove_odds
from cellpick.perception.heap.hypotheses import Hypotheses, hypotheses
from cellpick.perception.heap.judge import judge
from cellpick.perception.heap.rims import end_shifts
from cellpick.perception.heap.rings import end_ring
from cellpick.perception.heap.slide import Places
from cellpick.perception.heap.surface import Surface, surface_of
from cellpick.perception.heap.zbuffer import (
    ZBuffer,
    cylinder_points,
    points_of,
    wall_points,
    zbuffer,
)
from cellpick.perception.orient import UPSIDE_DOWN
from cellpick.perception.verify import Verdict, probability_of
from cellpick.structures import CaptureSet, CellEstimates, SearchTask

MUCH_SEEN = 0.25
"""Share of a side below which its groove says less: the shadows of what hides it look like one."""
PLACED = 2.0
"""A cell is told of where so many standard deviations of its place along its axis are less than its
radius. Of others a piece of their side is seen, but not where they lie."""


def locate_heap(look: CaptureSet) -> Located:
    """Find every cylindrical cell whose side the 3D cameras see, in any attitude.

    `look` has its captures in order of their names. Zero rows without a 3D camera. Codes are not
    read, and no camera is asked for what it alone says.
    """
    look = to_scale(look)
    task, cell = look.task, look.task.cell
    diameter_m, height_m = float(cell.size_m[0]), cell.height_m
    surfaces = [
        surface
        for capture in look.captures
        if (surface := surface_of(capture, task, diameter_m)) is not None
    ]
    found = hypotheses(surfaces, diameter_m, height_m)
    found, before, rest = of_right_colour(look, found, surfaces)
    found = at_rims(look, found, before)
    covariance = covariances(found, surfaces, height_m)
    placed = np.flatnonzero(PLACED * np.sqrt(covariance[:, 2, 2]) < diameter_m / 2)
    if len(placed) < len(found.Ts):
        found, covariance = found.rows(placed), covariance[placed]
        before = buffers(look, found, surfaces, rest)
    odds = end_odds(look, found.Ts, before, end_ring(cell, task.materials))
    trust = np.minimum(found.seen[:, 0] / MUCH_SEEN, 1.0)
    odds += trust * groove_odds(look, found.Ts, found.places.doubt_m, before)
    Ts = np.where((odds < 0)[:, None, None], found.Ts @ UPSIDE_DOWN, found.Ts)
    verdict = judge(found, covariance, odds, task.polarity_confidence, height_m)
    names = tuple(capture.calibration.camera for capture in look.captures)
    turned = np.where((odds < 0)[:, None, None], TURNED @ covariance @ TURNED, covariance)
    estimates = replace(
        _table(task, task.T_base_region @ Ts, turned, np.abs(odds), verdict),
        foreign=foreign_objects(rest, task),
    )
    return Located(estimates, Sightings.none(), names)


def of_right_colour(
    look: CaptureSet, found: Hypotheses, surfaces: list[Surface]
) -> tuple[Hypotheses, list[ZBuffer], Floats]:
    """The cells whose sides no picture shows in another colour, what hides them, and the readings
    (m, 3) that they do not explain."""
    rest = unexplained(surfaces, found, look.task)
    before = buffers(look, found, surfaces, rest)
    right = np.flatnonzero(off_colour(look, found.Ts, before) < FARTHEST)
    if len(right) < len(found.Ts):
        found = found.cells(right)
        rest = unexplained(surfaces, found, look.task)
        before = buffers(look, found, surfaces, rest)
    return found, before, rest


def buffers(
    look: CaptureSet, found: Hypotheses, surfaces: list[Surface], rest: Floats
) -> list[ZBuffer]:
    """What hides what, a buffer a camera: cells, walls, cells that have no place, and `rest`
    (m, 3)."""
    task, diameter_m = look.task, float(look.task.cell.size_m[0])
    body = cylinder_points(diameter_m, task.cell.height_m)
    others = [
        wall_points(surfaces, found.pieces, diameter_m),
        points_of(surfaces, found.pieces, found.unplaced),
        rest.astype(np.float32),
    ]
    things = np.concatenate(others)
    return [zbuffer(c, task.T_base_region, found.Ts, body, things) for c in look.captures]


def at_rims(look: CaptureSet, found: Hypotheses, before: list[ZBuffer]) -> Hypotheses:
    """The cells moved along their axes to where the pictures see their ends."""
    shift, doubt = end_shifts(look, found.Ts, found.places.doubt_m, before)
    Ts = found.Ts.copy()
    Ts[:, :3, 3] += shift[:, None] * Ts[:, :3, 2]
    places = Places(found.places.middle + shift, doubt, found.places.gain)
    return replace(found, Ts=Ts, places=places)


TURNED = np.diag([1.0, -1.0, -1.0, 1.0, -1.0, -1.0])
"""A small motion in the frame of the cell turned upside down."""


def _table(
    task: SearchTask, Ts: Floats, covariance: Floats, odds: Floats, verdict: Verdict
) -> CellEstimates:
    """The estimates, ordered by place: the order carries no meaning."""
    order = np.lexsort(Ts[:, :3, 3].T)
    probability = probability_of(odds)
    return CellEstimates(
        cell=task.cell.name,
        Ts_base_cell=Ts[order],
        covariance=covariance[order],
        polarity=tuple(
            "+z" if probability[i] >= task.polarity_confidence else "unknown" for i in order
        ),
        polarity_probability=probability[order],
        code=("",) * len(order),
        status=tuple(verdict.status[i] for i in order),
        reason=tuple(verdict.reason[i] for i in order),
        score=verdict.score[order],
    )
