"""A user's own arm by path: what is read, and what is refused."""

import re
import struct
from pathlib import Path

import numpy as np
import pytest

from cellpick.errors import InputError
from cellpick.scene import load_arm, load_scene, resolve_scene
from cellpick.scene.library import data_folder
from cellpick.structures import ArmModel

SHIPPED = data_folder("models") / "arms" / "industrial_10kg.urdf"


def joint(i: int, parent: str, child: str, extra: str = "") -> str:
    limit = f'<limit lower="-2" upper="2" velocity="3" effort="50"/>{extra}'
    return (
        f'<joint name="j{i}" type="revolute"><parent link="{parent}"/><child link="{child}"/>'
        f'<origin xyz="0 0 0.2"/><axis xyz="0 {i % 2} {1 - i % 2}"/>{limit}</joint>'
    )


def fixed(name: str, parent: str, child: str, origin: str) -> str:
    return (
        f'<joint name="{name}" type="fixed"><parent link="{parent}"/>'
        f'<child link="{child}"/><origin {origin}/></joint>'
    )


def simple_urdf(*, body: str = "", extra: str = "") -> str:
    """Six joints from l0 to l6, a bracket l6b fixed on l6, and the flange on the bracket."""
    links = "".join(f'<link name="l{i}">{body if i == 3 else ""}</link>' for i in range(7))
    joints = "".join(joint(i, f"l{i}", f"l{i + 1}") for i in range(6))
    tool = fixed("f1", "l6", "bracket", 'xyz="0 0 0.1"') + fixed(
        "f2", "bracket", "flange", 'xyz="0 0 0.05" rpy="0 1.5707963267948966 0"'
    )
    box = '<collision><geometry><box size="0.1 0.2 0.3"/></geometry></collision>'
    bracket = f'<link name="bracket">{box}</link><link name="flange"/>'
    return f'<robot name="mine">{links}{bracket}{joints}{tool}{extra}</robot>'


def loaded(folder: Path, text: str) -> ArmModel:
    path = folder / "mine.urdf"
    path.write_text(text, encoding="utf-8")
    return load_arm(path).arm


def body(geometry: str) -> str:
    return f'<collision><origin xyz="0 0 1"/><geometry>{geometry}</geometry></collision>'


def test_fixed_joints_and_their_bodies_are_folded_into_the_last_link(tmp_path: Path) -> None:
    arm = loaded(tmp_path, simple_urdf())
    assert arm.link_names == tuple(f"l{i}" for i in range(7))
    assert arm.joint_names == tuple(f"j{i}" for i in range(6))
    np.testing.assert_allclose(arm.T_link_flange[:3, 3], [0, 0, 0.15])
    np.testing.assert_allclose(arm.T_link_flange[:3, 2], [1, 0, 0], atol=1e-12)
    (bracket,) = arm.solids[6]
    np.testing.assert_allclose(bracket.T_parent_solid[:3, 3], [0, 0, 0.1])
    np.testing.assert_allclose(bracket.size_m, [0.1, 0.2, 0.3])
    # four joints of 0.2 m from the second to the fifth
    assert arm.reach_m == pytest.approx(0.8)


def test_a_fixed_joint_between_moving_ones_is_folded_too(tmp_path: Path) -> None:
    text = simple_urdf().replace('<parent link="l3"/>', '<parent link="spacer"/>')
    text = text.replace("</robot>", '<link name="spacer"/></robot>')
    text = text.replace("</robot>", fixed("s", "l3", "spacer", 'xyz="0 0.3 0"') + "</robot>")
    arm = loaded(tmp_path, text)
    np.testing.assert_allclose(arm.Ts_parent_joint[3][:3, 3], [0, 0.3, 0.2])


def test_a_scene_takes_a_bare_urdf_and_another_flange_link(tmp_path: Path) -> None:
    path = tmp_path / "other.urdf"
    path.write_text(SHIPPED.read_text().replace('"flange"', '"tool0"'), encoding="utf-8")
    with pytest.raises(InputError, match=r"no such flange link.*accepted: base_link, .*tool0"):
        resolve_scene(load_scene("prismatic_tray", [f"arm.model={path}"]))
    overrides = [f"arm.model={path}", "arm.flange_link=tool0", "arm.park_deg=[0,-90,90,0,90,0]"]
    models = resolve_scene(load_scene("prismatic_tray", overrides))
    shipped = load_arm(SHIPPED.with_suffix(".yaml"))
    assert models.arm.flange_link == "tool0"
    np.testing.assert_array_equal(models.arm.Ts_parent_joint, shipped.arm.Ts_parent_joint)
    np.testing.assert_allclose(models.park_rad, shipped.park_rad)


def test_primitive_bodies_keep_their_shape(tmp_path: Path) -> None:
    bodies = body('<cylinder radius="0.1" length="0.5"/>') + body('<sphere radius="0.2"/>')
    cylinder, sphere = loaded(tmp_path, simple_urdf(body=bodies)).solids[3]
    assert (cylinder.shape, sphere.shape) == ("cylinder", "sphere")
    np.testing.assert_allclose(cylinder.size_m, [0.2, 0.2, 0.5])
    np.testing.assert_allclose(sphere.size_m, [0.4, 0.4, 0.4])
    np.testing.assert_allclose(sphere.T_parent_solid[:3, 3], [0, 0, 1])


def ascii_stl(p: np.ndarray) -> bytes:
    lines = "".join(f"vertex {x} {y} {z}\n" for x, y, z in p)
    return f"solid s\nfacet normal 0 0 1\nouter loop\n{lines}endloop\nendfacet\n".encode()


def binary_stl(p: np.ndarray) -> bytes:
    facets = b"".join(struct.pack("<12fH", 0, 0, 1, *t.ravel(), 0) for t in p.reshape(-1, 3, 3))
    return b" " * 80 + struct.pack("<I", len(p) // 3) + facets


def obj(p: np.ndarray) -> bytes:
    return "".join(f"v {x} {y} {z}\n" for x, y, z in p).encode() + b"vn 9 9 9\nf 1 2 3\n"


@pytest.mark.parametrize(
    ("name", "written"), [("a.stl", ascii_stl), ("b.stl", binary_stl), ("c.obj", obj)]
)
@pytest.mark.parametrize("prefix", ["", "package://robot_support/meshes/", "meshes/"])
def test_a_mesh_counts_as_its_bounding_box(
    tmp_path: Path, name: str, written: object, prefix: str
) -> None:
    assert callable(written)
    p = np.array([[0, 0, 0], [1000, 0, 0], [0, 500, 0], [0, 0, 250], [1, 1, 1], [2, 2, 2]])
    folder = tmp_path / "meshes" if prefix else tmp_path
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(written(p.astype(float)))
    mesh = body(f'<mesh filename="{prefix}{name}" scale="0.001 0.001 -0.001"/>')
    (box,) = loaded(tmp_path, simple_urdf(body=mesh)).solids[3]
    assert box.shape == "box"
    np.testing.assert_allclose(box.size_m, [1, 0.5, 0.25])
    np.testing.assert_allclose(box.T_parent_solid[:3, 3], [0.5, 0.25, 1 - 0.125])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<robot", "the URDF is not valid XML"),
        ("<sdf/>", "not a URDF; got '<sdf>'; accepted: a whole XML file"),
        ("<robot><link/></robot>", "a <link> without a name"),
        (simple_urdf().replace('"flange"', '"tip"'), "no such flange link"),
        (simple_urdf().replace('parent link="l3"', 'parent link="l9"'), "j3: no such link; got"),
        (simple_urdf().replace('<child link="l3"/>', ""), "j2: a joint without a child link"),
        (
            simple_urdf().replace('name="j2" type="revolute"', 'name="j2" type="prismatic"'),
            "the chain to the flange must have six revolute joints",
        ),
        (
            simple_urdf().replace('name="j2" type="revolute"', 'name="j2" type="fixed"'),
            "must have six revolute joints",
        ),
        (
            simple_urdf(extra=fixed("loop", "flange", "l0", "")),
            "the joints form a loop",
        ),
        (simple_urdf().replace('xyz="0 0 0.1"', 'xyz="0 0"'), "f1.origin.xyz: must be 3 numbers"),
        (
            simple_urdf().replace('xyz="0 0 0.1"', 'xyz="0 0 nan"'),
            "must be 3 numbers; got '0 0 nan",
        ),
        (simple_urdf().replace('xyz="0 0 0.1"', 'xyz="0 0 x"'), "must be 3 numbers; got '0 0 x'"),
        (simple_urdf().replace('axis xyz="0 0 1"', 'axis xyz="0 0 0"'), "axis must not be zero"),
        (simple_urdf().replace('lower="-2"', 'lower="2"'), "j0: a joint's range is empty"),
        (simple_urdf().replace('velocity="3"', 'velocity="0"'), "speed and torque limits must be"),
        (simple_urdf().replace('effort="50"', ""), "effort_nm under dynamics in the arm's YAML"),
        (simple_urdf(body=body("<cone/>")), "unknown geometry; got 'cone'; accepted: box, cyl"),
        (simple_urdf(body=body('<box size="1 0 1"/>')), "sizes must be above 0; got [1.0, 0.0"),
        (simple_urdf(body=body('<mesh filename="a.dae"/>')), "a collision mesh of unknown format"),
        (simple_urdf(body=body('<mesh filename="a.stl"/>')), "no such mesh file; got 'a.stl'"),
    ],
)
def test_a_urdf_that_cannot_serve_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        loaded(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "mine.urdf"))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("content", [b"", b"solid\n", b"\x00" * 90, b"vertex 1 2\n", b"\xff\xfe"])
def test_a_broken_mesh_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.stl").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.stl: (cannot read the mesh|the mesh has no finite)"):
        loaded(tmp_path, simple_urdf(body=body('<mesh filename="a.stl"/>')))


def test_torques_may_come_from_the_limits_file(tmp_path: Path) -> None:
    (tmp_path / "mine.urdf").write_text(simple_urdf().replace('effort="50"', ""), encoding="utf-8")
    text = SHIPPED.with_suffix(".yaml").read_text().replace("industrial_10kg.urdf", "mine.urdf")
    limits = tmp_path / "mine.yaml"
    limits.write_text(
        text.replace("dynamics:", "dynamics:\n  effort_nm: [1, 2, 3, 4, 5, 6]"), encoding="utf-8"
    )
    np.testing.assert_array_equal(load_arm(limits).arm.effort_nm, [1, 2, 3, 4, 5, 6])
    limits.write_text(text.replace("mine.urdf", "gone.urdf"), encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.yaml: urdf: no such URDF file; got 'gone\.urdf'"):
        load_arm(limits)
