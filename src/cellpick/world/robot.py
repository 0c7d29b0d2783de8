"""The arm with its gripper and rig as one articulated body: motors, encoders, poses."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats, invert
from cellpick.scene.state import SceneState
from cellpick.structures import Jaws
from cellpick.world.client import STEP_S, from_bullet, to_bullet
from cellpick.world.groups import LINK_GROUPS, TOOL, TOOL_MEETS
from cellpick.world.tool import Mounted
from cellpick.world.urdf import CARRIER, robot_urdf

LINING_N_M = 1e6
"""Stiffness of one contact of a jaw's lining; assumed. Rigid ones leave the solver trembling."""
LINING_N_S_M = 1e3
"""Its damping; assumed."""
JAW_ITERATIONS = 100
"""Sweeps of the contact solver a step with jaws: half as many leave them trembling."""
METAL_FRICTION = 0.5
"""Friction of arm, gripper body and rig on a fixture; assumed."""


class Robot:
    """One multibody in the physics client."""

    def __init__(self, client: Any, state: SceneState) -> None:
        self._client = client
        text, tool = robot_urdf(state)
        with tempfile.TemporaryDirectory(prefix="cellpick-") as folder:
            path = Path(folder) / "robot.urdf"
            path.write_text(text, encoding="utf-8")
            self.body = int(
                client.loadURDF(
                    str(path),
                    useFixedBase=True,
                    flags=client.URDF_USE_INERTIA_FROM_FILE
                    | client.URDF_USE_SELF_COLLISION
                    # else a cylinder becomes a hull with a millimetre of margin outside
                    | client.URDF_USE_IMPLICIT_CYLINDER,
                )
            )
        joints, links = self._indices()
        missing = [n for n in state.arm.joint_names if n not in joints]
        if missing:
            raise InputError(
                "the arm's URDF must have the joint",
                source=str(state.arm.urdf),
                key=missing[0],
                accepted=", ".join(sorted(joints)),
            )
        self.joints = [joints[n] for n in state.arm.joint_names]
        self._effort = state.arm.effort_nm.tolist()
        self.carriers = [joints[f"{n}_joint"] for n in tool.carriers]
        self.solids: dict[int, Mounted] = {links[n]: m for n, m in tool.solids.items()}
        self.names = {i: f"arm.{n}" for n, i in links.items()}
        self.names.update({i: m.solid.name for i, m in self.solids.items()})
        self._wrist = links[state.arm.link_names[-1]]
        self._T_link_flange = state.arm.T_link_flange
        self._T_flange_tcp = state.gripper.T_flange_tcp
        self._place(state.T_world_base, links[state.arm.link_names[0]])
        self._set_up_links([links[n] for n in state.arm.link_names])
        self._set_up_motors(state)
        self._forgive_overlaps()

    @property
    def q(self) -> Floats:
        """(6,) true joint angles."""
        return np.array([s[0] for s in self._client.getJointStates(self.body, self.joints)])

    @property
    def dq(self) -> Floats:
        """(6,) true joint speeds in rad/s."""
        return np.array([s[1] for s in self._client.getJointStates(self.body, self.joints)])

    @property
    def travel(self) -> Floats:
        """(c,) positions of the sliding parts."""
        if not self.carriers:
            return np.zeros(0)
        return np.array([s[0] for s in self._client.getJointStates(self.body, self.carriers)])

    def drive(self, q: Floats) -> None:
        """Ask the motors to stand at `q` (6,) after the next step, within the URDF's efforts."""
        self._client.setJointMotorControlArray(
            self.body,
            self.joints,
            self._client.POSITION_CONTROL,
            targetPositions=q.tolist(),
            positionGains=[1.0] * 6,
            velocityGains=[1.0] * 6,
            forces=self._effort,
        )

    def slide(self, carrier: int, speed_m_s: float, force_n: float) -> None:
        """Push a sliding part with a limited force until it has this speed."""
        self._client.setJointMotorControl2(
            self.body,
            self.carriers[carrier],
            self._client.VELOCITY_CONTROL,
            targetVelocity=speed_m_s,
            force=force_n,
        )

    def slide_to(self, carrier: int, target_m: float, speed_m_s: float, force_n: float) -> None:
        """Bring a sliding part to a place, no faster than this."""
        now = float(self.travel[carrier])
        speed = float(np.clip((target_m - now) / STEP_S, -speed_m_s, speed_m_s))
        self.slide(carrier, speed, force_n)

    def carrier_frame(self, carrier: int) -> Floats:
        """(4, 4) `T_world_tcp` as the sliding part carries it: the lips, or one jaw."""
        return self.link_frame(self.carriers[carrier])

    def tcp_frame(self) -> Floats:
        """(4, 4) `T_world_tcp` of the gripper's body."""
        result: Floats = self.link_frame(self._wrist) @ self._T_link_flange @ self._T_flange_tcp
        return result

    def link_frame(self, link: int) -> Floats:
        """(4, 4) URDF frame of a link in the world; the base is -1."""
        if link < 0:
            position, orientation = self._client.getBasePositionAndOrientation(self.body)
            local = self._client.getDynamicsInfo(self.body, -1)[3:5]
            T_world_com = from_bullet(self._client, position, orientation)
            result: Floats = T_world_com @ invert(from_bullet(self._client, *local))
            return result
        state = self._client.getLinkState(self.body, link)
        return from_bullet(self._client, state[4], state[5])

    def mass_frame(self, link: int) -> Floats:
        """(4, 4) centre-of-mass frame of a link: what PyBullet's constraints refer to."""
        state = self._client.getLinkState(self.body, link)
        return from_bullet(self._client, state[0], state[1])

    def links_of(self, *kinds: str) -> list[int]:
        """Link indices of the tool's parts of these kinds."""
        return [i for i, m in self.solids.items() if m.kind in kinds]

    def _indices(self) -> tuple[dict[str, int], dict[str, int]]:
        joints: dict[str, int] = {}
        links = {self._client.getBodyInfo(self.body)[0].decode(): -1}
        for i in range(self._client.getNumJoints(self.body)):
            info = self._client.getJointInfo(self.body, i)
            joints[info[1].decode()] = i
            links[info[12].decode()] = i
        return joints, links

    def _place(self, T_world_base: Floats, base_link: int) -> None:
        """Put the arm's base link, which need not be the URDF's root, where the scene has it."""
        move = T_world_base @ invert(self.link_frame(base_link))
        position, orientation = self._client.getBasePositionAndOrientation(self.body)
        T_world_root = move @ from_bullet(self._client, position, orientation)
        self._client.resetBasePositionAndOrientation(self.body, *to_bullet(T_world_root))

    def _set_up_links(self, chain: list[int]) -> None:
        for link in range(-1, self._client.getNumJoints(self.body)):
            self._client.changeDynamics(
                self.body,
                link,
                linearDamping=0.0,
                angularDamping=0.0,
                lateralFriction=METAL_FRICTION,
                restitution=0.0,
            )
            group, mask = (TOOL, TOOL_MEETS) if link in self.solids else LINK_GROUPS[0]
            if link in chain:
                group, mask = LINK_GROUPS[chain.index(link)]
            self._client.setCollisionFilterGroupMask(self.body, link, group, mask)

    def _set_up_motors(self, state: SceneState) -> None:
        for link in range(self._client.getNumJoints(self.body)):
            self._client.setJointMotorControl2(
                self.body, link, self._client.VELOCITY_CONTROL, force=0.0
            )
        for joint, angle in zip(self.joints, state.q.tolist(), strict=True):
            self._client.resetJointState(self.body, joint, angle)
        self.drive(state.q)
        if state.gripper.jaws is not None:
            self._line_jaws(state.gripper.jaws, state)

    def _forgive_overlaps(self) -> None:
        """Simple bodies that overlap where the arm starts do so by design and never meet."""
        self._client.performCollisionDetection()
        for p in self._client.getContactPoints(bodyA=self.body, bodyB=self.body):
            self._client.setCollisionFilterPair(self.body, self.body, p[3], p[4], 0)

    def _line_jaws(self, jaws: Jaws, state: SceneState) -> None:
        self._client.setPhysicsEngineParameter(numSolverIterations=JAW_ITERATIONS)
        friction = jaws.friction / state.cell.friction
        for link in self.links_of("jaw"):
            self._client.changeDynamics(
                self.body,
                link,
                lateralFriction=friction,
                contactStiffness=LINING_N_M,
                contactDamping=LINING_N_S_M,
            )
        for joint in self.carriers:
            self._client.resetJointState(self.body, joint, state.opening_m)


__all__ = ["CARRIER", "Robot"]
