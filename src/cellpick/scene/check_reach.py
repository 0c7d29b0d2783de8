"""Refuses a tray, a module or a look out of the arm's reach, and too heavy a load; roughly.

A necessary condition only: the tool points straight down, the wrist's place follows, and it may not
lie farther from the shoulder than the published reach or the stretched chain. Motion does the exact
check.
"""

from __future__ import annotations

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats, invert, link_poses, transform
from cellpick.scene.models import SceneModels
from cellpick.structures import ArmModel


def check_reach(models: SceneModels) -> None:
    """The look over the tray, the pose to wait in, and what picking asks: pockets, slots, load."""
    spec = models.spec
    if spec.purpose == "pick":
        _check_places(models)
    if spec.rig.mount == "flange":
        look = np.array([[0.0, 0.0, models.fill_m + spec.rig.standoff_m]])
        standoff = round(spec.rig.standoff_m * 1e3, 3)
        _check(models, "rig.standoff_mm", standoff, models.T_world_tray, look)
    _check_park(models)
    if spec.purpose == "pick":
        _check_payload(models)


def _check_places(models: SceneModels) -> None:
    spec, cell = models.spec, models.cell
    tool = float(models.gripper.T_flange_tcp[2, 3])
    up = np.array([0.0, 0.0, cell.height_m / 2 + tool])
    tops = np.full(models.cell_count, cell.height_m / 2)
    pockets = np.column_stack([models.p_tray_pocket, tops]) + up
    slots = models.Ts_module_slot[:, :3, 3] + up
    _check(models, "tray.position_mm", list(spec.tray.position_mm), models.T_world_tray, pockets)
    place = list(spec.module.position_mm)
    _check(models, "module.position_mm", place, models.T_world_module, slots)


def _check(models: SceneModels, key: str, got: object, T_world_a: Floats, p_a: Floats) -> None:
    T_base_world = invert(models.T_world_base)
    p_base = transform(T_base_world @ T_world_a, p_a)
    excess = wrist_excess_m(models.arm, p_base)
    if (excess > 0).any():
        raise InputError(
            "out of the arm's reach with the tool pointing down",
            source=models.spec.source,
            key=key,
            got=got,
            accepted=f"a place {excess.max() * 1e3:.0f} mm nearer to {models.arm.name}"
            f" (reach {models.arm.reach_m * 1e3:g} mm)",
        )


def wrist_excess_m(arm: ArmModel, p_flange: Floats) -> Floats:
    """(n,) metres by which places (n, 3) of a flange that points down are out of reach.

    `p_flange` is in the base frame; negative where it is in reach.
    """
    links = link_poses(arm.Ts_parent_joint, arm.axes, np.zeros(6))
    T_base_flange = links[-1] @ arm.T_link_flange
    offset = T_base_flange[:3, 3] - links[4, :3, 3]
    along = float(offset @ T_base_flange[:3, 2])
    lateral = float(np.linalg.norm(offset - along * T_base_flange[:3, 2]))
    # the shoulder turns with the first joint, so only its distance from that axis counts
    shoulder = links[1, :3, 3]
    rho, height = float(np.hypot(*shoulder[:2])), float(shoulder[2])
    stretched = float(np.linalg.norm(np.diff(links[1:5, :3, 3], axis=0), axis=-1).sum())
    horizontal = np.clip(np.hypot(p_flange[:, 0], p_flange[:, 1]) - rho, 0, None)
    distance = np.hypot(horizontal, p_flange[:, 2] + along - height)
    result: Floats = distance - lateral - min(stretched, arm.reach_m)
    return result


def _check_park(models: SceneModels) -> None:
    arm, q = models.arm, models.park_rad
    for name, angle, low, high in zip(
        arm.joint_names, q, arm.lower_rad, arm.upper_rad, strict=True
    ):
        if not low <= angle <= high:
            raise InputError(
                "the arm cannot wait there: outside the joint's range",
                source=models.spec.source,
                key="arm.park_deg",
                got=f"{name} at {np.degrees(angle):g} degrees",
                accepted=f"{np.degrees(low):g} to {np.degrees(high):g} degrees",
            )


def _check_payload(models: SceneModels) -> None:
    cameras = sum(c.mass_kg for c in models.camera_models) if models.rig else 0.0
    load = models.gripper.mass_kg + cameras + models.cell.mass_kg
    if load > models.arm.payload_kg:
        raise InputError(
            "gripper, cameras and cell are too heavy for the arm",
            source=models.spec.source,
            key="arm.model",
            got=f"{load:.2f} kg",
            accepted=f"up to {models.arm.payload_kg:g} kg for {models.arm.name}",
        )
