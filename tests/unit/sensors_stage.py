"""Small scenes with closed-form answers for the tests of sensors: boards under one camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cellpick.geometry import pose, translation
from cellpick.scene import (
    CameraSpec,
    CaptureTiming,
    ImagerSpec,
    Light,
    SceneState,
    StructuredLight,
    data_folder,
    load_arm,
    load_cell,
    load_gripper,
    load_materials,
)
from cellpick.sensors import CameraRig
from cellpick.structures import Material, SearchTask, Solid

MODELS = data_folder("models")
DOWN = np.diag([1.0, -1.0, -1.0])
"""Rotation of a camera that looks straight down with its x along the world's."""
WHITE = Material("white", np.ones(3), 0.0, 1.0, False)
GREY = Material("grey", np.full(3, 0.35), 0.0, 1.0, False)
BLACK = Material("black", np.zeros(3), 0.0, 1.0, False)
MATERIALS = load_materials(MODELS / "materials.yaml") | {m.name: m for m in (WHITE, GREY, BLACK)}
ARM = replace(load_arm(MODELS / "arms/industrial_10kg.yaml").arm, solids=((),) * 7)
GRIPPER = replace(load_gripper(MODELS / "grippers/vacuum_2cup.yaml"), solids=())
CELL = load_cell(MODELS / "cells/prismatic_148x26x91.yaml")
TIMING = CaptureTiming(True, 0.2, 0.1)
IMAGER = ImagerSpec(0.005, 4.0, 10500.0, 2.4, 0.6, 1.3)
DEPTH = StructuredLight(
    near_m=0.3,
    far_m=1.1,
    baseline_m=0.1,
    sigma_m=8e-5,
    reference_m=0.6,
    correlation_px=0.6,
    warp_m=0.0,
    scale_sigma=0.0,
    quantum_m=1e-6,
    max_angle_rad=1.3,
    flying_px=0.0,
    flying_share=0.0,
    brackets=(1.0,),
    headroom=2.0,
    ambient=0.1,
    white_snr=60.0,
    least_snr=7.0,
    blur_px=0.0,
)
CEILING = (Light(np.array([0.0, 0.0, 2.0]), 0.05, 0.6),)


def camera(name="cam", size=(160, 120), focal_px=200.0, height_m=0.6, depth=DEPTH, **changes):
    """A camera above the world's origin that looks straight down."""
    w, h = size
    K = np.array([[focal_px, 0, (w - 1) / 2], [0, focal_px, (h - 1) / 2], [0, 0, 1]])
    T = pose(DOWN, [0, 0, height_m])
    spec = CameraSpec(name, w, h, K, np.zeros(5), "base", T, IMAGER, depth, TIMING, 1e-4, 3.5e-4)
    return replace(spec, **changes)


def board(material="white", size_m=(3.0, 3.0, 0.02), T=None):
    """A board whose upper side is the plane z = 0 of `T`."""
    below = translation([0, 0, -size_m[2] / 2])
    T_world_solid = (np.eye(4) if T is None else T) @ below
    return Solid("board", "box", np.array(size_m), T_world_solid, material)


def state_of(cameras, fixtures=None, Ts_cell=(), lights=CEILING, **changes):
    """A scene of boards and cells without arm or gripper in view."""
    cells = np.asarray(Ts_cell, dtype=float).reshape(-1, 4, 4)
    state = SceneState(
        cell=CELL,
        arm=ARM,
        gripper=GRIPPER,
        rig=(),
        cameras=tuple(cameras),
        lights=tuple(lights),
        ambient=0.3,
        materials=MATERIALS,
        T_world_base=np.eye(4),
        q=np.zeros(6),
        opening_m=0.0,
        fixtures=(board(),) if fixtures is None else tuple(fixtures),
        T_world_tray=np.eye(4),
        T_world_module=np.eye(4),
        Ts_module_slot=np.zeros((0, 4, 4)),
        Ts_world_cell=cells,
        serials=tuple(f"S{i:05d}" for i in range(len(cells))),
        time_s=1.5,
    )
    return replace(state, **changes)


def look(state, seed=0, T_base_flange=None):
    """One look of a new rig."""
    rig = CameraRig(state, np.random.default_rng(seed))
    task = SearchTask(state.cell, state.materials, np.eye(4), np.full(3, 0.3), 0.99)
    return rig.look(state, np.eye(4) if T_base_flange is None else T_base_flange, task)


def linear(image):
    """Grey values back to shares of the white level."""
    v = image / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
