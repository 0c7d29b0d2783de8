"""Writes the recipe: the scene's drawings as the station believes them, in the arm's base frame."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats, invert, perturb
from cellpick.scene import SceneModels
from cellpick.structures import Recipe, ReferenceMark

MM = 1e-3


def believe(models: SceneModels, rng: np.random.Generator) -> Recipe:
    """The drawings, with what commissioning measured and how far it may be off.

    A person puts the tray in, so its place is the drawing's, within a tolerance. The module's
    fixture was touched with a probe, so its place is the true one with an error drawn from `rng`.
    """
    tolerance, decision = models.spec.tolerance, models.spec.decision
    T_base_world = invert(models.T_world_base)
    T_base_module = perturb(T_base_world @ models.T_world_module, _touch_error(models, rng))
    T_module_drawn = T_base_module @ invert(models.T_world_module)
    return Recipe(
        cell=models.cell,
        arm=models.arm,
        gripper=models.gripper,
        rig=models.rig,
        materials=models.materials,
        fixtures=tuple(
            solid.moved(T_module_drawn if solid.name.startswith("module.") else T_base_world)
            for solid in models.fixtures
        ),
        T_base_tray=T_base_world @ models.T_world_tray,
        tray_size_m=models.tray_size_m,
        tray_tolerance_m=_tray_tolerance(models),
        T_base_module=T_base_module,
        module_size_m=models.module_size_m,
        Ts_module_slot=models.Ts_module_slot,
        place_tolerance_m=tolerance.place_mm * MM,
        place_tolerance_rad=float(np.radians(tolerance.place_deg)),
        seat_tolerance_m=tolerance.seat_mm * MM,
        polarity_confidence=decision.polarity_confidence,
        max_sigma_m=decision.max_sigma_mm * MM,
        vision_budget_s=decision.vision_budget_s,
        max_looks=decision.max_looks,
        max_attempts_per_cell=decision.max_attempts_per_cell,
        marks=_touched_marks(models, T_base_world, rng),
        arrangement=models.spec.tray.arrangement,
        tray_fill_m=models.fill_m,
    )


def _touch_error(models: SceneModels, rng: np.random.Generator) -> Floats:
    """(6,) error of the module's believed place: three shifts and a turn about the upright.

    The fixture and the arm stand on one levelled plate, so that its lean is not in doubt.
    """
    module = models.spec.module
    sigma = np.zeros(6)
    sigma[:3] = module.belief_error_mm * MM
    sigma[5] = np.radians(module.belief_error_deg)
    return rng.normal(size=6) * sigma


def _touched_marks(
    models: SceneModels, T_base_world: Floats, rng: np.random.Generator
) -> tuple[ReferenceMark, ...]:
    """The marks where a probe touched their corners: shifts, and a turn about the upright."""
    sigma_m = models.spec.marks.belief_error_mm * MM
    errors = rng.normal(size=(len(models.marks), 6)) * sigma_m
    errors[:, 3:5] = 0.0
    return tuple(
        ReferenceMark(
            mark.number,
            mark.side_m,
            perturb(T_base_world @ mark.T_world_mark, error / [1, 1, 1, 1, 1, mark.side_m]),
            sigma_m,
        )
        for mark, error in zip(models.marks, errors, strict=True)
    )


def _tray_tolerance(models: SceneModels) -> float:
    """How far any corner of the tray may lie from its place: shift and turn together."""
    tray = models.spec.tray
    reach = np.linalg.norm(models.tray_size_m[:2]) / 2
    turn = np.radians(tray.yaw_error_deg) * reach
    return float(np.sqrt(2) * tray.position_error_mm * MM + turn)
