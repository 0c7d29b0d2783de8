"""Registers many cells at once to their points, on analytic surfaces."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.register_blocks import Blocks, Clouds, Indices
from cellpick.perception.core.register_evidence import evidence, placed
from cellpick.perception.core.register_input import (
    checked_instance,
    checked_points,
    checked_sigma,
    checked_starts,
    clouds,
    rigid_starts,
)
from cellpick.perception.core.register_pulls import closeness, fine_pulls, wide_pulls
from cellpick.perception.core.register_result import RegisterOptions, Registration
from cellpick.perception.core.register_rounds import fine_rounds
from cellpick.perception.core.register_shape import CellShape
from cellpick.perception.core.register_solve import inverse, moved
from cellpick.perception.core.register_verdict import Fit, verdict

GATES = (1.5, 0.5)
"""How far points may lie from the surface in the coarse rounds, in units of the reach."""
FACE_SHARE = 0.03
"""A face with a smaller share of the points than this is not seen."""
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
    given = checked_starts(Ts_base_cell)
    starts, rigid = rigid_starts(given)
    p = checked_points(points)
    rows = checked_instance(instance, len(p), len(starts))
    sigma = checked_sigma(sigma_m, len(p))
    own = clouds(p, rows, sigma, len(starts))
    enough = own.count >= max(options.points_min, 1)
    fit = Fit.none(starts)
    for cells in _chunks(np.flatnonzero(rigid & enough), own.count):
        fit.put(cells, _registered(own, cells, starts[cells], shape, options))
    return verdict(fit, starts, given, rigid, own.count, shape, options)


def _chunks(cells: Indices, count: Indices) -> list[Indices]:
    """The cells (k,) in groups of about `CHUNK` points."""
    group = (np.cumsum(count[cells]) - 1) // CHUNK
    return np.split(cells, np.flatnonzero(np.diff(group)) + 1) if len(cells) else []


def _registered(
    own: Clouds, cells: Indices, starts: Floats, shape: CellShape, options: RegisterOptions
) -> Fit:
    """The fit of cells (k,) from `starts` (k, 4, 4)."""
    origins = starts[:, :3, 3].astype(own.points.dtype)
    blocks = own.blocks(cells, origins)
    local = starts.copy()
    local[:, :3, 3] -= origins
    Ts, near, faces = coarse_round(blocks.sample(), local, shape, options)
    found = fine_rounds(blocks, Ts, faces, shape, options)
    found.Ts[:, :3, 3] += origins
    return Fit(found.Ts, found.information, near, found.fit)


def coarse_round(
    blocks: Blocks, starts: Floats, shape: CellShape, options: RegisterOptions
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Poses (k, 4, 4) from few points, the share (k,) of them within reach at the start, and which
    faces (k, f, 2) they see."""
    reach = options.reach_m
    H = inverse(starts)
    seen = placed(blocks, H, shape)
    near = blocks.share(np.abs(seen.highest()) < reach)
    Ts = starts
    for gate in GATES:
        told = evidence(blocks, seen, wide_pulls(blocks, seen, gate * reach), shape)
        Ts = moved(told, Ts, H)
        H = inverse(Ts)
        seen = placed(blocks, H, shape)
    told = evidence(blocks, seen, fine_pulls(blocks, seen, closeness(blocks, seen), shape), shape)
    faces = told.face_weight > FACE_SHARE * told.face_weight.sum(axis=(1, 2), keepdims=True)
    return moved(told, Ts, H), near, faces
