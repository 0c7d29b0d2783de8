"""Jaws: nothing but friction holds the cell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from world_stage import go, lone_cell, over, world_of

from cellpick.errors import InputError
from cellpick.geometry import translation
from cellpick.scene import SceneState
from cellpick.world import Tolerances, World
from cellpick.world.client import GRAVITY_M_S2, STEP_S

STATE = lone_cell("cylindrical_tray")
JAWS = STATE.gripper.jaws
assert JAWS is not None
OPEN_M = float(JAWS.opening_m[1])
PINS = [s for s in JAWS.solids[0] if "pin" in s.name]
PIN = PINS[0].T_parent_solid[:3, 3]
REACH = (STATE.cell.size_m[0] + PINS[0].size_m[0]) / 2
TOUCH_M = float(np.sqrt(REACH**2 - PIN[1] ** 2) - PIN[0])
"""Opening at which the pins touch a centred cell."""
COSINE = (PIN[0] + TOUCH_M) / REACH
"""Of the angle between a pin's normal and the jaw's travel."""
GRIP_N = 2 * JAWS.friction * JAWS.force_n / COSINE
"""Four pins, each pressed on by half a jaw's force over the cosine, times friction."""


def gripped(state: SceneState, shift_m: float = 0.0) -> World:
    world = world_of(state)
    world.begin_attempt()
    world.set_opening(OPEN_M)
    T = over(state.Ts_world_cell[0], state) @ translation([shift_m, 0.0, 0.0])
    assert go(world, state, T @ translation([0, 0, -0.08]), 1.0).status == "ok"
    assert go(world, state, T).status == "ok"
    world.grip()
    return world


def test_pins_stop_at_the_cell_and_centre_it() -> None:
    with gripped(STATE, shift_m=0.0008) as world:
        reading = world.read_gripper()
        p = world._gripper._in_grip(0)  # type: ignore[attr-defined]
        assert reading.holds
        assert reading.opening_m == pytest.approx(TOUCH_M, abs=1e-4)
        assert p[:2] == pytest.approx([0.0, 0.0], abs=1e-4)
        assert len(reading.vacuum_pa) == 0


def test_a_held_cell_does_not_creep() -> None:
    T = over(STATE.Ts_world_cell[0], STATE)
    with gripped(STATE) as world:
        assert go(world, STATE, T @ translation([0, 0, -0.1]), 0.5).status == "ok"
        before = world._gripper._in_grip(0)  # type: ignore[attr-defined]
        world.wait(1.0)
        after = world._gripper._in_grip(0)  # type: ignore[attr-defined]
        assert world.read_gripper().holds
    assert np.abs(after - before).max() < 1e-4


def test_a_cell_slips_at_friction_times_what_the_pins_press_with() -> None:
    T = over(STATE.Ts_world_cell[0], STATE)
    with gripped(STATE) as world:
        assert go(world, STATE, T @ translation([0, 0, -0.1]), 0.5).status == "ok"
        start = world._gripper._in_grip(0)[2]  # type: ignore[attr-defined]
        client, body, size = world._client, world._cells[0], 0.0
        while world._gripper._in_grip(0)[2] - start < 1e-3 and size < 3 * GRIP_N:  # type: ignore[attr-defined]
            size += 60.0 * STEP_S
            p, _ = client.getBasePositionAndOrientation(body)
            client.applyExternalForce(body, -1, [0, 0, -size], p, client.WORLD_FRAME)
            world.wait(STEP_S)
    weight = STATE.cell.mass_kg * GRAVITY_M_S2
    assert size + weight == pytest.approx(GRIP_N, rel=0.08)


@pytest.mark.parametrize(("share", "held"), [(1.6, True), (0.6, False)])
def test_a_cell_is_lifted_only_if_friction_bears_its_weight(share: float, held: bool) -> None:
    """The closing force is chosen so that friction bears `share` of the weight."""
    weight = STATE.cell.mass_kg * GRAVITY_M_S2
    force = JAWS.force_n * share * weight / GRIP_N
    jaws = replace(JAWS, force_n=force)
    state = replace(STATE, gripper=replace(STATE.gripper, jaws=jaws))
    T = over(state.Ts_world_cell[0], state)
    with gripped(state) as world:
        assert go(world, state, T @ translation([0, 0, -0.06]), 0.1).status == "ok"
        world.wait(0.5)
        outcome = world.judge(0, Tolerances(1e-3, 0.02, 1e-3))
        z = world.state().Ts_world_cell[0, 2, 3] - state.Ts_world_cell[0, 2, 3]
    assert (z > 0.055) == held
    assert (outcome.cause == "not_released") == held


def test_jaws_that_close_on_nothing_say_so() -> None:
    with world_of(STATE) as world:
        world.begin_attempt()
        world.set_opening(0.003)
        assert world.state().opening_m == pytest.approx(0.003, abs=2e-5)
        reading = world.grip()
        outcome = world.judge(0, Tolerances(1e-3, 0.02, 1e-3))
    assert not reading.holds
    assert reading.opening_m == pytest.approx(0.0, abs=1e-4)
    assert (outcome.status, outcome.cause) == ("not_picked", "jaws_empty")


def test_release_opens_as_far_as_before() -> None:
    with gripped(STATE) as world:
        reading = world.release()
        assert not reading.holds
        assert reading.opening_m == pytest.approx(OPEN_M, abs=2e-5)


def test_an_opening_beyond_the_travel_is_refused() -> None:
    with world_of(STATE) as world, pytest.raises(InputError, match="within the jaws' travel"):
        world.set_opening(0.1)
