"""Cells as rigid bodies against closed-form mechanics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from world_stage import TABLE, lone_cell, shipped, world_of

from cellpick.geometry import exp_rotation, pose, translation
from cellpick.structures import Solid
from cellpick.world.bodies import inertia
from cellpick.world.client import GRAVITY_M_S2, STEP_S

G = GRAVITY_M_S2
SCENES = ("prismatic_tray", "cylindrical_tray")


@pytest.mark.parametrize("scene", SCENES)
def test_a_dropped_cell_lands_when_it_should(scene: str) -> None:
    drop = 0.3
    state = lone_cell(scene, z_m=drop)
    half = state.cell.height_m / 2
    with world_of(state) as world:
        while world.state().Ts_world_cell[0, 2, 3] > half + 1e-4:
            world.wait(STEP_S)
        landed = world.time_s
        rest = world.settle(3.0).Ts_world_cell[0]
    # Bullet's semi-implicit Euler falls 0.5 g dt t further than the parabola
    assert landed == pytest.approx(np.sqrt(2 * drop / G), abs=2 * STEP_S)
    assert rest[2, 3] == pytest.approx(half, abs=5e-5)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("azimuth", [0.0, 0.6])
def test_a_cell_slides_at_its_friction_angle(scene: str, azimuth: float) -> None:
    mu = shipped(scene).cell.friction
    assert _slide(scene, 0.96 * np.arctan(mu), azimuth) < 2e-4
    angle = 1.15 * np.arctan(mu)
    expected = 0.5 * G * (np.sin(angle) - mu * np.cos(angle)) * 0.4**2
    assert _slide(scene, angle, azimuth) == pytest.approx(expected, rel=0.15)


def _slide(scene: str, angle: float, azimuth: float) -> float:
    """How far a cell slides down a plane in 0.4 s from rest; one too squat to topple."""
    cell = shipped(scene).cell
    squat = replace(cell, size_m=np.array([cell.size_m[0], *cell.size_m[:1], 0.02]), features=())
    axis = [-np.sin(azimuth), np.cos(azimuth), 0.0]
    T = pose(exp_rotation(np.array(axis) * angle), [0.0, 1.5, 1.0])
    slab = Solid("slab", "box", np.array([1.5, 1.5, 0.1]), T, "plastic")
    T_cell = T @ translation([0.0, 0.0, 0.05 + squat.height_m / 2])
    state = lone_cell(scene, cell=squat, Ts_world_cell=T_cell[None], fixtures=(TABLE, slab))
    with world_of(state) as world:
        world.wait(0.4)
        return float(np.linalg.norm(world.state().Ts_world_cell[0, :3, 3] - T_cell[:3, 3]))


def test_nothing_tunnels_and_no_energy_is_made() -> None:
    plate = Solid("plate", "box", np.array([1.0, 1.0, 0.005]), translation([0.55, -0.2, 0.2]))
    state = lone_cell(z_m=2.2, fixtures=(TABLE, plate))
    energies = []
    with world_of(state) as world:
        for _ in range(160):
            world.wait(0.01)
            v, _ = world._client.getBaseVelocity(world._cells[0])
            z = world.state().Ts_world_cell[0, 2, 3]
            energies.append(G * z + 0.5 * float(np.dot(v, v)))
    assert z > 0.2
    assert np.diff(energies).max() < 0.02 * energies[0]
    assert energies[-1] < energies[0]


def test_inertia_is_that_of_a_homogeneous_solid() -> None:
    rng = np.random.default_rng(0)
    for scene in SCENES:
        cell = shipped(scene).cell
        p = rng.uniform(-0.5, 0.5, (200_000, 3)) * cell.size_m
        if cell.shape == "cylinder":
            p = p[np.hypot(p[:, 0], p[:, 1]) <= cell.size_m[0] / 2]
        second = (p**2).mean(axis=0) * cell.mass_kg
        np.testing.assert_allclose(inertia(cell), second.sum() - second, rtol=0.02)


def test_cells_on_leaning_pads_come_to_rest_and_stay() -> None:
    state = lone_cell()
    rng = np.random.default_rng(3)
    fixtures, Ts = [TABLE], []
    for k in range(4):
        T = pose(exp_rotation(rng.normal(0, 0.01, 3) * [1, 1, 0]), [0.4, 0.04 * k - 0.3, 0.01])
        fixtures.append(Solid(f"pad.{k}", "box", np.array([0.13, 0.02, 0.01]), T, "plastic"))
        Ts.append(T @ translation([0.0, 0.0, 0.0052 + state.cell.height_m / 2]))
    state = replace(
        state,
        fixtures=tuple(fixtures),
        Ts_world_cell=np.array(Ts),
        serials=tuple(f"A{k}" for k in range(4)),
    )
    with world_of(state) as world:
        settled = world.settle()
        world.wait(2.5)
        before = world.state().Ts_world_cell
        world.wait(2.0)
        after = world.state().Ts_world_cell
    np.testing.assert_array_equal(before, after)
    assert np.abs(settled.Ts_world_cell[:, :3, 3] - state.Ts_world_cell[:, :3, 3]).max() < 1e-3
    assert np.abs(after[:, :3, 3] - settled.Ts_world_cell[:, :3, 3]).max() < 2e-4
    np.testing.assert_allclose(after[:, :3, 2], state.Ts_world_cell[:, :3, 2], atol=2e-3)
