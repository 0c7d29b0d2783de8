"""Fine search: each hypothesis climbs the mosaic's edge field in place and yaw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.coarse import TIP_STEP_M, Hypotheses, thinned
from cellpick.perception.grid import Grid
from cellpick.perception.template import Template
from cellpick.perception.tops import Tops
from cellpick.structures import CellModel

Number = TypeVar("Number", np.float32, np.complex64)

STAGES = ((4, 2, TIP_STEP_M / 2, 5, 500), (1, 1, 0.0008, 3, 400), (1, 1, 0.0004, 3, 600))
"""Reach and step in place in mosaic pixels; reach of the farthest point under yaw in metres, with
its number of steps; edge points used."""
FRAME = 10
"""Pixels of nothing round the field: more than twice the largest reach."""
FOOTPRINT_STEP_M = 0.001
"""Pitch at which the footprint is sampled for energy and coverage."""


def climb(
    start: Hypotheses,
    field: NDArray[np.complex64],
    grid: Grid,
    tops: Tops,
    templates: Sequence[Template],
    cell: CellModel,
) -> Hypotheses:
    """The same hypotheses at the best place and yaw nearby, judged there."""
    framed = np.pad(field, FRAME)
    parts = []
    for index, template in enumerate(templates):
        part = start.take(np.flatnonzero(start.template == index))
        xy, yaw = part.xy_m, part.yaw
        for stage in STAGES:
            xy, yaw = step(xy, yaw, framed, grid, template, cell, stage)
        parts.append(judged(part.template, xy, yaw, field, grid, tops, template))
    return Hypotheses(
        *(np.concatenate([getattr(p, name) for p in parts]) for name in Hypotheses.FIELDS)
    )


def step(
    xy: Floats,
    yaw: Floats,
    field: NDArray[np.complex64],
    grid: Grid,
    template: Template,
    cell: CellModel,
    stage: tuple[int, int, float, int, int],
) -> tuple[Floats, Floats]:
    """Best of a cube of places and yaws round each hypothesis."""
    reach, pitch, tip, count, points = stage
    pixels = np.arange(-reach, reach + 1, pitch)
    shift = np.stack(np.meshgrid(pixels, pixels), -1).reshape(-1, 2)
    radius = float(np.hypot(*cell.size_m[:2])) / 2
    turns = np.zeros(1) if cell.turns_freely else np.linspace(-tip, tip, count) / radius
    thin = slice(None, None, max(1, len(template.edges) // points))
    edges_m, edges = template.edges_m[thin], template.edges[thin]
    values = np.stack(
        [response(field, grid, edges_m, edges, xy, yaw + turn, shift) for turn in turns], axis=1
    )
    best = values.reshape(len(yaw), len(turns) * len(shift)).argmax(1)
    moved = xy + shift[best % len(shift)] * grid.step_m
    return moved, yaw + turns[best // len(shift)]


def response(
    field: NDArray[np.complex64],
    grid: Grid,
    edges_m: Floats,
    edges: NDArray[np.complex64],
    xy: Floats,
    yaw: Floats,
    shift: NDArray[np.intp],
) -> NDArray[np.float32]:
    """Correlation (n, s) of a template's edges with the framed field at n poses, each at shifts
    (s, 2) of whole pixels."""
    at = np.rint((placed(edges_m, xy, yaw) - np.asarray(grid.origin_m)) / grid.step_m)
    column = np.clip(at[..., 0], -FRAME / 2, grid.shape[1] + FRAME / 2).astype(np.intp) + FRAME
    row = np.clip(at[..., 1], -FRAME / 2, grid.shape[0] + FRAME / 2).astype(np.intp) + FRAME
    width = field.shape[1]
    index = (row * width + column)[:, None] + (shift[:, 1] * width + shift[:, 0])[:, None]
    wanted = edges.conj() * np.exp(-2j * yaw).astype(np.complex64)[:, None]
    found: NDArray[np.complex64] = field.ravel().take(index) @ wanted[:, :, None]
    return found[..., 0].real


def judged(
    face: NDArray[np.intp],
    xy: Floats,
    yaw: Floats,
    field: NDArray[np.complex64],
    grid: Grid,
    tops: Tops,
    template: Template,
) -> Hypotheses:
    """Hypotheses at these places with match, coverage and energy measured there."""
    thin = max(1, round(FOOTPRINT_STEP_M / template.step_m))
    zone = placed(thinned(template.zone_m, template.step_m, thin), xy, yaw)
    power = np.abs(lookup(field, grid, zone)) ** 2
    energy = np.sqrt(power.sum(1) * thin**2 + 1e-6).astype(np.float64)
    under = placed(thinned(template.footprint_m, template.step_m, thin), xy, yaw)
    coverage = lookup(tops.occupied, tops.grid, under, -1.0).mean(1).astype(np.float64)
    here = np.zeros((1, 2), np.intp)
    framed = np.pad(field, FRAME)
    found = response(framed, grid, template.edges_m, template.edges, xy, yaw, here)[:, 0]
    return Hypotheses(face, xy, yaw, found / energy, coverage, energy)


def placed(p_m: Floats, xy: Floats, yaw: Floats) -> Floats:
    """Template points (p, 2) at n poses: (n, p, 2) in the region frame."""
    c, s = np.cos(yaw), np.sin(yaw)
    turn = np.stack([np.stack([c, s], -1), np.stack([-s, c], -1)], -2)
    result: Floats = p_m @ turn + xy[:, None]
    return result


def lookup(values: NDArray[Number], grid: Grid, xy: Floats, beyond: float = 0.0) -> NDArray[Number]:
    """Values (...) of a map at the tiles nearest to places (..., 2); `beyond` off the map."""
    at = np.rint((xy - np.asarray(grid.origin_m)) / grid.step_m).astype(np.intp)
    h, w = grid.shape
    column, row = np.clip(at[..., 0], -1, w), np.clip(at[..., 1], -1, h)
    framed = np.full((h + 2, w + 2), beyond, values.dtype)
    framed[1:-1, 1:-1] = values
    found: NDArray[Number] = framed.ravel()[(row + 1) * (w + 2) + column + 1]
    return found
