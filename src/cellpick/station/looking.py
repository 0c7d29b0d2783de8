"""What a look is for and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats, translation
from cellpick.scene import SceneState
from cellpick.structures import CaptureSet, CellEstimates, Recipe, SearchTask

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
    return _task(recipe, recipe.T_base_tray, size)


def module_task(recipe: Recipe) -> SearchTask:
    """Search the module for the cells that were placed."""
    return _task(recipe, recipe.T_base_module, recipe.module_size_m[:2])


def focus_of(task: SearchTask) -> Floats:
    """(4, 4) frame of the point that the eyes aim at: the middle of the cells' tops."""
    result: Floats = task.T_base_region @ translation([0.0, 0.0, task.cell.height_m])
    return result


def _task(recipe: Recipe, T_base_region: Floats, size_m: Floats) -> SearchTask:
    height = 1.5 * recipe.cell.height_m
    return SearchTask(
        cell=recipe.cell,
        materials=recipe.materials,
        T_base_region=T_base_region,
        region_size_m=np.array([size_m[0], size_m[1], height]),
        polarity_confidence=recipe.polarity_confidence,
        marks=recipe.marks,
    )
