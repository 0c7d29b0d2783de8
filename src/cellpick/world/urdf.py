"""One URDF of arm, gripper and rig: one articulated body is the stiffest joint that Bullet has.

Each solid of the tool becomes a link of its own, so that a contact names what touched.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats
from cellpick.scene.state import SceneState
from cellpick.structures import ArmModel, Solid
from cellpick.world.tool import Carrier, Mounted, carriers_of, mounted_solids

CARRIER = "cellpick_carrier_"
"""Link name of a sliding part, followed by its row."""
INERTIA_FLOOR_KG_M2 = 1e-6
"""Bullet ignores a link without inertia."""
MASS_FLOOR_KG = 1e-3
"""As above, for its mass."""


@dataclass(frozen=True)
class ToolLinks:
    """Names of the links that were added, with what they stand for."""

    solids: dict[str, Mounted]
    """URDF link -> the solid it carries."""
    carriers: dict[str, Carrier]
    """URDF joint -> the sliding part that it moves."""


def robot_urdf(state: SceneState) -> tuple[str, ToolLinks]:
    """The arm's URDF without its looks, with the tool's links added at the flange.

    Raises `InputError` when the file cannot be read or has no such link.
    """
    root = _read(state.arm)
    for link in root.iter("link"):
        for visual in link.findall("visual"):
            link.remove(visual)
    _anchor_meshes(root, state.arm.urdf)
    wrist = state.arm.link_names[-1]
    carriers = {f"{CARRIER}{i}": c for i, c in enumerate(carriers_of(state.gripper))}
    for name, carrier in carriers.items():
        _add_carrier(root, name, carrier, wrist, state.arm.T_link_flange)
    solids: dict[str, Mounted] = {}
    for i, mounted in enumerate(mounted_solids(state.gripper, state.rig)):
        name = f"cellpick_solid_{i}"
        solids[name] = mounted
        fixed = mounted.carrier is None
        parent = wrist if fixed else f"{CARRIER}{mounted.carrier}"
        T = mounted.solid.T_parent_solid
        T_parent_link = state.arm.T_link_flange @ T if fixed else T
        root.append(_link(name, mounted.solid, mounted.mass_kg))
        root.append(_joint(f"{name}_joint", "fixed", parent, name, T_parent_link))
    _give_inertia(root)
    # Bullet reads a file line by line and breaks what is longer than 8 KiB
    ET.indent(root)
    return ET.tostring(root, encoding="unicode"), ToolLinks(solids, carriers)


def _read(arm: ArmModel) -> ET.Element:
    try:
        root = ET.fromstring(Path(arm.urdf).read_text(encoding="utf-8"))
    except (OSError, ET.ParseError) as error:
        raise InputError("the arm's URDF must be readable XML", source=str(arm.urdf)) from error
    links = {link.get("name") for link in root.iter("link")}
    for wanted in arm.link_names:
        if wanted not in links:
            raise InputError(
                "the arm's URDF must have the link",
                source=str(arm.urdf),
                key=wanted,
                accepted=", ".join(sorted(n for n in links if n)),
            )
    return root


def _anchor_meshes(root: ET.Element, urdf: Path) -> None:
    """The combined file lies elsewhere, so that relative mesh paths must become absolute."""
    for mesh in root.iter("mesh"):
        name = mesh.get("filename", "")
        if name.startswith("package://"):
            rest = name.removeprefix("package://")
            inside = rest.split("/", 1)[-1]
            places = [p / part for p in urdf.resolve().parents for part in (rest, inside)]
        else:
            places = [urdf.resolve().parent / name.removeprefix("file://")]
        found = [p for p in places if p.exists()]
        if not found:
            raise InputError("a mesh of the arm's URDF must exist", source=str(urdf), got=name)
        mesh.set("filename", str(found[0]))


def _give_inertia(root: ET.Element) -> None:
    """Bullet takes a link without inertia for 1 kg and 1 kg m^2; a URDF means that it has none."""
    for link in root.iter("link"):
        if link.find("inertial") is None:
            _add_inertial(link, MASS_FLOOR_KG, np.full(3, INERTIA_FLOOR_KG_M2))


def _add_carrier(
    root: ET.Element, name: str, carrier: Carrier, wrist: str, T_link_flange: Floats
) -> None:
    """A sliding frame at the TCP; the solids that ride on it are its children."""
    link = ET.SubElement(root, "link", name=name)
    _add_inertial(link, carrier.mass_kg, np.full(3, INERTIA_FLOOR_KG_M2))
    joint = _joint(f"{name}_joint", "prismatic", wrist, name, T_link_flange @ carrier.T_flange_tcp)
    ET.SubElement(joint, "axis", xyz=_words(carrier.axis_tcp))
    lower, upper = carrier.travel_m
    limits = {"lower": lower, "upper": upper, "effort": carrier.force_n, "velocity": 1.0}
    ET.SubElement(joint, "limit", {k: repr(float(v)) for k, v in limits.items()})
    root.append(joint)


def _link(name: str, solid: Solid, mass_kg: float) -> ET.Element:
    x, y, z = solid.size_m**2
    if solid.shape == "box":
        moments = mass_kg / 12 * np.array([y + z, x + z, x + y])
    elif solid.shape == "cylinder":
        moments = mass_kg / 12 * np.array([0.75 * x + z, 0.75 * x + z, 1.5 * x])
    else:
        moments = mass_kg * np.full(3, x / 10)
    link = ET.Element("link", name=name)
    _add_inertial(link, mass_kg, np.maximum(moments, INERTIA_FLOOR_KG_M2))
    geometry = ET.SubElement(ET.SubElement(link, "collision"), "geometry")
    d, _, h = solid.size_m.tolist()
    if solid.shape == "box":
        ET.SubElement(geometry, "box", size=_words(solid.size_m))
    elif solid.shape == "cylinder":
        ET.SubElement(geometry, "cylinder", radius=repr(d / 2), length=repr(h))
    else:
        ET.SubElement(geometry, "sphere", radius=repr(d / 2))
    return link


def _add_inertial(link: ET.Element, mass_kg: float, moments: Floats) -> None:
    inertial = ET.SubElement(link, "inertial")
    ET.SubElement(inertial, "mass", value=repr(float(mass_kg)))
    ixx, iyy, izz = (repr(float(m)) for m in moments)
    ET.SubElement(inertial, "inertia", ixx=ixx, iyy=iyy, izz=izz, ixy="0", ixz="0", iyz="0")


def _joint(name: str, kind: str, parent: str, child: str, T: Floats) -> ET.Element:
    joint = ET.Element("joint", name=name, type=kind)
    ET.SubElement(joint, "parent", link=parent)
    ET.SubElement(joint, "child", link=child)
    ET.SubElement(joint, "origin", xyz=_words(T[:3, 3]), rpy=_words(_rpy(T[:3, :3])))
    return joint


def _rpy(R: Floats) -> Floats:
    """URDF's fixed-axis angles (3,) of a rotation; at pitch +-90 degrees roll is chosen as 0."""
    pitch = np.arctan2(-R[2, 0], np.hypot(R[0, 0], R[1, 0]))
    if np.hypot(R[0, 0], R[1, 0]) < 1e-9:
        return np.array([0.0, pitch, np.arctan2(-R[0, 1], R[1, 1])])
    return np.array([np.arctan2(R[2, 1], R[2, 2]), pitch, np.arctan2(R[1, 0], R[0, 0])])


def _words(values: Floats) -> str:
    return " ".join(repr(float(v)) for v in values)
