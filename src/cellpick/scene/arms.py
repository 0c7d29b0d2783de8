"""Reads an arm: a URDF with a YAML beside it for the limits that a URDF cannot hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from cellpick.errors import InputError
from cellpick.geometry import Floats, frozen
from cellpick.scene.accepted import did_you_mean
from cellpick.scene.documents import Strict, read_yaml, validated
from cellpick.scene.quantities import AngleDeg, Sourced
from cellpick.scene.urdf import Urdf, UrdfJoint, read_urdf
from cellpick.structures import ArmModel, Solid

Positive = Annotated[float, Field(gt=0, le=1e5)]
SixPositive = tuple[Positive, Positive, Positive, Positive, Positive, Positive]
SixAngles = tuple[AngleDeg, AngleDeg, AngleDeg, AngleDeg, AngleDeg, AngleDeg]


class _Kinematics(Sourced):
    reach_mm: Annotated[float, Field(ge=100, le=5000)] | None = None
    payload_kg: Annotated[float, Field(ge=0.1, le=1500)]
    repeatability_mm: Annotated[float, Field(gt=0, le=5)]


class _Dynamics(Sourced):
    acceleration_rad_s2: SixPositive
    jerk_rad_s3: SixPositive
    effort_nm: SixPositive | None = None


class _Sensing(Sourced):
    encoder_sigma_deg: Annotated[float, Field(ge=0, le=1)]


class _Park(Sourced):
    joints_deg: SixAngles


class _ArmFile(Strict):
    name: str
    urdf: str
    flange_link: str = "flange"
    material: str = "painted_steel"
    kinematics: _Kinematics
    dynamics: _Dynamics
    sensing: _Sensing
    park: _Park


@dataclass(frozen=True, eq=False)
class ArmFile:
    """An arm and the pose that it waits in."""

    arm: ArmModel
    """The arm."""
    park_rad: Floats
    """(6,) joint angles clear of the tray and the module."""
    files: tuple[Path, ...]
    """What it was read from: its YAML, the URDF, meshes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "park_rad", frozen("park_rad", self.park_rad, (6,)))


def load_arm(
    path: Path, flange_link: str | None = None, origin: tuple[str, str] | None = None
) -> ArmFile:
    """An arm from its YAML, or from a bare URDF with assumed limits; raises `InputError`.

    The chain from the root to the flange link must have exactly six revolute joints; fixed joints
    between them are folded in. `flange_link` replaces the file's; messages about it name
    `origin`, the file and the key that it comes from.
    """
    file = (
        _bare(path) if path.suffix == ".urdf" else validated(_ArmFile, read_yaml(path), str(path))
    )
    urdf_path = (path.parent / file.urdf).resolve()
    if not urdf_path.is_file():
        raise InputError(
            "no such URDF file",
            source=str(path),
            key="urdf",
            got=file.urdf,
            accepted=f"a path to a file (relative ones start at {path.parent})",
        )
    urdf = read_urdf(urdf_path, file.material)
    if flange_link is None or origin is None:
        origin = (str(path), "flange_link")
    chain = _chain(flange_link or file.flange_link, urdf, origin)
    arm = _arm(file, chain, urdf_path, urdf)
    files = tuple(dict.fromkeys((path, urdf_path, *urdf.meshes)))
    return ArmFile(arm, np.radians(file.park.joints_deg), files)


def _bare(path: Path) -> _ArmFile:
    """Limits for a user's URDF that has no YAML: cautious, and marked as assumed."""
    label = {"source": "No limits file beside the URDF", "certainty": "assumed"}
    data = {
        "name": path.stem,
        "urdf": path.name,
        "kinematics": {"payload_kg": 10, "repeatability_mm": 0.05, **label},
        "dynamics": {"acceleration_rad_s2": [5.0] * 6, "jerk_rad_s3": [50.0] * 6, **label},
        "sensing": {"encoder_sigma_deg": 0.001, **label},
        "park": {"joints_deg": [0.0] * 6, **label},
    }
    return validated(_ArmFile, data, str(path))


def _arm(file: _ArmFile, chain: list[UrdfJoint], path: Path, urdf: Urdf) -> ArmModel:
    moving = [joint for joint in chain if joint.kind != "fixed"]
    origins, T_link_flange = _origins(chain)
    effort = file.dynamics.effort_nm or tuple(joint.effort_nm for joint in moving)
    _refuse_useless_limits(moving, effort, path)
    root, reach_mm = chain[0].parent, file.kinematics.reach_mm
    return ArmModel(
        name=file.name,
        urdf=path,
        joint_names=tuple(joint.name for joint in moving),
        link_names=(root, *(joint.child for joint in moving)),
        flange_link=chain[-1].child,
        Ts_parent_joint=origins,
        axes=np.stack([joint.axis for joint in moving]),
        T_link_flange=T_link_flange,
        lower_rad=np.array([joint.lower_rad for joint in moving]),
        upper_rad=np.array([joint.upper_rad for joint in moving]),
        velocity_rad_s=np.array([joint.velocity_rad_s for joint in moving]),
        acceleration_rad_s2=np.array(file.dynamics.acceleration_rad_s2),
        jerk_rad_s3=np.array(file.dynamics.jerk_rad_s3),
        effort_nm=np.array(effort),
        payload_kg=file.kinematics.payload_kg,
        reach_m=reach_mm * 1e-3 if reach_mm is not None else _stretched_m(origins),
        encoder_sigma_rad=float(np.radians(file.sensing.encoder_sigma_deg)),
        solids=_solids(root, moving, urdf),
    )


def _chain(flange_link: str, urdf: Urdf, origin: tuple[str, str]) -> list[UrdfJoint]:
    source, key = origin
    if flange_link not in urdf.links:
        raise InputError(
            f"no such flange link in {urdf.source}{did_you_mean(flange_link, urdf.links)}",
            source=source,
            key=key,
            got=flange_link,
            accepted=", ".join(urdf.links),
        )
    chain = urdf.chain_to(flange_link)
    kinds = [joint.kind for joint in chain if joint.kind != "fixed"]
    if len(kinds) != 6 or any(kind not in ("revolute", "continuous") for kind in kinds):
        raise InputError(
            f"the chain to the flange must have six revolute joints in {urdf.source}",
            source=source,
            key=key,
            got=f"{flange_link} after {', '.join(kinds) or 'no moving joint'}",
            accepted="six of type revolute or continuous, any number of fixed ones",
        )
    return chain


def _origins(chain: list[UrdfJoint]) -> tuple[Floats, Floats]:
    """Joint origins (6, 4, 4) with the fixed joints folded in, and the flange in the last link."""
    origins, T = [], np.eye(4)
    for joint in chain:
        T = T @ joint.T_parent_joint
        if joint.kind != "fixed":
            origins.append(T)
            T = np.eye(4)
    return np.stack(origins), T


def _stretched_m(origins: Floats) -> float:
    """Longest distance from the first axis to the fifth joint: what a reach usually means."""
    return float(np.linalg.norm(origins[1:5, :3, 3], axis=-1).sum())


def _refuse_useless_limits(moving: list[UrdfJoint], effort: tuple[float, ...], path: Path) -> None:
    for joint, torque in zip(moving, effort, strict=True):
        if joint.upper_rad <= joint.lower_rad:
            raise InputError(
                "a joint's range is empty",
                source=str(path),
                key=joint.name,
                got=(joint.lower_rad, joint.upper_rad),
                accepted="lower < upper, in radians",
            )
        if joint.velocity_rad_s <= 0 or torque <= 0:
            raise InputError(
                "a joint's speed and torque limits must be above 0",
                source=str(path),
                key=joint.name,
                got={"velocity": joint.velocity_rad_s, "effort": torque},
                accepted="limits in the URDF, or effort_nm under dynamics in the arm's YAML",
            )


def _solids(root: str, moving: list[UrdfJoint], urdf: Urdf) -> tuple[tuple[Solid, ...], ...]:
    """Bodies of the base and of each moved link, those of links fixed to them included."""
    groups = []
    for name in (root, *(joint.child for joint in moving)):
        bodies: list[Solid] = []
        stack = [(name, np.eye(4))]
        while stack:
            link, T = stack.pop()
            bodies += [solid.moved(T) for solid in urdf.links[link]]
            stack += [
                (joint.child, T @ joint.T_parent_joint)
                for joint in urdf.joints
                if joint.kind == "fixed" and joint.parent == link
            ]
        groups.append(tuple(bodies))
    return tuple(groups)
