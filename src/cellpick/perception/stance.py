"""How cells stand: whether as the recipe has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert
from cellpick.structures import SearchTask


@dataclass(frozen=True, eq=False)
class Stance:
    """Of n cells."""

    on_head: NDArray[np.bool_]
    """(n,) whether the -z face of a box looks up."""
    lean_rad: Floats
    """(n,) angle between their axes and the region's."""
    rise_m: Floats
    """(n,) how far the lower end is above the support, where cells do not lie in stacks; else 0."""


def stance_of(Ts_base_cell: Floats, task: SearchTask) -> Stance:
    """Of cells at (n, 4, 4)."""
    cell = task.cell
    Ts = invert(task.T_base_region) @ Ts_base_cell
    up = Ts[:, 2, 2]
    boxes = cell.solid_shape == "box" and task.arrangement == "upright"
    lean = np.arccos(np.clip(np.abs(up), 0.0, 1.0))
    rise = Ts[:, 2, 3] - np.abs(up) * cell.height_m / 2
    stacked = task.arrangement != "upright"
    return Stance((up < 0) & boxes, lean, np.where(stacked, 0.0, rise))
