"""The measuring room: one camera on a carriage, and targets a few metres apart that it visits.

All targets stand in one scene and the camera moves, so that one device with its own errors takes
every picture. The light is that of the shipped scenes: some from all sides, and a lamp.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cellpick.geometry import Floats, invert, pose, translation
from cellpick.metrology.targets import LAMP, TARGET_MATERIALS, all_prints, all_solids, station_m
from cellpick.scene import (
    CameraModel,
    CameraSpec,
    Light,
    SceneState,
    data_folder,
    load_arm,
    load_cell,
    load_gripper,
    load_materials,
)
from cellpick.sensors import CameraRig
from cellpick.structures import Capture, SearchTask, Solid

LOOKS_DOWN = np.diag([1.0, -1.0, -1.0])
STATION_LIGHT = 0.25
"""Radiance of a white matt surface under the room's light, as in the shipped scenes."""
CENTRE = np.zeros(3)


def window(model: CameraModel, width_px: int, height_px: int) -> CameraModel:
    """The same camera reading out only a window round the image's middle, at most its whole image.

    Pixels, focal length and noise stay what they are: a region of interest, as real cameras have.
    """
    w, h = min(width_px, model.width_px), min(height_px, model.height_px)
    left, top = (model.width_px - w) // 2, (model.height_px - h) // 2
    K = model.K.copy()
    K[:2, 2] -= (left, top)
    return replace(model, width_px=w, height_px=h, K=K)


@dataclass(frozen=True, eq=False)
class Room:
    """A camera model on its carriage before the targets, not yet a device."""

    model: CameraModel
    """What is on the carriage."""
    state: SceneState
    """The scene with all targets."""


class Lab:
    """One device of a camera model before the targets, drawn from `rng` with its own errors."""

    def __init__(self, room: Room, rng: np.random.Generator) -> None:
        self.model = room.model
        """What is on the carriage."""
        self._state = room.state
        self._T_mount_base = invert(room.state.arm.flange_pose(room.state.q))
        self._rig = CameraRig(room.state, rng)
        cell, materials = room.state.cell, room.state.materials
        self._task = SearchTask(cell, materials, np.eye(4), np.full(3, 0.3), 0.99)

    def shoot(
        self, target: str, distance_m: float, angle_rad: float = 0.0, at_m: Floats = CENTRE
    ) -> Capture:
        """One capture of a target, its place `at_m` (3,) on the optical axis.

        The camera stands `distance_m` from there, its axis `angle_rad` off the target's normal
        about the image's upright axis.
        """
        T = camera_pose(target, distance_m, angle_rad, at_m)
        state = replace(self._state, T_world_base=T @ self._T_mount_base)
        return self._rig.look(state, np.eye(4), self._task).captures[0]

    def depths(
        self,
        times: int,
        target: str,
        distance_m: float,
        angle_rad: float = 0.0,
        at_m: Floats = CENTRE,
    ) -> Floats:
        """Depth images (times, h, w) of a 3D camera that stands still; NaN: no reading."""
        shots = [self.shoot(target, distance_m, angle_rad, at_m).depth for _ in range(times)]
        return np.stack([np.asarray(depth, dtype=np.float64) for depth in shots])


def camera_pose(target: str, distance_m: float, angle_rad: float, at_m: Floats) -> Floats:
    """(4, 4) `T_world_camera` of a camera that looks at a place of a target."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    tilt = np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])
    orbit = pose(tilt, np.zeros(3)) @ pose(LOOKS_DOWN, [0.0, 0.0, distance_m])
    result: Floats = translation(station_m(target) + at_m) @ orbit
    return result


def room(
    model: CameraModel,
    solids: tuple[Solid, ...] = (),
    lamp: Light = LAMP,
    ambient: float = STATION_LIGHT,
) -> Room:
    """The room for a camera model, lit by `lamp` and by `ambient` from all sides.

    `solids` are targets of the caller's own, in the world frame.
    """
    models = data_folder("models")
    arm = load_arm(models / "arms/industrial_10kg.yaml").arm
    camera = CameraSpec(
        name=model.name,
        width_px=model.width_px,
        height_px=model.height_px,
        K=model.K,
        distortion=model.distortion,
        # on the flange, since cameras on the base may count on never moving
        mount="flange",
        T_mount_camera=np.eye(4),
        imager=model.imager,
        depth=model.depth,
        timing=model.timing,
        translation_sigma_m=0.0,
        rotation_sigma_rad=0.0,
    )
    state = SceneState(
        cell=load_cell(models / "cells/prismatic_148x26x91.yaml"),
        arm=replace(arm, solids=((),) * len(arm.solids)),
        gripper=replace(load_gripper(models / "grippers/vacuum_2cup.yaml"), solids=()),
        rig=(),
        cameras=(camera,),
        lights=(lamp,),
        ambient=ambient,
        materials=load_materials(models / "materials.yaml") | TARGET_MATERIALS,
        T_world_base=np.eye(4),
        q=np.zeros(6),
        opening_m=0.0,
        fixtures=(*all_solids(), *solids),
        T_world_tray=np.eye(4),
        T_world_module=np.eye(4),
        Ts_module_slot=np.zeros((0, 4, 4)),
        Ts_world_cell=np.zeros((0, 4, 4)),
        serials=(),
        time_s=0.0,
        decals=all_prints(),
    )
    return Room(model, state)
