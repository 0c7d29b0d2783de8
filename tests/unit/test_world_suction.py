"""Vacuum grips: seals, the measured load, and letting go where closed form says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from world_stage import go, lone_cell, over, solve, trajectory, world_of

from cellpick.errors import InputError
from cellpick.geometry import Floats, exp_rotation, translation
from cellpick.scene import SceneState
from cellpick.structures import JointTrajectory, PickOutcome
from cellpick.world import Tolerances, World
from cellpick.world.client import GRAVITY_M_S2, STEP_S
from cellpick.world.suction import LOAD_FILTER_S
from cellpick.world.tool import holding_force

STATE = lone_cell()
CELL, CUPS = STATE.cell, STATE.gripper.cups
assert CUPS is not None
HOLDING = len(CUPS.centers_m) * holding_force(CUPS)
WEIGHT = CELL.mass_kg * GRAVITY_M_S2


def gripped(state: SceneState, lift_m: float = 0.1) -> World:
    world = world_of(state)
    world.begin_attempt()
    T = state.Ts_world_cell[0]
    assert go(world, state, over(T, state, 0.05), 1.0).status == "ok"
    assert go(world, state, over(T, state)).status == "ok"
    assert world.grip().holds
    assert go(world, state, over(T, state, lift_m)).status == "ok"
    world.wait(0.2)
    return world


def judged(world: World) -> PickOutcome:
    return world.judge(0, Tolerances(1e-3, 0.02, 1e-3))


def pulled(world: World, force: Callable[[float], Floats], end_n: float) -> float:
    """Raise an outside force on the cell, 40 N/s, until the cups let go; returns it then."""
    size = 0.0
    while world.read_gripper().holds and size < end_n:
        size += 40.0 * STEP_S
        p, _ = world._client.getBasePositionAndOrientation(world._cells[0])
        frame = world._client.WORLD_FRAME
        world._client.applyExternalForce(world._cells[0], -1, force(size).tolist(), p, frame)
        world.wait(STEP_S)
    return size


def test_a_still_hanging_cell_weighs_m_g() -> None:
    with gripped(STATE) as world:
        suction = world._gripper._suction  # type: ignore[attr-defined]
        assert suction._load[:3] == pytest.approx([0.0, 0.0, WEIGHT], rel=2e-3, abs=0.02)
        assert suction._load[3:] == pytest.approx([0.0, 0.0, 0.0], abs=2e-3)


def test_the_reaction_is_told_in_the_tools_axes_about_the_tool() -> None:
    """A known force at a known lever, with the tool askew: frame and sign of Bullet's answer."""
    T = STATE.Ts_world_cell[0]
    with gripped(STATE) as world:
        askew = over(T, STATE, 0.15)
        askew[:3, :3] = askew[:3, :3] @ exp_rotation(np.array([0.25, -0.2, 0.4]))
        assert go(world, STATE, askew).status == "ok"
        client, body = world._client, world._cells[0]
        force, torque = np.array([1.5, -2.0, 0.7]), np.array([0.05, 0.03, -0.04])
        for _ in range(60):
            T_cell = world.state().Ts_world_cell[0]
            client.applyExternalForce(
                body, -1, force.tolist(), T_cell[:3, 3].tolist(), client.WORLD_FRAME
            )
            client.applyExternalTorque(body, -1, torque.tolist(), client.WORLD_FRAME)
            world.wait(STEP_S)
        T_tcp = world._robot.carrier_frame(0)
        total = force - [0.0, 0.0, WEIGHT]
        lever = T_cell[:3, 3] - T_tcp[:3, 3]
        moment = torque + np.cross(lever, total)
        load = world._gripper._suction._load  # type: ignore[attr-defined]
    np.testing.assert_allclose(load[:3], T_tcp[:3, :3].T @ total, atol=0.03)
    np.testing.assert_allclose(load[3:], T_tcp[:3, :3].T @ moment, atol=4e-3)


def test_cups_let_go_at_pressure_times_area() -> None:
    with gripped(STATE) as world:
        limit = pulled(world, lambda f: np.array([0.0, 0.0, -f]), 2 * HOLDING) + WEIGHT
        # the cell crashes onto the table while the arm moves on: it does not feel that
        report = go(world, STATE, over(STATE.Ts_world_cell[0], STATE, 0.15))
        outcome = judged(world)
    assert report.status == "ok"
    assert {c.bodies for c in outcome.contacts} == {("cell.A000", "table")}
    assert limit == pytest.approx(HOLDING, rel=0.03)
    assert (outcome.status, outcome.cause) == ("dropped", "overload")
    assert outcome.peak_load_n == pytest.approx(HOLDING, rel=0.03)


def test_cups_slip_at_friction_times_what_presses_them_on() -> None:
    """The force acts in the plane of the lips, so that it has no lever."""
    with gripped(STATE) as world:
        lever = CELL.height_m / 2
        size, holding = 0.0, HOLDING - WEIGHT
        client, body = world._client, world._cells[0]
        while world.read_gripper().holds and size < HOLDING:
            size += 40.0 * STEP_S
            x, y, z = client.getBasePositionAndOrientation(body)[0]
            at = [x, y, z + lever]
            client.applyExternalForce(body, -1, [size, 0.0, 0.0], at, client.WORLD_FRAME)
            world.wait(STEP_S)
        world.wait(0.1)
        outcome = judged(world)
    assert size == pytest.approx(CUPS.friction * holding, rel=0.05)
    assert outcome.cause == "shear_slip"


def test_a_cell_is_lost_when_the_arm_accelerates_too_hard() -> None:
    """Upward at a jerk of 40 m/s^3: the cups let go at a = holding / m - g."""
    weak = replace(STATE.gripper, cups=replace(CUPS, vacuum_pa=0.3 * CUPS.vacuum_pa))
    arm = replace(STATE.arm, effort_nm=np.full(6, 5e3))
    state = replace(STATE, gripper=weak, arm=arm)
    expected = 0.3 * HOLDING / CELL.mass_kg - GRAVITY_M_S2
    jerk, dt = 40.0, 2 * STEP_S
    t = np.arange(0.0, 1.3 * expected / jerk, dt)
    with gripped(state, lift_m=0.03) as world:
        T = over(state.Ts_world_cell[0], state, 0.03)
        Ts = translation(np.stack([0 * t, 0 * t, jerk * t**3 / 6], axis=-1)) @ T
        move = trajectory(arm, solve(arm, T, world.state().q), Ts, dt)
        held = []
        # one sample at a time: the last one of a trajectory need not be at rest
        for k in range(1, len(t)):
            world.follow(
                JointTrajectory(
                    "part",
                    move.times_s[k - 1 : k + 1] - move.times_s[k - 1],
                    move.q[k - 1 : k + 1],
                    move.dq[k - 1 : k + 1],
                    move.ddq[k - 1 : k + 1],
                )
            )
            held.append(world.read_gripper().holds)
    lost_at = jerk * t[1:][~np.array(held)][0]
    # the lip's elasticity answers later by its time constant
    assert lost_at == pytest.approx(expected + jerk * LOAD_FILTER_S, rel=0.04)


@pytest.mark.parametrize(
    ("shift", "sealed"),
    [
        ([0.0, 0.0, 0.0], [True, True]),
        ([0.0, 0.0, -0.0005], [True, True]),  # a gap within the lip's compliance
        ([0.0, 0.0, -0.0030], [False, False]),  # beyond it
        ([0.012, 0.0, 0.0], [False, False]),  # cup 0 on a terminal's edge, which lifts both
        ([0.0, 0.008, 0.0], [False, False]),  # over the cell's long edge
    ],
)
def test_a_cup_seals_only_with_its_whole_rim_on_the_surface(
    shift: list[float], sealed: list[bool]
) -> None:
    with world_of(STATE) as world:
        T = over(STATE.Ts_world_cell[0], STATE) @ translation(shift)
        assert go(world, STATE, T @ translation([0.0, 0.0, -0.02]), 1.0).status == "ok"
        assert go(world, STATE, T).status == "ok"
        reading = world.grip()
    assert (reading.vacuum_pa > CUPS.vacuum_pa / 2).tolist() == sealed
    assert reading.holds == any(sealed)


def test_a_grip_on_nothing_is_told_and_judged() -> None:
    with world_of(STATE) as world:
        world.begin_attempt()
        assert not world.grip().holds
        world.release()
        outcome = judged(world)
    assert (outcome.status, outcome.cause, outcome.serial) == ("not_picked", "seal_failed", "")


def test_a_cell_set_down_where_it_was_is_placed() -> None:
    with gripped(STATE) as world:
        assert go(world, STATE, over(STATE.Ts_world_cell[0], STATE)).status == "ok"
        assert not world.release().holds
        assert go(world, STATE, over(STATE.Ts_world_cell[0], STATE, 0.05)).status == "ok"
        outcome = judged(world)
        rest = world.state().Ts_world_cell[0]
    assert (outcome.status, outcome.cause, outcome.serial) == ("placed", "", "A000")
    assert outcome.contacts == ()
    assert outcome.shorts == ()
    assert outcome.place_error_m < 1e-4
    assert np.abs(rest - STATE.Ts_world_cell[0]).max() < 2e-4


def test_pressing_too_low_gives_way_in_the_spring_and_still_seals() -> None:
    """Two millimetres too low: the level compensator takes them, at its spring's force."""
    T = over(STATE.Ts_world_cell[0], STATE)
    with world_of(STATE) as world:
        go(world, STATE, T @ translation([0.0, 0.0, -0.02]), 1.0)
        assert go(world, STATE, T @ translation([0.0, 0.0, 0.002]), 0.05).status == "ok"
        assert world.state().q == pytest.approx(world._q_wanted, abs=1e-5)
        assert world._robot.travel[0] == pytest.approx(-0.002, abs=2e-4)
        assert world.grip().holds
        assert world.contacts == ()


def test_cups_have_no_opening() -> None:
    with world_of(STATE) as world:
        assert world.set_opening(0.0).opening_m == 0.0
        with pytest.raises(InputError, match="cups have no opening"):
            world.set_opening(0.01)


def test_cups_that_the_file_does_not_draw_are_made() -> None:
    bare = replace(STATE.gripper, solids=STATE.gripper.solids[:2])
    with gripped(replace(STATE, gripper=bare)) as world:
        assert world.read_gripper().holds


def test_hinged_lips_feel_the_same_weight_and_no_moment() -> None:
    """Bullet tells a point-to-point force for the other body: its sign must not turn over."""
    with gripped(STATE) as world:
        suction = world._gripper._suction  # type: ignore[attr-defined]
        suction._lips.hinge()
        world._client.stepSimulation()
        reaction = suction._lips.reaction()
        assert reaction[:3] == pytest.approx([0.0, 0.0, WEIGHT], rel=0.1, abs=0.1)
        assert reaction[3:] == pytest.approx([0.0, 0.0, 0.0], abs=2e-3)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_cell_set_down_on_one_edge_is_not_peeled_off(axis: int) -> None:
    """Half a degree is far within the lips' compliance; the cell is carried on afterwards."""
    T = STATE.Ts_world_cell[0]
    with gripped(STATE) as world:
        askew = over(T, STATE, 0.003)
        askew[:3, :3] = askew[:3, :3] @ exp_rotation(np.deg2rad(0.5) * np.eye(3)[axis])
        assert go(world, STATE, askew, 1.0).status == "ok"
        low = askew.copy()
        low[2, 3] -= 0.003
        assert go(world, STATE, low, 1.0).status == "ok"
        assert world.read_gripper().holds
        assert go(world, STATE, over(T, STATE, 0.1), 1.0).status == "ok"
        assert world.read_gripper().holds
        assert not world._gripper._suction._lips.hinged  # type: ignore[attr-defined]
