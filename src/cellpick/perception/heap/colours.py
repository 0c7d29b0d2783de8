"""Whether pictures show the colour of a cell's wrap on its side: a rod of its size may be none."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats, invert
from cellpick.perception.heap.rims import ANGLES, tints, towards
from cellpick.perception.heap.zbuffer import ZBuffer
from cellpick.perception.pattern import brightness
from cellpick.structures import CaptureSet

ALONG = 15
"""Places along the side that are looked at."""
FARTHEST = 2.5
"""How far the log of red over blue may be from the wrap's; light and mirrored neighbours tint."""
LEAST_PLACES = 10
"""Places that must be seen by a camera for it to have a say."""


def off_colour(look: CaptureSet, Ts_region_cell: Floats, before: list[ZBuffer]) -> Floats:
    """(n,) how far the sides' log of red over blue is from the wrap's, the least over cameras;
    0 where none sees a side."""
    cell, n = look.task.cell, len(Ts_region_cell)
    wrap = brightness(look.task.materials[cell.case_material])
    z = np.linspace(-0.45, 0.45, ALONG) * cell.height_m
    x, y = (float(cell.size_m[0]) / 2 * f(ANGLES) for f in (np.cos, np.sin))
    p = np.stack([np.repeat(x, ALONG), np.repeat(y, ALONG), np.tile(z, len(ANGLES))], -1)
    least = np.full(n, np.inf)
    for capture, buffer in zip(look.captures, before, strict=True):
        Ts = towards(Ts_region_cell, invert(buffer.T_camera_region)[:3, 3])
        tint, seen = tints(capture, buffer, Ts, p)
        enough = seen.sum(axis=1) >= LEAST_PLACES
        shown = np.where(seen | ~enough[:, None], tint, np.nan).astype(np.float64)
        off = np.abs(np.nanmedian(shown, axis=1) - np.log(wrap[0] / wrap[2])) if n else least
        least = np.where(enough, np.minimum(least, off), least)
    return np.where(np.isinf(least), 0.0, least)
