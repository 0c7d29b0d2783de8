"""Find the model's edges in the images: the steepest places of grey profiles along normals."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.edges import EdgeViews
from cellpick.perception.core.views import Views

REMAP_COLUMNS = 4096
"""`cv2.remap` takes at most 32767 rows or columns, so samples are folded into rows this long."""
SATURATED = 250.0
"""A grey level from which the sensor may have clipped."""


@dataclass(frozen=True, eq=False)
class Readings:
    """Edges found, (n, c, e)."""

    offset_px: Floats
    """(n, c, e) from the expected place along the normal; 0 where none was found."""
    strength: Floats
    """(n, c, e) grey levels a pixel, 0 where none was found; positive: brighter outside."""
    found: NDArray[np.bool_]
    """(n, c, e)."""


def slopes(edges: EdgeViews, views: Views, reach: int, step_px: Floats) -> NDArray[np.float32]:
    """Grey slope (n, c, e, 2 reach + 1), levels a pixel, along the normals.

    Samples are `step_px` (c,) apart. NaN beside clipped pixels: a glint's border is not the cell's.
    """
    steps = np.arange(-reach - 1, reach + 2)
    n, c, e = edges.visible.shape
    out = np.zeros((n, c, e, steps.size - 2), np.float32)
    for k in range(c):
        t = steps * step_px[k]
        at = edges.pixels[:, k, :, None] + t[:, None] * edges.normals[:, k, :, None]
        grey = _sample(views.grey[k], at.astype(np.float32))
        slope = (grey[..., 2:] - grey[..., :-2]) / np.float32(2 * step_px[k])
        clipped = np.maximum(grey[..., 2:], grey[..., :-2]) > SATURATED
        out[:, k] = np.where(clipped, np.float32(np.nan), slope)
    return out


def as_expected(slope: NDArray[np.float32], edges: EdgeViews) -> NDArray[np.float32]:
    """Slopes (n, c, e, k) turned so that those of the expected sign are positive."""
    contrast = edges.contrast[..., None].astype(np.float32)
    return np.where(contrast == 0, np.abs(slope), slope * contrast)


def read_edges(edges: EdgeViews, views: Views, reach_px: Floats, contrast_min: float) -> Readings:
    """The nearest marked step within `reach_px` (c,) of each expected edge, to parts of a pixel.

    A step is marked when it has the expected sign and at least half the slope of the steepest one
    in reach. The fraction is a parabola's through three samples.
    """
    reach = int(np.ceil(reach_px.max(initial=1.0)))
    slope = slopes(edges, views, reach + 1, np.ones(len(views)))
    signed = as_expected(slope, edges)
    signed = np.where(np.isnan(signed), np.float32(-1), signed)
    centre, before, after = signed[..., 1:-1], signed[..., :-2], signed[..., 2:]
    away = np.abs(np.arange(-reach, reach + 1))
    peak = (centre >= before) & (centre > after) & (away <= reach_px[:, None, None])
    steepest = np.max(np.where(peak, centre, 0.0), axis=-1, keepdims=True)
    peak &= centre >= np.maximum(0.5 * steepest, contrast_min)
    best = np.argmin(np.where(peak, away, away.size), axis=-1)[..., None]
    b, m, a = (np.take_along_axis(s, best, -1)[..., 0] for s in (before, centre, after))
    bend = b - 2 * m + a
    fraction = np.where(bend < 0, 0.5 * (b - a) / np.where(bend < 0, bend, 1.0), 0.0)
    found = edges.visible & peak.any(axis=-1)
    offset = best[..., 0] - reach + np.clip(fraction, -0.5, 0.5)
    raw = np.take_along_axis(slope[..., 1:-1], best, -1)[..., 0]
    return Readings(np.where(found, offset, 0.0), np.where(found, raw, 0.0), found)


def _sample(grey: NDArray[np.float32], at: NDArray[np.float32]) -> NDArray[np.float32]:
    """Grey levels (...) at pixels (..., 2), bilinear; border pixels are repeated."""
    count = at[..., 0].size
    rows = -(-count // REMAP_COLUMNS)
    folded = np.zeros((rows * REMAP_COLUMNS, 2), np.float32)
    folded[:count] = at.reshape(-1, 2)
    u, v = (np.ascontiguousarray(folded[:, i]).reshape(rows, REMAP_COLUMNS) for i in (0, 1))
    if not rows:
        return np.zeros(at.shape[:-1], np.float32)
    values = cv2.remap(grey, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values, np.float32).ravel()[:count].reshape(at.shape[:-1])
