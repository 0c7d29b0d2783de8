"""The combined robot: kinematics of both shipped arms, masses, and files that are wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from world_stage import lone_cell, shipped, world_of

from cellpick.errors import InputError
from cellpick.geometry import exp_rotation, from_rpy, pose
from cellpick.scene import SceneState, data_folder, load_arm
from cellpick.scene.rig import RIG_DENSITY_KG_M3
from cellpick.world.client import connect
from cellpick.world.robot import Robot
from cellpick.world.tool import mounted_solids
from cellpick.world.urdf import _rpy, robot_urdf

STATE = lone_cell()
ARMS = ("industrial_10kg", "collaborative_12kg")


def with_urdf(state: SceneState, text: str, folder: Path) -> SceneState:
    path = folder / "arm.urdf"
    path.write_text(text)
    return replace(state, arm=replace(state.arm, urdf=path))


@pytest.mark.parametrize("name", ARMS)
def test_the_body_stands_where_the_kinematics_say(name: str) -> None:
    arm = load_arm(data_folder("models") / "arms" / f"{name}.yaml").arm
    rng = np.random.default_rng(1)
    T_world_base = pose(exp_rotation(np.array([0.1, -0.2, 0.7])), [0.3, -0.1, 0.2])
    for _ in range(3):
        q = rng.uniform(np.maximum(arm.lower_rad, -3), np.minimum(arm.upper_rad, 3))
        state = replace(STATE, arm=arm, q=q, T_world_base=T_world_base)
        client = connect()
        T = Robot(client, state).tcp_frame()
        client.disconnect()
        expected = state.T_world_flange @ state.gripper.T_flange_tcp
        np.testing.assert_allclose(T, expected, atol=2e-6)


@pytest.mark.parametrize("name", ARMS)
def test_each_arm_stands_still_in_its_park_pose_without_touching_itself(name: str) -> None:
    file = load_arm(data_folder("models") / "arms" / f"{name}.yaml")
    state = replace(shipped(), arm=file.arm, q=file.park_rad, fixtures=())
    state = replace(state, Ts_world_cell=np.zeros((0, 4, 4)), serials=())
    with world_of(state) as world:
        world.wait(0.5)
        np.testing.assert_allclose(world.state().q, state.q, atol=1e-6)
        assert world.contacts == ()


@pytest.mark.parametrize("scene", ["prismatic_tray", "cylindrical_tray"])
def test_the_tool_weighs_what_its_files_say(scene: str) -> None:
    state = shipped(scene)
    client = connect()
    robot = Robot(client, state)
    tool = list(robot.solids) + robot.carriers
    mass = sum(client.getDynamicsInfo(robot.body, link)[0] for link in tool)
    client.disconnect()
    parts = mounted_solids(state.gripper, state.rig)
    rig = sum(m.mass_kg for m in parts if m.kind == "rig")
    volume = sum(
        np.prod(s.size_m) * {"box": 1.0, "cylinder": np.pi / 4, "sphere": np.pi / 6}[s.shape]
        for s in state.rig
    )
    assert rig == pytest.approx(RIG_DENSITY_KG_M3 * volume)
    assert mass == pytest.approx(state.gripper.mass_kg + rig, rel=1e-6)


def test_angles_of_a_urdf_origin_give_the_rotation_back() -> None:
    rng = np.random.default_rng(2)
    for R in [*exp_rotation(rng.normal(size=(50, 3)) * 2), from_rpy([0.3, np.pi / 2, 0.4])]:
        np.testing.assert_allclose(from_rpy(_rpy(R)), R, atol=1e-9)


def test_a_urdf_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="readable XML"):
        robot_urdf(with_urdf(STATE, "<robot", tmp_path))
    missing = replace(STATE, arm=replace(STATE.arm, urdf=tmp_path / "none.urdf"))
    with pytest.raises(InputError, match=r"none\.urdf"):
        robot_urdf(missing)


def test_a_missing_link_and_a_missing_joint_are_named(tmp_path: Path) -> None:
    text = STATE.arm.urdf.read_text()
    link, joint = STATE.arm.link_names[-1], STATE.arm.joint_names[2]
    with pytest.raises(InputError, match=f"{link}: the arm's URDF must have the link"):
        world_of(with_urdf(STATE, text.replace(f'"{link}"', '"other"'), tmp_path))
    with pytest.raises(InputError, match=f"{joint}: the arm's URDF must have the joint"):
        world_of(with_urdf(STATE, text.replace(f'"{joint}"', '"other"'), tmp_path))


def test_a_missing_mesh_is_named_and_a_present_one_is_found(tmp_path: Path) -> None:
    text = STATE.arm.urdf.read_text()
    first = text.index("<collision>")
    shape = '<collision><geometry><mesh filename="{}"/></geometry></collision>'
    for name in ("meshes/none.obj", "package://brand/meshes/none.obj"):
        broken = text[:first] + shape.format(name) + text[first:]
        with pytest.raises(InputError, match=r"none\.obj"):
            robot_urdf(with_urdf(STATE, broken, tmp_path))
    (tmp_path / "meshes").mkdir()
    (tmp_path / "meshes" / "some.obj").write_text("v 0 0 0\n")
    for name in ("meshes/some.obj", "package://brand/meshes/some.obj"):
        fine = text[:first] + shape.format(name) + text[first:]
        combined, _ = robot_urdf(with_urdf(STATE, fine, tmp_path))
        assert str(tmp_path / "meshes" / "some.obj") in combined


def test_a_gripper_without_cups_or_jaws_is_refused() -> None:
    bare = replace(STATE.gripper, cups=None)
    with pytest.raises(InputError, match="cups or jaws"):
        world_of(replace(STATE, gripper=bare))
