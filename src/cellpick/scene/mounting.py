"""How far in front of the plate cameras are mounted, where their housings would meet the arm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cellpick.geometry import Floats, link_poses
from cellpick.scene.camera_files import CameraModel
from cellpick.scene.overlap import bodies_of, separations
from cellpick.scene.rig import rig_solids
from cellpick.scene.spec import RigSpec
from cellpick.scene.standoff import settled_rig
from cellpick.structures import ArmModel

STEP_MM, FARTHEST_MM = 10.0, 150.0
CLEAR_M = 5e-3
"""Gap between housings and the arm's links in the pose that it waits in; assumed."""


def mounted_rig(
    rig: RigSpec, cameras: Sequence[CameraModel], arm: ArmModel, park_rad: Floats
) -> RigSpec:
    """The rig at its stand-off, its cameras as far forward as their housings need, unless told.

    A deep housing reaches back beside the wrist; a short wrist folds the forearm to where it is.
    The scene's own place holds as well where none is clear.
    """
    usual = settled_rig(rig, cameras)
    if rig.mount != "flange" or "forward_mm" in rig.model_fields_set:
        return usual
    forward_mm = rig.forward_mm
    while forward_mm <= FARTHEST_MM:
        moved = settled_rig(rig.model_copy(update={"forward_mm": forward_mm}), cameras)
        if _clear(moved, cameras, arm, park_rad):
            return moved
        forward_mm += STEP_MM
    return usual


def _clear(rig: RigSpec, cameras: Sequence[CameraModel], arm: ArmModel, park_rad: Floats) -> bool:
    """Whether no housing meets a link in the pose that the arm waits in, but the last."""
    frames = [np.eye(4), *link_poses(arm.Ts_parent_joint, arm.axes, park_rad)]
    links = bodies_of(
        tuple(
            s.moved(T)
            for T, solids in zip(frames[:-1], arm.solids[: len(frames) - 1], strict=True)
            for s in solids
        )
    )
    T_flange = arm.flange_pose(park_rad)
    housings = bodies_of(tuple(s.moved(T_flange) for s in rig_solids(rig, tuple(cameras))))
    i, j = np.indices((len(links.Ts), len(housings.Ts))).reshape(2, -1)
    gaps = separations(links.take(i), housings.take(j))
    return bool(gaps.min(initial=np.inf) > CLEAR_M)
