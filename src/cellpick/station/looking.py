"""What a look is for and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats, translation
from cellpick.scene import SceneState
from cellpick.structures import Arrangement, CaptureSet, CellEstimates, Recipe, SearchTask

HEADROOM = 1.6
"""Height of the search region in heights of what is drawn to be in it."""
Perceive = Callable[[CaptureSet], CellEstimates]
"""Anything that turns a look into estimates: perception, or a baseline in its place."""


@dataclass(frozen=True, eq=False)
class Look:
    """What was seen, what was made of it, and what was true at that moment."""

    captures: CaptureSet
    """The pictures and their task."""
    estimates: CellEstimates
    """What perception found."""
    state: SceneState
    """The truth at the exposure: for evaluation only."""


def tray_task(recipe: Recipe) -> SearchTask:
    """Search the whole tray, wider by its tolerance."""
    margin = 2 * recipe.tray_tolerance_m
    size = recipe.tray_size_m[:2] + margin
    fill_m = recipe.tray_fill_m or recipe.cell.height_m
    return _task(recipe, recipe.T_base_tray, size, fill_m, recipe.arrangement)


def module_task(recipe: Recipe) -> SearchTask:
    """Search the module for the cells that were placed."""
    size, fill_m = recipe.module_size_m[:2], recipe.cell.height_m
    return _task(recipe, recipe.T_base_module, size, fill_m, "upright")


def focus_of(task: SearchTask) -> Floats:
    """(4, 4) frame of the point that the eyes aim at: the middle of the cells' tops."""
    upright = task.arrangement == "upright"
    top_m = task.cell.height_m if upright else task.region_size_m[2] / HEADROOM
    result: Floats = task.T_base_region @ translation([0.0, 0.0, top_m])
    return result


def _task(
    recipe: Recipe,
    T_base_region: Floats,
    size_m: Floats,
    fill_m: float,
    arrangement: Arrangement,
) -> SearchTask:
    return SearchTask(
        cell=recipe.cell,
        materials=recipe.materials,
        T_base_region=T_base_region,
        region_size_m=np.array([size_m[0], size_m[1], HEADROOM * fill_m]),
        polarity_confidence=recipe.polarity_confidence,
        marks=recipe.marks,
        arrangement=arrangement,
    )
