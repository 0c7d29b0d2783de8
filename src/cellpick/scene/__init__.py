"""Scene files in, concrete scenes out: YAML -> `SceneSpec` -> `SceneModels` -> `SceneState`.

All of it is truth: only `sensors`, `world`, `evaluate` and `station` may look.
"""

from cellpick.scene.arms import ArmFile, load_arm
from cellpick.scene.camera_files import CameraModel, Published, load_camera
from cellpick.scene.cameras import CameraSpec, Light
from cellpick.scene.cells import load_cell, load_materials
from cellpick.scene.check import check_scene
from cellpick.scene.check_grip import grip_problem
from cellpick.scene.decals import Decal
from cellpick.scene.depth_specs import (
    ActiveStereo,
    DepthSpec,
    IdealDepth,
    KinectDepth,
    StructuredLight,
    kinect_lateral_px,
    kinect_sigma_m,
)
from cellpick.scene.draw import draw_scene, nominal_state
from cellpick.scene.faults import Fault, FaultKind
from cellpick.scene.foreign import lay_foreign
from cellpick.scene.grippers import load_gripper
from cellpick.scene.imager_specs import CaptureTiming, ImagerSpec
from cellpick.scene.library import data_folder, find_model, find_scene
from cellpick.scene.load import load_scene
from cellpick.scene.models import SceneModels
from cellpick.scene.resolve import resolve_scene
from cellpick.scene.spec import SceneSpec
from cellpick.scene.state import SceneState, StrayObject

__all__ = [
    "ActiveStereo",
    "ArmFile",
    "CameraModel",
    "CameraSpec",
    "CaptureTiming",
    "Decal",
    "DepthSpec",
    "Fault",
    "FaultKind",
    "IdealDepth",
    "ImagerSpec",
    "KinectDepth",
    "Light",
    "Published",
    "SceneModels",
    "SceneSpec",
    "SceneState",
    "StrayObject",
    "StructuredLight",
    "check_scene",
    "data_folder",
    "draw_scene",
    "find_model",
    "find_scene",
    "grip_problem",
    "kinect_lateral_px",
    "kinect_sigma_m",
    "lay_foreign",
    "load_arm",
    "load_camera",
    "load_cell",
    "load_gripper",
    "load_materials",
    "load_scene",
    "nominal_state",
    "resolve_scene",
]
