"""What touched what: names, limits and shorts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from world_stage import TABLE, go, lone_cell, over, shipped, world_of

from cellpick.geometry import exp_rotation, pose, translation
from cellpick.structures import Solid
from cellpick.world import Tolerances
from cellpick.world.client import connect, from_bullet, to_bullet
from cellpick.world.terminals import material_at, touched_polarities

STATE = lone_cell()
CELL = STATE.cell


def with_bar(material: str) -> object:
    """The vacuum gripper with a bar as long as the cell just above its lips."""
    T = STATE.gripper.T_flange_tcp @ translation([0.0, 0.0, -0.008])
    bar = Solid("gripper.long_bar", "box", np.array([0.15, 0.01, 0.01]), T, material)
    return replace(STATE.gripper, solids=(*STATE.gripper.solids, bar))


@pytest.mark.parametrize(("material", "short"), [("aluminium", True), ("rubber", False)])
def test_only_a_conductor_across_both_terminals_is_a_short(material: str, short: bool) -> None:
    state = replace(STATE, gripper=with_bar(material))
    T = over(STATE.Ts_world_cell[0], STATE)
    with world_of(state) as world:
        go(world, state, T @ translation([0, 0, -0.03]), 1.0)
        world.begin_attempt()
        report = go(world, state, T @ translation([0, 0, 0.0025]), 0.05)
        outcome = world.judge(0, Tolerances(1e-3, 0.02, 1e-3))
    assert report.status == "blocked"
    assert ("gripper.long_bar", "cell.A000") in {c.bodies for c in outcome.contacts}
    assert outcome.shorts == (("gripper.long_bar across the terminals of A000",) if short else ())


def test_a_cell_dropped_on_its_head_onto_steel_is_shorted() -> None:
    steel = Solid("plate", "box", np.array([0.5, 0.5, 0.02]), translation([0.55, -0.2, 0.01]))
    T = pose(exp_rotation(np.array([np.pi, 0, 0])), [0.55, -0.2, 0.02 + CELL.height_m / 2 + 0.003])
    state = lone_cell(fixtures=(TABLE, steel), Ts_world_cell=T[None])
    with world_of(state) as world:
        world.begin_attempt()
        world._attempt.held(0, 0.0, 0.0)
        world.settle()
        outcome = world.judge(0, Tolerances(1e-3, 0.02, 1e-3))
    assert outcome.shorts == ("plate across the terminals of A000",)


def test_points_on_terminals_know_their_polarity() -> None:
    half = CELL.height_m / 2
    plus, minus = (f for f in CELL.features if f.kind == "terminal")
    top = [[*f.center_m, half + f.height_m] for f in (plus, minus)]
    assert touched_polarities(CELL, np.array(top[:1])) == {plus.polarity}
    assert touched_polarities(CELL, np.array(top)) == {"+", "-"}
    assert not touched_polarities(CELL, np.array([[0.0, 0.0, half]]))
    assert not touched_polarities(CELL, np.array([[*plus.center_m, -half]]))
    round_cell = shipped("cylindrical_tray").cell
    rim = [0.5 * round_cell.size_m[0] - 0.001, 0.0, round_cell.height_m / 2]
    assert touched_polarities(round_cell, np.array([rim])) == {"-"}


def test_each_face_has_its_material() -> None:
    half = CELL.height_m / 2
    assert material_at(CELL, np.array([0.0, 0.0, half])) == CELL.top_material
    assert material_at(CELL, np.array([0.0, 0.0, -half])) == CELL.bottom_material
    assert material_at(CELL, np.array([0.07, 0.0, 0.0])) == CELL.case_material


def test_poses_go_to_bullet_and_back() -> None:
    client = connect()
    rng = np.random.default_rng(0)
    for _ in range(50):
        T = pose(exp_rotation(rng.normal(size=3) * 2), rng.normal(size=3))
        np.testing.assert_allclose(from_bullet(client, *to_bullet(T)), T, atol=1e-12)
    client.disconnect()


def test_bullet_says_nothing_on_the_streams(capfd: pytest.CaptureFixture[str]) -> None:
    connect().disconnect()
    assert capfd.readouterr() == ("", "")
