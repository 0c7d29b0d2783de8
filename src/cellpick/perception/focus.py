"""Without any depth: the height at which all cameras' pictures agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cellpick.perception.grid import Grid
from cellpick.perception.mosaic import mosaic_edges
from cellpick.perception.tops import Tops
from cellpick.structures import CaptureSet

STEP_M = 0.002
"""Pitch of the heights tried: moves a picture by about half a millimetre against another's."""
REACH_M = 0.006
"""How far the tops may lie from where the drawing has them."""


def focused(look: CaptureSet, tops: Tops, grid: Grid) -> Tops:
    """The tops, all raised or lowered to where the mosaic is sharpest.

    Edges of several cameras add up where they coincide; a single camera leaves the nominal height.
    """
    if tops.measured or len(look.captures) < 2:
        return tops
    steps = round(REACH_M / STEP_M)
    offsets = sorted(np.arange(-steps, steps + 1) * STEP_M, key=abs)
    tried = [
        replace(tops, height_m=(tops.height_m + offset).astype(np.float32)) for offset in offsets
    ]
    power = [float(np.sum(np.abs(mosaic_edges(look, layer, grid)) ** 2)) for layer in tried]
    return tried[int(np.argmax(power))]
