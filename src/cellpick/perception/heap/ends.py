"""Polarity of cells that lie anyhow: what every camera shows of either end face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.heap.surface import Surface
from cellpick.perception.heap.zbuffer import ZBuffer, cylinder_points, zbuffer
from cellpick.perception.orient import UPSIDE_DOWN
from cellpick.perception.polarity import log_odds
from cellpick.perception.rectify import View, rectify
from cellpick.perception.windows import Windows
from cellpick.structures import Capture, CaptureSet

GRAZING = 0.2
"""Cosine of the angle to a face's normal below which it is too foreshortened to be read."""
LEAST_SEEN = 0.3
"""Share of a face's pixels that must be open to a camera."""


def end_odds(
    look: CaptureSet, Ts_region_cell: Floats, surfaces: list[Surface], windows: Windows
) -> Floats:
    """(n,) log odds that the +z end of poses (n, 4, 4) is the positive one."""
    n, cell = len(Ts_region_cell), look.task.cell
    if not n or not windows.count:
        return np.zeros(n)
    both = np.concatenate([Ts_region_cell, Ts_region_cell @ UPSIDE_DOWN])
    p_face = np.column_stack([windows.xy, cell.height_m / 2 + windows.height_m])
    body = cylinder_points(float(cell.size_m[0]), cell.height_m)
    T_base_region = look.task.T_base_region
    views = []
    for capture in look.captures:
        before = zbuffer(capture, T_base_region, Ts_region_cell, body, surfaces)
        views.append(_faces(capture, T_base_region, both, p_face, before))
    odds = log_odds(views, windows)
    result: Floats = odds[:n] - odds[n:]
    return result


def _faces(
    capture: Capture, T_base_region: Floats, Ts_region: Floats, p_face: Floats, before: ZBuffer
) -> View:
    """What a camera shows of the +z faces of frames (n, 4, 4)."""
    Ts_base = T_base_region @ Ts_region
    toward = capture.T_base_camera[:3, 3] - (Ts_base @ np.append(p_face.mean(axis=0), 1.0))[:, :3]
    cosine = np.einsum("ni,ni->n", toward, Ts_base[:, :3, 2]) / np.linalg.norm(toward, axis=1)
    # rows that look away cost as much as others
    facing = np.flatnonzero(cosine > GRAZING)
    view = rectify(capture, Ts_base[facing], p_face)
    seen = view.seen & before.open(Ts_region[facing], p_face)
    seen &= seen.mean(axis=1, keepdims=True) > LEAST_SEEN
    colour = np.zeros((3, len(Ts_region), len(p_face)), np.uint8)
    colour[:, facing] = view.colour
    everywhere: NDArray[np.bool_] = np.zeros(colour.shape[1:], np.bool_)
    everywhere[facing] = seen
    return View(colour, everywhere)
