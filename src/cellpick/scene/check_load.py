"""Refuses cameras and bars whose inertia and weight the arm's last two joints cannot move.

A motion may ask each joint for the acceleration that the arm's file states. About a joint's axis
the rig then needs its moment of inertia times that, and its weight at its lever where the axis lies
level. The inertia of the arm's own links, the gripper and the cell come on top and are left out.
"""

from __future__ import annotations

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats, invert, link_poses, transform
from cellpick.scene.models import SceneModels
from cellpick.scene.rig import RIG_DENSITY_KG_M3

GRAVITY_M_S2 = 9.80665
TURNS = 24
"""Angles of the last joint at which the one before it is checked."""


def check_load(models: SceneModels) -> None:
    """Raises `InputError`; a rig that does not ride on the arm is never too much."""
    if not models.rig:
        return
    arm, needed = models.arm, torques_nm(models)
    worst = int((needed / arm.effort_nm[4:]).argmax())
    allowed = float(arm.effort_nm[4 + worst])
    if needed[worst] > allowed:
        raise InputError(
            "the arm cannot turn cameras so far out: their inertia and weight about "
            f"{arm.joint_names[4 + worst]} at the acceleration of {arm.name}",
            source=models.spec.source,
            key="rig.offset_mm",
            got=f"{needed[worst]:.0f} N m with corners at "
            f"{[round(1e3 * float(x), 1) for x in models.spec.rig.corner_m]}",
            accepted=f"up to {allowed:g} N m: corners further in, or lighter cameras",
        )


def torques_nm(models: SceneModels) -> Floats:
    """(2,) torques that the rig may ask of the last joint but one and of the last."""
    arm, (p, mass, own) = models.arm, _bodies(models)
    q = np.zeros((TURNS, 6))
    q[:, 5] = np.linspace(0.0, 2 * np.pi, TURNS, endpoint=False)
    links = link_poses(arm.Ts_parent_joint, arm.axes, q)
    T_joint_flange = invert(links[:, 4:]) @ (links[:, 5:] @ arm.T_link_flange)
    centres = transform(T_joint_flange, p)
    axes = arm.axes[4:]
    axes_flange = np.einsum("tjba,jb->tja", T_joint_flange[..., :3, :3], axes)
    levers = np.cross(axes[:, None], centres)
    inertia = (mass * (levers**2).sum(axis=-1)).sum(axis=-1)
    inertia += np.einsum("tja,ab,tjb->tj", axes_flange, own, axes_flange)
    weight = GRAVITY_M_S2 * np.linalg.norm((mass[:, None] * levers).sum(axis=-2), axis=-1)
    worst: Floats = (inertia * arm.acceleration_rad_s2[4:] + weight).max(axis=0)
    return worst


def _bodies(models: SceneModels) -> tuple[Floats, Floats, Floats]:
    """Centres (n, 3) and masses (n,) of housings and bars, and the sum of their own inertias about
    their centres (3, 3): all boxes, in the flange frame."""
    sizes = np.array([solid.size_m for solid in models.rig])
    Ts = np.array([solid.T_parent_solid for solid in models.rig])
    mass = RIG_DENSITY_KG_M3 * sizes.prod(axis=-1)
    mass[: len(models.camera_models)] = [camera.mass_kg for camera in models.camera_models]
    squares = sizes**2
    moments = mass[:, None] / 12 * (squares.sum(axis=-1, keepdims=True) - squares)
    own = np.einsum("nab,nb,ncb->ac", Ts[:, :3, :3], moments, Ts[:, :3, :3])
    return Ts[:, :3, 3], mass, own
