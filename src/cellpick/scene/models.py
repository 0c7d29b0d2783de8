"""A scene file with every model that it names, loaded, checked and laid out as drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cellpick.geometry import Floats, frozen, invert, pose, rotation_z, translation
from cellpick.scene.arms import ArmFile, load_arm
from cellpick.scene.arrangement import filled_pockets, laid_size, tray_fill_m
from cellpick.scene.camera_files import CameraModel, load_camera
from cellpick.scene.cameras import CameraSpec, Light
from cellpick.scene.cells import load_cell, load_materials
from cellpick.scene.fixtures import (
    grid,
    module_size,
    module_solids,
    slot_poses,
    table,
    tray_pitch,
    tray_size,
    tray_solids,
)
from cellpick.scene.grippers import load_gripper
from cellpick.scene.library import find_materials, find_model
from cellpick.scene.mark_layout import lay_marks
from cellpick.scene.marks import DrawnMark
from cellpick.scene.mounting import mounted_rig
from cellpick.scene.rig import camera_specs, rig_solids
from cellpick.scene.spec import SceneSpec
from cellpick.structures import ArmModel, CellModel, GripperModel, Material, Solid

MM = 1e-3
CLEAR_OF_VIEW_M = 0.7
"""How far from the tray's middle an arm waits under fixed cameras."""


@dataclass(frozen=True, eq=False)
class SceneModels:
    """The drawing of a station: nothing in it is drawn by chance."""

    spec: SceneSpec
    """The scene file."""
    sources: dict[str, str]
    """Paths of the files of `cell`, `arm`, `gripper` and `materials`, for messages."""
    files: tuple[Path, ...]
    """All that it was read from: the scene, its models, the arm's URDF and meshes."""
    cell: CellModel
    """The cell."""
    arm: ArmModel
    """The arm."""
    park_rad: Floats
    """(6,) joint angles that the arm waits in."""
    gripper: GripperModel
    """The gripper."""
    materials: dict[str, Material]
    """The table of materials."""
    camera_models: tuple[CameraModel, ...]
    """The type of each camera, in the rig's order."""
    cameras: tuple[CameraSpec, ...]
    """The true cameras."""
    rig: tuple[Solid, ...]
    """Camera bodies and bars in the flange frame; empty for a fixed rig."""
    lights: tuple[Light, ...]
    """The lamps."""
    T_world_base: Floats
    """(4, 4) the arm's base."""
    T_world_tray: Floats
    """(4, 4) nominal tray frame: origin on the surface that cells stand on, +z up."""
    T_world_module: Floats
    """(4, 4) true module frame: origin on the seat, +z up."""
    p_tray_pocket: Floats
    """(n, 2) place of each cell in the tray's x and y; of a heap the middle."""
    tray_size_m: Floats
    """(3,) inner length and width of the tray, and height of its walls."""
    module_size_m: Floats
    """(3,) outer length and width of the module, and height of its slot walls."""
    Ts_module_slot: Floats
    """(m, 4, 4) wanted pose of a seated cell in each slot, polarity included."""
    fixtures: tuple[Solid, ...]
    """Table, tray, module and a fixed rig as drawn, in the world frame; without pads."""
    marks: tuple[DrawnMark, ...] = ()
    """Reference marks on the table."""

    def __post_init__(self) -> None:
        for name in ("T_world_base", "T_world_tray", "T_world_module"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (4, 4)))
        for name, shape in (
            ("park_rad", (6,)),
            ("p_tray_pocket", (None, 2)),
            ("tray_size_m", (3,)),
            ("module_size_m", (3,)),
            ("Ts_module_slot", (None, 4, 4)),
        ):
            object.__setattr__(self, name, frozen(name, getattr(self, name), shape))

    @property
    def fill_m(self) -> float:
        """Height of the uppermost cells' tops above the tray's floor, as drawn."""
        return tray_fill_m(self.spec.tray, self.cell)

    @property
    def cell_count(self) -> int:
        """Number of cells in the tray."""
        return int(self.p_tray_pocket.shape[0])


def load_models(spec: SceneSpec) -> SceneModels:
    """Loads what a scene names and lays it out, unchecked; raises `InputError`."""
    paths = _paths(spec)
    cell, arm_file = (
        load_cell(paths["cell"]),
        load_arm(paths["arm"], spec.arm.flange_link, (spec.source, "arm.flange_link")),
    )
    camera_paths = [
        find_model("cameras", name, spec.folder, spec.source, f"rig.cameras.{i}")
        for i, name in enumerate(spec.rig.cameras)
    ]
    cameras = tuple(load_camera(path) for path in camera_paths)
    rig = mounted_rig(spec.rig, cameras, arm_file.arm, arm_file.park_rad)
    spec = spec.model_copy(update={"rig": rig})
    T_world_base = _placed(spec.arm.position_mm, spec.arm.yaw_deg)
    T_world_tray = _placed((*spec.tray.position_mm, spec.tray.floor_mm), spec.tray.yaw_deg)
    T_world_module = _placed((*spec.module.position_mm, spec.module.floor_mm), spec.module.yaw_deg)
    fixed = spec.rig.mount == "fixed"
    T_world_plate = _plate_over(T_world_tray, tray_fill_m(spec.tray, cell) + spec.rig.standoff_m)
    bodies = rig_solids(spec.rig, cameras)
    return SceneModels(
        spec=spec,
        sources={name: str(path) for name, path in paths.items()},
        files=tuple(
            dict.fromkeys((Path(spec.source), *paths.values(), *arm_file.files, *camera_paths))
        ),
        cell=cell,
        arm=arm_file.arm,
        park_rad=_park(spec, arm_file, invert(T_world_base) @ T_world_tray[:, 3]),
        gripper=load_gripper(paths["gripper"]),
        materials=load_materials(paths["materials"]),
        camera_models=cameras,
        cameras=camera_specs(spec.rig, spec.noise, cameras, invert(T_world_base) @ T_world_plate),
        rig=() if fixed else bodies,
        lights=tuple(
            Light(np.multiply(light.position_mm, MM), light.radius_mm * MM, light.strength)
            for light in spec.lights
        ),
        T_world_base=T_world_base,
        T_world_tray=T_world_tray,
        T_world_module=T_world_module,
        p_tray_pocket=_pockets(spec, cell),
        tray_size_m=tray_size(spec.tray, cell),
        module_size_m=module_size(spec.module, cell),
        Ts_module_slot=slot_poses(spec.module, cell),
        fixtures=(
            table(),
            *(s.moved(T_world_tray) for s in tray_solids(spec.tray, cell, recess_m(spec, cell))),
            *(s.moved(T_world_module) for s in module_solids(spec.module, cell)),
            *(s.moved(T_world_plate) for s in bodies if fixed),
        ),
        marks=lay_marks(spec, cell, arm_file.arm, T_world_base, T_world_tray, T_world_module),
    )


def _pockets(spec: SceneSpec, cell: CellModel) -> Floats:
    """(n, 2) places of the cells; pockets that the tray does not have give the nearest."""
    pocket = filled_pockets(spec.tray)[0]
    if spec.tray.arrangement == "heap":
        return np.zeros((len(pocket), 2))
    result: Floats = grid(spec.tray.rows, spec.tray.columns, tray_pitch(spec.tray, cell))[pocket]
    return result


def _paths(spec: SceneSpec) -> dict[str, Path]:
    named = {"cell": spec.cell, "arm": spec.arm.model, "gripper": spec.gripper}
    keys = {"cell": "cell", "arm": "arm.model", "gripper": "gripper"}
    paths = {
        what: find_model(f"{what}s", name, spec.folder, spec.source, keys[what])
        for what, name in named.items()
    }
    paths["materials"] = find_materials(spec.materials, spec.folder, spec.source)
    return paths


def recess_m(spec: SceneSpec, cell: CellModel) -> float:
    """How far the floor plate lies below the pads' nominal tops: askew pads stay above it."""
    if spec.tray.arrangement == "heap":
        return 0.0
    x, y = laid_size(spec.tray, cell)[:2]
    lean = np.tan(np.radians(spec.tray.jitter.tilt_deg)) * (x + y) / 2
    return float(1e-3 + lean)


def _park(spec: SceneSpec, arm_file: ArmFile, p_base_tray: Floats) -> Floats:
    """(6,) where the arm waits: the file's place, turned out of the view of fixed cameras.

    The least turn of the first joint that takes the flange `CLEAR_OF_VIEW_M` from the tray.
    """
    if spec.arm.park_deg:
        return np.radians(spec.arm.park_deg)
    arm, park = arm_file.arm, arm_file.park_rad
    if spec.rig.mount != "fixed":
        return park
    first = np.radians(np.arange(-360.0, 360.0, 5.0))
    first = first[(first > arm.lower_rad[0]) & (first < arm.upper_rad[0])]
    first = first[np.argsort(np.abs(first - park[0]), kind="stable")]
    q = np.concatenate([first[:, None], np.tile(park[1:], (len(first), 1))], axis=1)
    away = np.linalg.norm(arm.flange_pose(q)[:, :2, 3] - p_base_tray[:2], axis=1)
    clear = np.flatnonzero(away >= CLEAR_OF_VIEW_M)
    chosen: Floats = q[clear[0] if len(clear) else away.argmax()]
    return chosen


def _placed(position_mm: tuple[float, float, float], yaw_deg: float) -> Floats:
    return pose(rotation_z(np.radians(yaw_deg)), np.multiply(position_mm, MM))


def _plate_over(T_world_tray: Floats, height_m: float) -> Floats:
    """A plate that looks straight down on the tray's middle from `height_m` above its floor."""
    down = pose(np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, height_m]))
    result: Floats = translation(T_world_tray[:3, 3]) @ down
    return result
