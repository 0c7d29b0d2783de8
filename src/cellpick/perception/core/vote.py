"""Coarse search: small shifts and turns in the face's plane, judged by the slopes they meet.

Matching each edge point to its nearest edge goes wrong when the pose is off by more than the
distance of two edges. Here whole motions compete: each collects the slopes that all edge points
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
"""Grey levels a pixel from which a steeper edge is no better evidence."""
PLANE = [0, 1, 5]
"""Rows x, y and rz of a small motion: those of an end face in its plane."""
LEVELS_M = (1.6e-3, 5e-4)
"""Distance of the competing shifts, coarse then fine; turns move the far end as much."""
TIE = 1e-3
"""Advantage of the smallest motion over the largest one, so that equals don't move the cell."""


def vote(
    edges: EdgeViews, views: Views, cell: CellModel, free: Floats, options: RefineOptions
) -> Floats:
    """(n, 6) small motion in the plane of each cell's face that its edges favour."""
    n = len(edges.visible)
    best = np.zeros((n, 3))
    if not edges.visible.any():
        return np.zeros((n, 6))
    lever = float(np.hypot(*cell.size_m[:2])) / 2
    reach = options.reach_m + lever * options.reach_rad
    profiles, per_pixel = _profiles(edges, views, reach)
    J = edges.derivative[..., PLANE] * per_pixel[:, None, None]
    extent = np.array([options.reach_m, options.reach_m, options.reach_rad * (1 - free[5, 5])])
    for level in LEVELS_M:
        pitch = np.array([level, level, level / lever])
        motions = best[:, None] + _grid(extent, pitch)
        tolerance = max(1, round(level / 2 / PROFILE_STEP_M))
        score = _score(_dilated(profiles, tolerance), J, motions)
        score -= TIE * np.linalg.norm(motions / np.maximum(extent, pitch), axis=-1)
        best = np.take_along_axis(motions, np.argmax(score, 1)[:, None, None], 1)[:, 0]
        extent = pitch * (extent > 0)
    out = np.zeros((n, 6))
    out[:, PLANE] = best
    return out


def _profiles(edges: EdgeViews, views: Views, reach: float) -> tuple[NDArray[np.float32], Floats]:
    """Evidence (n, c, e, k), 0 to 1, along the normals, and samples a pixel (c,)."""
    with np.errstate(invalid="ignore"):
        scale = np.where(edges.sharp, edges.scale, 0).sum((0, 2)) / edges.sharp.sum((0, 2)).clip(1)
    step_px = np.maximum(scale * PROFILE_STEP_M, 0.25)
    count = int(np.ceil(reach / PROFILE_STEP_M))
    slope, clipped = slopes(edges, views, count, step_px)
    evidence = np.clip(slope, 0, STEEP) / STEEP * (edges.sharp[..., None] & ~clipped)
    return np.asarray(evidence, np.float32), 1 / step_px


def _dilated(profiles: NDArray[np.float32], by: int) -> NDArray[np.float32]:
    """The greatest value within `by` samples."""
    out: NDArray[np.float32] = profiles.copy()
    for shift in range(1, by + 1):
        np.maximum(out[..., shift:], profiles[..., :-shift], out=out[..., shift:])
        np.maximum(out[..., :-shift], profiles[..., shift:], out=out[..., :-shift])
    return out


def _grid(extent: Floats, pitch: Floats) -> Floats:
    """(h, 3) motions at multiples of `pitch` up to about `extent` either way."""
    axes = [np.arange(-k, k + 1) * p for k, p in zip(np.round(extent / pitch), pitch, strict=True)]
    return np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=-1)


def _score(profiles: NDArray[np.float32], J: Floats, motions: Floats) -> Floats:
    """(n, h) mean evidence that each motion (n, h, 3) meets."""
    n, c, e, k = profiles.shape
    shift = J.reshape(n, c * e, 3).astype(np.float32) @ np.swapaxes(motions, 1, 2).astype(
        np.float32
    )
    at = np.clip(np.rint(shift) + k // 2, 0, k - 1).astype(np.int32)
    at += (np.arange(n * c * e, dtype=np.int32) * k).reshape(n, c * e, 1)
    met = profiles.ravel()[at]
    result: Floats = met.mean(axis=1, dtype=np.float64)
    return result
