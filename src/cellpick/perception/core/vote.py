"""Coarse search: small shifts and turns in the face's plane, judged by the edges they meet.

Matching each edge point to its nearest edge goes wrong when the pose is off by more than the
distance of two edges. Here whole motions compete: each collects the edges that all edge points
would meet, read from one set of profiles.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.edges import EdgeViews
from cellpick.perception.core.options import RefineOptions
from cellpick.perception.core.search import slopes
from cellpick.perception.core.views import Views
from cellpick.structures import CellModel

PROFILE_STEP_M = 4e-4
"""Distance of the samples of a profile, on the cell."""
STEEP = 20.0
"""Levels of light a pixel from which a steeper edge is no better evidence."""
PLANE = [0, 1, 5]
"""Rows x, y and rz of a small motion: those of an end face in its plane."""
POINTS = 72
"""About as many edge points of a face need take part."""
LEVELS_M = (1.6e-3, 8e-4, 4e-4)
"""Distance of the competing shifts, coarse to fine; turns move the far end as much."""
VIEW_REACH_M = 8e-4
"""How far off a camera's view of the cell may be, on the cell."""
VIEW_TIE = 0.05
"""Loss of score at that distance: most cameras are well calibrated."""
TIE = 1e-3
"""Advantage of the smallest motion over the largest one, so that equals don't move the cell."""


def vote(
    edges: EdgeViews, views: Views, cell: CellModel, free: Floats, options: RefineOptions
) -> tuple[Floats, Floats]:
    """Small motions in the plane of each cell's face that its edges favour.

    Returns that of each cell (n, 6) and, beyond it, that of each camera's view (n, c, 6): a camera
    whose calibration is off would otherwise take the next edge for the right one.
    """
    n, c, _ = edges.visible.shape
    motion, view_motion = np.zeros((n, 6)), np.zeros((n, c, 6))
    if not edges.visible.any():
        return motion, view_motion
    lever = float(np.hypot(*cell.size_m[:2])) / 2
    reach = options.reach_m + lever * options.reach_rad
    step_px = _step_px(edges)
    ridges = _ridges(edges, views, reach, step_px, options.contrast_min)
    J = np.concatenate([edges.derivative[..., PLANE], -edges.bow], -1) / step_px[:, None, None]
    extent = np.array([options.reach_m, options.reach_m, options.reach_rad * (1 - free[5, 5])])
    best = np.zeros((n, 3))
    for level in LEVELS_M:
        pitch = np.array([level, level, level / lever])
        motions = best[:, None] + _grid(extent, pitch)
        tolerance = max(1, round(level / PROFILE_STEP_M))
        score = _score(_widened(ridges, tolerance), J, motions).mean(axis=1)
        score -= TIE * np.linalg.norm(motions / np.maximum(extent, pitch), axis=-1)
        best = np.take_along_axis(motions, np.argmax(score, 1)[:, None, None], 1)[:, 0]
        extent = pitch * (extent > 0)
    shifts = _grid(np.array([VIEW_REACH_M, VIEW_REACH_M, 0.0]), pitch)
    score = _score(_widened(ridges, tolerance), J, best[:, None] + shifts)
    score -= VIEW_TIE * np.sum(np.square(shifts / VIEW_REACH_M), axis=-1)
    motion[:, PLANE] = best
    view_motion[..., PLANE] = shifts[np.argmax(score, axis=2)]
    return motion, view_motion


def _step_px(edges: EdgeViews) -> Floats:
    """(c,) pixels between the samples of a profile."""
    scale = edges.scale.sum((0, 2)) / edges.visible.sum((0, 2)).clip(1)
    result: Floats = np.maximum(scale * PROFILE_STEP_M, 0.25)
    return result


def _ridges(
    edges: EdgeViews, views: Views, reach: float, step_px: Floats, contrast_min: float
) -> NDArray[np.float32]:
    """Edges (n, c, e, k), 0 to 1, along the normals: the steepest of neighbouring samples."""
    slope = slopes(edges, views, int(np.ceil(reach / PROFILE_STEP_M)), step_px)
    ridge = np.zeros(slope.shape, bool)
    ridge[..., 1:-1] = (slope[..., 1:-1] >= slope[..., :-2]) & (slope[..., 1:-1] > slope[..., 2:])
    ridge &= (slope > contrast_min) & edges.visible[..., None]
    return np.where(ridge, np.sqrt(np.clip(slope / STEEP, 0, 1)), 0).astype(np.float32)


def _widened(ridges: NDArray[np.float32], by: int) -> NDArray[np.float32]:
    """The greatest ridge within `by` samples, where one farther away counts less."""
    out: NDArray[np.float32] = ridges.copy()
    for shift in range(1, by + 1):
        faded = ridges * np.float32(1 - shift / (by + 1))
        np.maximum(out[..., shift:], faded[..., :-shift], out=out[..., shift:])
        np.maximum(out[..., :-shift], faded[..., shift:], out=out[..., :-shift])
    return out


def _grid(extent: Floats, pitch: Floats) -> Floats:
    """(h, 3) motions at multiples of `pitch` up to about `extent` either way."""
    axes = [np.arange(-k, k + 1) * p for k, p in zip(np.round(extent / pitch), pitch, strict=True)]
    return np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=-1)


def _score(profiles: NDArray[np.float32], J: Floats, motions: Floats) -> Floats:
    """(n, c, h) mean evidence that each motion (n, h, 3) meets; `J` (n, c, e, 6) by monomials."""
    n, c, e, k = profiles.shape
    x, y, turn = np.moveaxis(motions, -1, 0)
    monomials = np.stack([x, y, turn, x * x, x * y, y * y], axis=1).astype(np.float32)
    at = J.reshape(n, c * e, 6).astype(np.float32) @ monomials
    at += np.float32(k // 2 + 0.5)
    np.clip(at, 0, k - 1, out=at)
    index = at.astype(np.int32)
    index += (np.arange(n * c * e, dtype=np.int32) * k).reshape(n, c * e, 1)
    met = profiles.ravel().take(index).reshape(n, c, e, -1)
    result: Floats = met.mean(axis=2).astype(np.float64)
    return result
