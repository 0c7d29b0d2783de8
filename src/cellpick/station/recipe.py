"""Writes the recipe: the scene's drawings as the station believes them, in the arm's base frame."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats, invert, perturb
from cellpick.scene import SceneModels, SceneState, nominal_state
from cellpick.structures import Recipe, Solid


def believe(models: SceneModels, state: SceneState, rng: np.random.Generator) -> Recipe:
    """Draw what commissioning measured: the module's place with its error, the tray's from the drawing.

    The tray is put in by a person, so its place is the nominal one with a tolerance; the module's
    fixture was touched with a probe, so its place is the true one with a drawn error.
    """
    spec = models.spec
    T_base_world = invert(state.T_world_base)
    error = rng.normal(size=6) * np.repeat(
        [spec.module.pose_sigma_m, spec.module.pose_sigma_rad], 3
    )
    T_base_module = perturb(T_base_world @ state.T_world_module, error)
    drawing = nominal_state(models)
    T_base_tray = T_base_world @ drawing.T_world_tray
    T_moved = T_base_module @ invert(drawing.T_world_module)
    fixtures = tuple(_place(solid, T_base_world, T_moved) for solid in drawing.fixtures)
    raise NotImplementedError


def _place(solid: Solid, T_base_world: Floats, T_base_drawn: Floats) -> Solid:
    """A fixture in the base frame: the module's with its believed place, others as drawn."""
    return solid.moved(T_base_drawn if solid.name.startswith("module") else T_base_world)
