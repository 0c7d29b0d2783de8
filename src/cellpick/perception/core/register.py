"""Registers many cells at once to their points, on analytic surfaces."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cellpick.geometry import Floats
from cellpick.perception.core.register_blocks import Blocks, Clouds, Indices
from cellpick.perception.core.register_evidence import evidence, placed
from cellpick.perception.core.register_input import (
    checked_instance,
    checked_points,
    checked_sigma,
    checked_starts,
    clouds,
)
from cellpick.perception.core.register_pulls import Agreement, fine_pulls, wide_pulls
from cellpick.perception.core.register_result import RegisterOptions, Registration
from cellpick.perception.core.register_shape import CellShape
from cellpick.perception.core.register_solve import equations, inverse, moved
from cellpick.perception.core.register_verdict import Fit, verdict

GATES = (1.5, 1.2, 0.8, 0.4, 0.25)
"""How far points may lie from the surface in the coarse rounds, in units of the reach."""
FINE_ROUNDS = 3
STEPS = 2
"""Gauss-Newton steps on the moments of one round."""
CHUNK = 1 << 16
"""Points that go together: what is made of them stays in the cache."""


def register_cells(
    Ts_base_cell: ArrayLike,
    shape: CellShape,
    points: ArrayLike,
    instance: ArrayLike,
    sigma_m: ArrayLike,
    options: RegisterOptions | None = None,
) -> Registration:
    """Move poses (n, 4, 4) of equal cells onto their points, each about `options.reach_m` off.

    `points` (m, 3) are metres, float32 or float64, in the frame of the poses; `instance` (m,)
    whole numbers, the row of each point's cell, negative for none. `sigma_m` () or (m,) is the
    points' noise. Points that are not finite are dropped. Point-to-plane with Tukey's biweight
    (Huber 1981, "Robust Statistics") on closed-form distances; the edges of seen faces hold
    points inside. Equal cells and points give equal results, whatever else is in the batch.
    Raises `ShapeError`.
    """
    options = options or RegisterOptions()
    starts, rigid = checked_starts(Ts_base_cell)
    p = checked_points(points)
    rows = checked_instance(instance, len(p), len(starts))
    sigma = checked_sigma(sigma_m, len(p))
    own = clouds(p, rows, sigma, len(starts))
    enough = own.count >= max(options.points_min, 1)
    fit = Fit.none(starts)
    for cells in _chunks(np.flatnonzero(rigid & enough), own.count):
        fit.put(cells, _registered(own, cells, starts[cells], shape, options))
    return verdict(fit, starts, rigid, own.count, shape, options)


def _chunks(cells: Indices, count: Indices) -> list[Indices]:
    """The cells (k,) in groups of about `CHUNK` points."""
    group = (np.cumsum(count[cells]) - 1) // CHUNK
    return np.split(cells, np.flatnonzero(np.diff(group)) + 1) if len(cells) else []


def _registered(
    own: Clouds, cells: Indices, starts: Floats, shape: CellShape, options: RegisterOptions
) -> Fit:
    """The fit of cells (k,) from `starts` (k, 4, 4)."""
    blocks = own.blocks(cells, starts[:, :3, 3])
    local = starts.copy()
    local[:, :3, 3] = 0
    Ts, near = _coarse(blocks.sample(), local, shape, options)
    Ts, information, agreement = _fine(blocks, Ts, local, shape)
    Ts[:, :3, 3] += starts[:, :3, 3]
    return Fit(Ts, information, near, agreement)


def _coarse(
    blocks: Blocks, starts: Floats, shape: CellShape, options: RegisterOptions
) -> tuple[Floats, Floats]:
    """Poses (k, 4, 4) from few points, and the share (k,) of them within reach at the start."""
    Ts, near = starts, np.zeros(len(starts))
    for round_, gate in enumerate(GATES):
        seen = placed(blocks, inverse(Ts), shape)
        if round_ == 0:
            within = np.abs(seen.gap.max(axis=1)) < options.reach_m
            near = (within & (blocks.inv_sigma > 0)).sum(1) / (blocks.inv_sigma > 0).sum(1)
        pulls = wide_pulls(blocks, seen, gate * options.reach_m)
        Ts, _ = moved(evidence(blocks, seen, pulls, shape), Ts, starts, STEPS)
    return Ts, near


def _fine(
    blocks: Blocks, Ts: Floats, starts: Floats, shape: CellShape
) -> tuple[Floats, Floats, Agreement]:
    """Poses (k, 4, 4) from all points, with their information (k, 6, 6)."""
    for _ in range(FINE_ROUNDS):
        seen = placed(blocks, inverse(Ts), shape)
        pulls, agreement = fine_pulls(blocks, seen, shape)
        told = evidence(blocks, seen, pulls, shape)
        Ts, _ = moved(told, Ts, starts, STEPS)
    return Ts, equations(told, inverse(Ts))[0], agreement
