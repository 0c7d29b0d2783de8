"""Reads a URDF into plain records: links with convex bodies, joints with limits."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cellpick.errors import InputError, UnavailableError
from cellpick.geometry import Floats, from_xyz_rpy, translation
from cellpick.scene.meshes import find_mesh, mesh_bounds
from cellpick.structures import Solid
from cellpick.structures.solids import SolidShape

_SHAPES: dict[str, SolidShape] = {
    "box": "box",
    "cylinder": "cylinder",
    "sphere": "sphere",
    "mesh": "box",
}


@dataclass(frozen=True, eq=False)
class UrdfJoint:
    """One joint; the limits of a fixed one mean nothing."""

    name: str
    """Its name."""
    kind: str
    """URDF type: revolute, continuous, fixed, ..."""
    parent: str
    """Link that it hangs on."""
    child: str
    """Link that it moves."""
    T_parent_joint: Floats
    """(4, 4) origin."""
    axis: Floats
    """(3,) unit axis in the joint frame."""
    lower_rad: float
    """Lower end of its range."""
    upper_rad: float
    """Upper end of its range."""
    velocity_rad_s: float
    """Speed limit."""
    effort_nm: float
    """Torque limit."""


@dataclass(frozen=True, eq=False)
class Urdf:
    """A robot's tree."""

    source: str
    """Path of its file, for messages."""
    links: dict[str, tuple[Solid, ...]]
    """Collision bodies of each link in its frame."""
    joints: tuple[UrdfJoint, ...]
    """All joints, in the order of the file."""
    meshes: tuple[Path, ...]
    """Files of the collision meshes."""

    def chain_to(self, link: str) -> list[UrdfJoint]:
        """Joints from the root to `link`, in order; raises `InputError` for a loop."""
        above = {joint.child: joint for joint in self.joints}
        chain: list[UrdfJoint] = []
        while link in above:
            if above[link] in chain:
                raise InputError("the joints form a loop", source=self.source, key=above[link].name)
            chain.insert(0, above[link])
            link = above[link].parent
        return chain


def read_urdf(path: Path, material: str) -> Urdf:
    """A URDF's links and joints; `material` goes on every body.

    Meshes become their bounding boxes. Raises `InputError` naming file and element,
    `UnavailableError` when the disk refuses.
    """
    accepted = "a whole XML file whose root element is <robot>"
    try:
        robot = ET.parse(path).getroot()
    except OSError as error:
        raise UnavailableError(f"{path}: cannot be read: {error.strerror}") from error
    except (ET.ParseError, ValueError) as error:
        raise InputError(
            f"the URDF is not valid XML: {error}", source=str(path), accepted=accepted
        ) from error
    if robot.tag != "robot":
        raise InputError("not a URDF", source=str(path), got=f"<{robot.tag}>", accepted=accepted)
    links = {_name(link, path): _bodies(link, path, material) for link in robot.findall("link")}
    joints = tuple(_joint(joint, path) for joint in robot.findall("joint"))
    for joint in joints:
        for end in (joint.parent, joint.child):
            if end not in links:
                raise InputError(
                    "no such link",
                    source=str(path),
                    key=joint.name,
                    got=end,
                    accepted=", ".join(links),
                )
    named = [mesh.get("filename", "") for mesh in robot.iterfind("link/collision/geometry/mesh")]
    return Urdf(str(path), links, joints, tuple(find_mesh(name, path) for name in named))


def _name(element: ET.Element, path: Path) -> str:
    name = element.get("name")
    if not name:
        raise InputError(f"a <{element.tag}> without a name", source=str(path))
    return name


def _numbers(text: str | None, count: int, default: list[float], key: str, path: Path) -> Floats:
    if text is None:
        return np.array(default)
    try:
        values = np.array([float(word) for word in text.split()])
    except ValueError:
        values = np.array([])
    if values.shape != (count,) or not np.isfinite(values).all():
        raise InputError(f"must be {count} numbers", source=str(path), key=key, got=text)
    return values


def _origin(element: ET.Element | None, key: str, path: Path) -> Floats:
    origin = element.find("origin") if element is not None else None
    if origin is None:
        return np.eye(4)
    xyz = _numbers(origin.get("xyz"), 3, [0.0] * 3, f"{key}.origin.xyz", path)
    return from_xyz_rpy(xyz, _numbers(origin.get("rpy"), 3, [0.0] * 3, f"{key}.origin.rpy", path))


def _joint(element: ET.Element, path: Path) -> UrdfJoint:
    name, kind = _name(element, path), element.get("type", "")
    ends = {}
    for tag in ("parent", "child"):
        end = element.find(tag)
        if end is None or not end.get("link"):
            raise InputError(f"a joint without a {tag} link", source=str(path), key=name)
        ends[tag] = end.get("link", "")
    axis_element, limit = element.find("axis"), element.find("limit")
    axis = _numbers(
        None if axis_element is None else axis_element.get("xyz"),
        3,
        [1.0, 0.0, 0.0],
        f"{name}.axis",
        path,
    )
    length = float(np.linalg.norm(axis))
    if length == 0:
        raise InputError("a joint's axis must not be zero", source=str(path), key=name)
    full_turn = [-2 * np.pi, 2 * np.pi] if kind == "continuous" else [0.0, 0.0]
    values = [
        float(
            _numbers(
                None if limit is None else limit.get(tag), 1, [default], f"{name}.{tag}", path
            )[0]
        )
        for tag, default in zip(
            ("lower", "upper", "velocity", "effort"), [*full_turn, 0.0, 0.0], strict=True
        )
    ]
    T = _origin(element, name, path)
    return UrdfJoint(name, kind, ends["parent"], ends["child"], T, axis / length, *values)


def _bodies(link: ET.Element, path: Path, material: str) -> tuple[Solid, ...]:
    name = _name(link, path)
    return tuple(
        _solid(element, f"arm.{name}.{i}", path, material)
        for i, element in enumerate(link.findall("collision"))
    )


def _solid(element: ET.Element, name: str, path: Path, material: str) -> Solid:
    T = _origin(element, name, path)
    geometry = element.find("geometry")
    shape = geometry[0] if geometry is not None and len(geometry) else None
    kind = "" if shape is None else shape.tag
    if shape is None or kind not in _SHAPES:
        raise InputError(
            "a collision body of unknown geometry",
            source=str(path),
            key=name,
            got=kind,
            accepted="box, cylinder, sphere, mesh (STL or OBJ)",
        )
    size, center = _extents(shape, name, path)
    if (size <= 0).any():
        raise InputError(
            "a collision body's sizes must be above 0",
            source=str(path),
            key=name,
            got=size.tolist(),
        )
    return Solid(name, _SHAPES[kind], size, T @ translation(center), material)


def _extents(shape: ET.Element, name: str, path: Path) -> tuple[Floats, Floats]:
    """Full extents (3,) and centre (3,) of a geometry element."""
    if shape.tag == "mesh":
        scale = _numbers(shape.get("scale"), 3, [1.0] * 3, f"{name}.scale", path)
        low, high = mesh_bounds(shape.get("filename", ""), path)
        return np.abs((high - low) * scale), (high + low) / 2 * scale
    if shape.tag == "box":
        return _numbers(shape.get("size"), 3, [0.0] * 3, f"{name}.size", path), np.zeros(3)
    d = 2 * _numbers(shape.get("radius"), 1, [0.0], f"{name}.radius", path)[0]
    if shape.tag == "sphere":
        return np.full(3, d), np.zeros(3)
    length = _numbers(shape.get("length"), 1, [0.0], f"{name}.length", path)[0]
    return np.array([d, d, length]), np.zeros(3)
