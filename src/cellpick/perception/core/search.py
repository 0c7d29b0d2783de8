"""Find the model's edges in the images: the steepest places of grey profiles along normals."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.axes import Single, Values
from cellpick.perception.core.edges import EdgeViews
from cellpick.perception.core.views import Views

REMAP_COLUMNS = 4096
"""`cv2.remap` takes at most 32767 rows or columns, so samples are folded into rows this long."""


@dataclass(frozen=True, eq=False)
class Readings:
    """Edges found, (n, c, e)."""

    offset_px: Values
    """(n, c, e) from the expected place along the normal; 0 where none was found."""
    strength: Values
    """(n, c, e) levels of light a pixel; 0 where none was found."""
    found: NDArray[np.bool_]
    """(n, c, e)."""
    clipped: NDArray[np.bool_]
    """(n, c, e) found beside a pixel that may be full, which shifts an edge to its dark side."""


@dataclass(frozen=True, eq=False)
class Steps:
    """All steps of brightness near the places of edges, (n, c, e, k) by pixels of the normal."""

    offset_px: Values
    """(n, c, e, k) from the place along the normal; infinite where there is none."""
    strength: Values
    """(n, c, e, k) levels of light a pixel; 0 where there is none."""
    clipped: NDArray[np.bool_]
    """(n, c, e) as in `Readings`."""

    def nearest(self, expected_px: Values, window_px: Floats) -> Readings:
        """The marked step nearest to `expected_px` (n, c, e), within `window_px` (c,) of it.

        A step is marked when it is at least half as steep as the steepest one in the window.
        """
        away = np.abs(self.offset_px - expected_px[..., None])
        near = away <= window_px[:, None, None].astype(Single)
        steepest = np.max(self.strength, axis=-1, keepdims=True, where=near, initial=0.0)
        near &= self.strength >= Single(0.5) * steepest
        best = np.argmin(np.where(near, away, Single(np.inf)), axis=-1)[..., None]
        found, offset, strength = (
            np.take_along_axis(a, best, -1)[..., 0] for a in (near, self.offset_px, self.strength)
        )
        return Readings(
            np.where(found, offset, Single(0)) - expected_px * found,
            np.where(found, strength, Single(0)),
            found,
            found & self.clipped,
        )


def steps_near(edges: EdgeViews, views: Views, reach_px: Floats, contrast_min: float) -> Steps:
    """Steps of at least `contrast_min` within `reach_px` (c,), to parts of a pixel: a parabola's
    top through three samples."""
    reach = int(np.ceil(reach_px.max(initial=1.0)))
    slope = slopes(edges, views, reach + 1, np.ones(len(views)))
    centre, before, after = slope[..., 1:-1], slope[..., :-2], slope[..., 2:]
    peak = (centre >= before) & (centre > after) & (centre >= contrast_min)
    peak &= edges.visible[..., None]
    bend = before - 2 * centre + after
    fraction = Single(0.5) * (before - after) / np.where(peak, bend, Single(1))
    place = np.arange(-reach, reach + 1, dtype=Single) + np.clip(fraction, -0.5, 0.5)
    return Steps(
        np.where(peak, place, Single(np.inf)),
        np.where(peak, centre, Single(0)),
        _beside_full(edges, views),
    )


def slopes(edges: EdgeViews, views: Views, reach: int, step_px: Floats) -> Values:
    """Slopes (n, c, e, 2 reach + 1) along the normals, levels a pixel, `step_px` (c,) apart.

    Where the sign is known, slopes of the expected sign in the mean of the colours are positive;
    elsewhere they are the length of the colours' slopes, since copper beside aluminium changes its
    hue more than its brightness (Di Zenzo 1986).
    """
    steps = np.arange(-reach - 1, reach + 2)
    n, c, e = edges.visible.shape
    out = np.zeros((n, c, e, steps.size - 2), Single)
    contrast = edges.contrast[..., None].astype(Single)
    for k in range(c):
        t = (steps * step_px[k]).astype(Single)
        origin = views.origin_px[k].astype(Single)
        u, v = (
            (edges.pixels[:, k, :, i] - origin[i])[..., None] + t * edges.normals[:, k, :, i, None]
            for i in (0, 1)
        )
        light = _sample(views.light[k], u, v)
        rise = (light[..., 2:, :] - light[..., :-2, :]) / Single(2 * step_px[k])
        length = np.sqrt(np.einsum("...i,...i->...", rise, rise) / 3)
        signed = rise @ np.full(3, 1 / 3, Single)
        out[:, k] = np.where(contrast[:, k] == 0, length, signed * contrast[:, k])
    return out


def _sample(image: Values, u: Values, v: Values) -> Values:
    """Light (..., 3) at columns u and rows v (...) of an image, bilinear; border pixels are
    repeated."""
    rows = -(-u.size // REMAP_COLUMNS)
    if not rows:
        return np.zeros((*u.shape, 3), Single)
    folded = np.zeros((2, rows * REMAP_COLUMNS), Single)
    folded[0, : u.size], folded[1, : u.size] = u.ravel(), v.ravel()
    at = folded.reshape(2, rows, REMAP_COLUMNS)
    values = cv2.remap(image, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values, Single).reshape(-1, 3)[: u.size].reshape(*u.shape, 3)


def _beside_full(edges: EdgeViews, views: Views) -> NDArray[np.bool_]:
    """(n, c, e) whether a place is near a pixel that may be full."""
    out = np.zeros(edges.visible.shape, np.bool_)
    for k, full in enumerate(views.full):
        if full is not None:
            at = np.rint(edges.pixels[:, k] - views.origin_px[k].astype(Single)).astype(np.int64)
            u, v = (np.clip(at[..., i], 0, full.shape[1 - i] - 1) for i in (0, 1))
            out[:, k] = full[v, u]
    return out
