"""Stations for the motion tests: a shipped scene's drawing as a recipe, and grasps from above."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np

from cellpick.geometry import Floats, invert, pose, rotation_z
from cellpick.motion import MotionPlanner
from cellpick.scene import load_scene, nominal_state, resolve_scene
from cellpick.structures import JointTrajectory, MotionPlan, Recipe

ARMS = ("industrial_10kg", "collaborative_12kg")
SCENES = ("prismatic_tray", "cylindrical_tray")


@dataclass(frozen=True, eq=False)
class Stage:
    """A recipe with the poses of its cells."""

    recipe: Recipe
    park_rad: Floats
    Ts_base_cell: Floats

    @property
    def planner(self) -> MotionPlanner:
        return MotionPlanner(self.recipe)

    @property
    def T_base_focus(self) -> Floats:
        T = self.recipe.T_base_tray.copy()
        T[2, 3] += self.recipe.cell.height_m
        return T

    @property
    def opening_m(self) -> float:
        jaws = self.recipe.gripper.jaws
        return 0.0 if jaws is None else float(jaws.opening_m[1])

    @property
    def T_tcp_cell(self) -> Floats:
        """The cell hangs below the TCP, its x along the TCP's x."""
        height = self.recipe.cell.height_m
        return invert(pose(np.diag([1.0, -1.0, -1.0]), [0.0, 0.0, height / 2]))

    def places(self, slot: int) -> Floats:
        """TCP poses that seat a cell in a slot: any turn of a quarter for a round cell."""
        turns = [0.0] if self.recipe.cell.shape == "box" else np.arange(4) * np.pi / 2
        T = self.recipe.Ts_base_slot[slot] @ pose(rotation_z(turns), np.zeros(3))
        return T @ invert(self.T_tcp_cell)

    def pick_and_place(self, cell: int = 0, slot: int = 0, **changes: object) -> MotionPlan:
        others = np.delete(self.Ts_base_cell, cell, axis=0)
        asked = {
            "q_start": self.park_rad,
            "T_base_tcp_pick": self.Ts_base_cell[cell] @ invert(self.T_tcp_cell),
            "approach_m": 0.06,
            "Ts_base_tcp_place": self.places(slot),
            "T_tcp_cell": self.T_tcp_cell,
            "opening_m": self.opening_m,
            "obstacles": self.recipe.fixtures,
            "cells": others,
        }
        return self.planner.pick_and_place(**(asked | changes))  # type: ignore[arg-type]


@functools.cache
def stage(scene: str = "prismatic_tray", arm: str = ARMS[0], *overrides: str) -> Stage:
    """The nominal drawing of a shipped scene with one of the shipped arms."""
    models = resolve_scene(load_scene(scene, (f"arm.model={arm}", *overrides)))
    state = nominal_state(models)
    T_base_world = invert(models.T_world_base)
    recipe = Recipe(
        cell=models.cell,
        arm=models.arm,
        gripper=models.gripper,
        rig=models.rig,
        materials=models.materials,
        fixtures=tuple(solid.moved(T_base_world) for solid in models.fixtures),
        T_base_tray=T_base_world @ models.T_world_tray,
        tray_size_m=models.tray_size_m,
        tray_tolerance_m=0.006,
        T_base_module=T_base_world @ models.T_world_module,
        module_size_m=models.module_size_m,
        Ts_module_slot=models.Ts_module_slot,
        place_tolerance_m=1e-3,
        place_tolerance_rad=0.02,
        seat_tolerance_m=1e-3,
        polarity_confidence=0.99,
        max_sigma_m=5e-4,
        vision_budget_s=0.3,
        max_looks=3,
        max_attempts_per_cell=3,
    )
    return Stage(recipe, models.park_rad, T_base_world @ state.Ts_world_cell)


def changed(base: Stage, part: str, **fields: object) -> Stage:
    """The stage with fields of its recipe's arm, gripper or cell replaced."""
    new = replace(getattr(base.recipe, part), **fields)
    return replace(base, recipe=replace(base.recipe, **{part: new}))


def tcp_path(stage: Stage, move: JointTrajectory) -> Floats:
    """`T_base_tcp` (n, 4, 4) along a trajectory."""
    return stage.recipe.arm.flange_pose(move.q) @ stage.recipe.gripper.T_flange_tcp
