"""Scenes for the world's tests: shipped models, a table, hand-placed cells, straight motions."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np

from cellpick.geometry import Floats, difference, exp_rotation, invert, jacobian, pose, translation
from cellpick.scene import SceneState, load_scene, nominal_state, resolve_scene
from cellpick.structures import ArmModel, JointTrajectory, Solid
from cellpick.world import FollowReport, World

DOWN = np.diag([1.0, -1.0, -1.0])
TABLE = Solid("table", "box", np.array([4.0, 4.0, 0.1]), translation([0.0, 0.0, -0.05]), "plastic")
SPOT = np.array([0.55, -0.2])
"""Where a lone cell stands on the table, within the arm's reach."""


@functools.cache
def shipped(scene: str = "prismatic_tray") -> SceneState:
    return nominal_state(resolve_scene(load_scene(scene)))


def lone_cell(scene: str = "prismatic_tray", z_m: float = 0.0, **changes: object) -> SceneState:
    """The scene's arm and gripper, a bare table, and one cell that stands on it."""
    state = shipped(scene)
    T = translation([*SPOT, z_m + state.cell.height_m / 2])
    return replace(
        state,
        **{
            "rig": (),
            "fixtures": (TABLE,),
            "Ts_world_cell": T[None],
            "serials": ("A000",),
            "T_world_module": translation([*SPOT, 0.0]),
            "Ts_module_slot": translation([[0.0, 0.0, state.cell.height_m / 2]]),
            **changes,
        },
    )


def world_of(state: SceneState, seed: int = 0) -> World:
    return World(state, np.random.default_rng(seed))


def over(T_world_cell: Floats, state: SceneState, up_m: float = 0.0) -> Floats:
    """`T_world_flange` with the TCP on the cell's upper end, square to it, or above it."""
    half = state.cell.height_m / 2
    T_world_tcp = T_world_cell @ pose(DOWN, [0.0, 0.0, half + up_m])
    return T_world_tcp @ invert(state.gripper.T_flange_tcp)


def solve(arm: ArmModel, T_base_flange: Floats, q: Floats) -> Floats:
    """The joint angles near `q` for a flange pose, by Newton's method."""
    for _ in range(60):
        T = arm.flange_pose(q)
        step = difference(T, T_base_flange)
        if np.abs(step).max() < 1e-11:
            return q
        R = T[:3, :3]
        J = jacobian(arm.Ts_parent_joint, arm.axes, q, arm.T_link_flange)
        twist = np.clip(np.concatenate([R @ step[:3], R @ step[3:]]), -0.05, 0.05)
        q = q + np.linalg.lstsq(J, twist, rcond=None)[0]
    raise AssertionError("no joint angles for the pose")


def trajectory(arm: ArmModel, q: Floats, Ts_base_flange: Floats, dt_s: float) -> JointTrajectory:
    """Through flange poses (n, 4, 4), one each `dt_s`, from rest to rest."""
    rows = []
    for T in Ts_base_flange:
        q = solve(arm, T, q)
        rows.append(q)
    t = dt_s * np.arange(len(rows))
    dq = np.gradient(np.array(rows), dt_s, axis=0)
    dq[[0, -1]] = 0.0
    return JointTrajectory("test", t, np.array(rows), dq, np.gradient(dq, dt_s, axis=0))


def go(
    world: World, state: SceneState, T_world_flange: Floats, v_m_s: float = 0.25
) -> FollowReport:
    """Move straight to a flange pose; the orientation turns along."""
    q = world.state().q
    T_start = state.arm.flange_pose(q)
    T_end = invert(state.T_world_base) @ T_world_flange
    twist = difference(T_start, T_end)
    length = max(float(np.linalg.norm(T_end[:3, 3] - T_start[:3, 3])), 0.02)
    s = np.linspace(0.0, 1.0, 41)
    s = 10 * s**3 - 15 * s**4 + 6 * s**5
    R = T_start[:3, :3]
    p = T_start[:3, 3] + s[:, None] * (T_end[:3, 3] - T_start[:3, 3])
    Ts = pose(R @ exp_rotation(s[:, None] * twist[3:]), p)
    return world.follow(trajectory(state.arm, q, Ts, 1.9 * length / v_m_s / 40))
