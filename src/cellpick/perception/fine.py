"""Fine search: each hypothesis climbs the mosaic's edge field in place and yaw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.coarse import TIP_STEP_M, Hypotheses
from cellpick.perception.grid import Grid
from cellpick.perception.template import Template
from cellpick.perception.tops import Tops
from cellpick.structures import CellModel

Number = TypeVar("Number", np.float32, np.complex64)

STAGES = ((0.002, TIP_STEP_M / 2, 5, 250), (0.0007, 0.001, 3, 400), (0.00035, 0.0005, 3, 600))
"""Half-widths of the search in place and of the farthest point under yaw, both in metres, steps
an axis, and edge points used."""
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
    parts = []
    for index, template in enumerate(templates):
        part = start.take(np.flatnonzero(start.template == index))
        xy, yaw = part.xy_m, part.yaw
        for stage in STAGES:
            xy, yaw = step(xy, yaw, field, grid, template, cell, stage)
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
    stage: tuple[float, float, int, int],
) -> tuple[Floats, Floats]:
    """Best of a cube of places and yaws round each hypothesis."""
    width, tip, count, points = stage
    shifts = np.linspace(-width, width, count)
    shift = np.stack(np.meshgrid(shifts, shifts), -1).reshape(-1, 2)
    reach = float(np.hypot(*cell.size_m[:2])) / 2
    turns = np.zeros(1) if cell.turns_freely else np.linspace(-tip, tip, count) / reach
    thin = slice(None, None, max(1, len(template.edges) // points))
    values = np.stack(
        [
            response(
                field, grid, template.edges_m[thin], template.edges[thin], xy, yaw + turn, shift
            )
            for turn in turns
        ],
        axis=1,
    )
    best = values.reshape(len(yaw), len(turns) * len(shift)).argmax(1)
    return xy + shift[best % len(shift)], yaw + turns[best // len(shift)]


def response(
    field: NDArray[np.complex64],
    grid: Grid,
    edges_m: Floats,
    edges: NDArray[np.complex64],
    xy: Floats,
    yaw: Floats,
    shift: Floats,
) -> Floats:
    """Correlation (n, s) of a template's edges with the field at n poses, each at s shifts."""
    at = placed(edges_m, xy, yaw)
    wanted = edges.conj() * np.exp(-2j * yaw).astype(np.complex64)[:, None]
    seen = lookup(field, grid, at[:, None] + shift[:, None])
    result: Floats = np.einsum("np,nsp->ns", wanted, seen).real.astype(np.float64)
    return result


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
    found = response(field, grid, template.edges_m, template.edges, xy, yaw, np.zeros((1, 2)))[:, 0]
    return Hypotheses(face, xy, yaw, found / energy, coverage, energy)


def thinned(p_m: Floats, step_m: float, thin: int) -> Floats:
    """The places (.., 2) of a square grid that are on every `thin`-th row and column."""
    at = np.rint(p_m / step_m).astype(np.intp)
    result: Floats = p_m[(at % thin == 0).all(1)]
    return result


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
