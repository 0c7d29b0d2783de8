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
CLIPPED_PX = 3.0
"""Reach of blur: an edge this near to a full pixel has lost part of its bright side."""
SATURATED = 250.0
"""A level from which the sensor may have clipped."""


@dataclass(frozen=True, eq=False)
class Readings:
    """Edges found, (n, c, e)."""

    offset_px: Floats
    """(n, c, e) from the expected place along the normal; 0 where none was found."""
    strength: Floats
    """(n, c, e) levels of light a pixel; 0 where none was found."""
    found: NDArray[np.bool_]
    """(n, c, e)."""
    clipped: NDArray[np.bool_]
    """(n, c, e) found beside a pixel that may be full, which shifts an edge to its dark side."""


def slopes(
    edges: EdgeViews, views: Views, reach: int, step_px: Floats
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Slopes (n, c, e, 2 reach + 1) along the normals, levels a pixel, and where they are clipped.

    Samples are `step_px` (c,) apart. Where the sign is known, slopes of the expected sign in the
    mean of the colours are positive; elsewhere they are the length of the colours' slopes, since
    copper beside aluminium changes its hue more than its brightness (Di Zenzo 1986).
    """
    steps = np.arange(-reach - 1, reach + 2)
    n, c, e = edges.visible.shape
    out = np.zeros((n, c, e, steps.size - 2), np.float32)
    clipped = np.zeros(out.shape, bool)
    contrast = edges.contrast[..., None].astype(np.float32)
    for k in range(c):
        t = steps * step_px[k]
        at = edges.pixels[:, k, :, None] + t[:, None] * edges.normals[:, k, :, None]
        light = _sample(views.light[k], (at - views.origin_px[k]).astype(np.float32))
        rise = (light[..., 2:, :] - light[..., :-2, :]) / np.float32(2 * step_px[k])
        length = np.sqrt(np.einsum("...i,...i->...", rise, rise) / 3)
        out[:, k] = np.where(contrast[:, k] == 0, length, rise.mean(axis=-1) * contrast[:, k])
        full = (light > SATURATED) @ np.ones(3, np.bool_)
        clipped[:, k] = _spread(full, max(1, round(CLIPPED_PX / step_px[k])))[..., 1:-1]
    return out, clipped


def _spread(marked: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """What is marked (..., k), or within `by` samples of it."""
    out: NDArray[np.bool_] = marked.copy()
    for shift in range(1, by + 1):
        out[..., shift:] |= marked[..., :-shift]
        out[..., :-shift] |= marked[..., shift:]
    return out


def read_edges(edges: EdgeViews, views: Views, reach_px: Floats, contrast_min: float) -> Readings:
    """The nearest marked step within `reach_px` (c,) of each expected edge, to parts of a pixel.

    A step is marked when it is at least half as steep as the steepest one in reach. The fraction
    is a parabola's through three samples.
    """
    reach = int(np.ceil(reach_px.max(initial=1.0)))
    slope, clipped = slopes(edges, views, reach + 1, np.ones(len(views)))
    centre, before, after = slope[..., 1:-1], slope[..., :-2], slope[..., 2:]
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
    cut = np.take_along_axis(clipped[..., 1:-1], best, -1)[..., 0]
    return Readings(np.where(found, offset, 0.0), np.where(found, m, 0.0), found, found & cut)


def _sample(image: NDArray[np.float32], at: NDArray[np.float32]) -> NDArray[np.float32]:
    """Light (..., 3) at pixels (..., 2) of an image, bilinear; border pixels are repeated."""
    count = at[..., 0].size
    rows = -(-count // REMAP_COLUMNS)
    if not rows:
        return np.zeros((*at.shape[:-1], 3), np.float32)
    folded = np.zeros((rows * REMAP_COLUMNS, 2), np.float32)
    folded[:count] = at.reshape(-1, 2)
    u, v = (np.ascontiguousarray(folded[:, i]).reshape(rows, REMAP_COLUMNS) for i in (0, 1))
    values = cv2.remap(image, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values, np.float32).reshape(-1, 3)[:count].reshape(*at.shape[:-1], 3)
