"""Heaps fall, rest, stay in their bin and apart; lying, stacked and odd cells stand as drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cellpick.geometry import invert, transform
from cellpick.scene import draw_scene, load_scene, resolve_scene
from cellpick.world import World, pour

SMALL = ["tray.cells=14", "tray.inner_size_mm=[110,95]", "tray.wall_height_mm=130"]
LYING = ["purpose=look", "tray.arrangement=lying"]


def scene_of(name, *overrides, seed=0):
    models = resolve_scene(load_scene(name, [*overrides]))
    return draw_scene(models, np.random.default_rng(seed))


@pytest.fixture(scope="module", params=[0, 1])
def heap(request):
    return pour(scene_of("bulk_bin", *SMALL, seed=request.param))


def surface_points(cell):
    """Points on a cylinder with rounded rims: rings along its side, on its rims and its ends."""
    r, half, rim = cell.size_m[0] / 2, cell.size_m[2] / 2, cell.rim_radius_m
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    side = [np.c_[r * ring, np.full(48, z)] for z in np.linspace(rim - half, half - rim, 29)]
    bend = rim * (1 - np.sqrt(0.5))
    rims = [np.c_[(r - bend) * ring, np.full(48, z)] for z in (bend - half, half - bend)]
    flat = [s * (r - rim) * ring for s in (0, 0.5, 1)]
    ends = [np.c_[xy, np.full(48, z)] for z in (-half, half) for xy in flat]
    return np.concatenate(side + rims + ends)


def deepest_m(state):
    """How deep any surface point lies inside another cell, by its exact signed distance."""
    rim = state.cell.rim_radius_m
    core = state.cell.size_m[[0, 2]] / 2 - rim
    p_world = transform(state.Ts_world_cell, surface_points(state.cell))
    worst = -np.inf
    for row, T in enumerate(state.Ts_world_cell):
        others = np.delete(p_world, row, axis=0).reshape(-1, 3)
        p = transform(invert(T), others)
        q = np.stack([np.hypot(p[:, 0], p[:, 1]), np.abs(p[:, 2])], axis=1) - core
        distance = np.linalg.norm(np.maximum(q, 0), axis=1) + np.minimum(q.max(axis=1), 0) - rim
        worst = max(worst, -float(distance.min()))
    return worst


def test_the_cells_of_a_heap_do_not_reach_into_each_other(heap):
    assert -2e-3 < deepest_m(heap) < 0.5e-3


def test_every_cell_of_a_heap_lies_within_its_bin(heap):
    T_tray_world = invert(heap.T_world_tray)
    p = transform(T_tray_world @ heap.Ts_world_cell, surface_points(heap.cell))
    assert (np.abs(p[..., 0]) < 0.055 + 0.5e-3).all()
    assert (np.abs(p[..., 1]) < 0.0475 + 0.5e-3).all()
    assert p[..., 2].min() > -0.5e-3
    assert p[..., 2].max() < 0.130


def test_a_heap_rests_in_the_world_too(heap):
    with World(heap, np.random.default_rng(0)) as world:
        settled = world.settle_heap()
        world.wait(0.3)
        later = world.state()
    moved = np.linalg.norm(settled.Ts_world_cell - heap.Ts_world_cell, axis=1)[:, 3]
    assert moved.max() < 0.01
    assert np.abs(later.Ts_world_cell - settled.Ts_world_cell)[:, :3, 3].max() < 1e-3
    assert deepest_m(later) < 0.5e-3


def test_the_same_scene_gives_the_same_heap_and_another_seed_another():
    one, other = (scene_of("bulk_bin", *SMALL, seed=seed) for seed in (3, 4))
    first = pour(one).Ts_world_cell
    assert np.array_equal(pour(one).Ts_world_cell, first)
    assert not np.allclose(pour(other).Ts_world_cell, first, atol=0.01)


def test_a_heap_of_nothing_is_nothing():
    state = scene_of("bulk_bin", *SMALL)
    empty = pour(replace(state, Ts_world_cell=np.zeros((0, 4, 4)), serials=()))
    assert empty.Ts_world_cell.shape == (0, 4, 4)


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        ("pouch_stack", []),
        ("prismatic_tray", [*LYING, "tray.rows=2", "tray.layers=3"]),
        ("cylindrical_tray", [*LYING, "tray.rows=2", "tray.divider_height_mm=0"]),
        ("blade_tray", ["tray.rows=3"]),
    ],
)
def test_cells_that_lie_or_stand_on_a_narrow_side_stay_where_they_are_drawn(name, overrides):
    state = scene_of(name, *overrides)
    with World(state, np.random.default_rng(0)) as world:
        settled = world.settle()
    moved = invert(state.Ts_world_cell) @ settled.Ts_world_cell
    assert np.linalg.norm(moved[:, :3, 3], axis=1).max() < 1e-3
    # a cylinder may roll in its cradle: its axis alone counts
    axes = np.diagonal(moved, axis1=1, axis2=2)[:, 2 if state.cell.turns_freely else 0 : 3]
    assert axes.min() > np.cos(np.radians(1.0))


@pytest.fixture(scope="module")
def odd():
    """The tray of odd cells at rest, in the tray's frame, without what lies on it."""
    state = scene_of("odd_tray", "foreign=[]")
    with World(state, np.random.default_rng(0)) as world:
        settled = world.settle()
        world.wait(0.2)
        later = world.state()
    assert np.abs(later.Ts_world_cell - settled.Ts_world_cell).max() < 1e-3
    pockets = np.delete(np.arange(16), [3, 6])
    Ts = invert(state.T_world_tray) @ later.Ts_world_cell
    return dict(zip(pockets.tolist(), Ts, strict=True))


def test_a_tilted_cell_leans_on_the_cell_behind_the_empty_pocket(odd):
    lean_deg = np.degrees(np.arccos(odd[5][2, 2]))
    assert 10 < lean_deg < 30
    assert odd[5][1, 2] < 0


def test_an_upside_down_cell_stands_on_its_terminals(odd):
    assert odd[8][2, 2] < -0.999
    assert odd[8][2, 3] == pytest.approx(0.091 / 2 + 1.5e-3, abs=5e-4)


def test_a_cell_that_is_half_out_stands_half_its_height_too_high(odd):
    assert odd[14][2, 2] > 0.999
    assert odd[14][2, 3] == pytest.approx(0.091, abs=5e-4)


def test_the_other_cells_stand_as_ever(odd):
    others = np.array([T for pocket, T in odd.items() if pocket not in (5, 8, 14)])
    assert others[:, 2, 2].min() > 0.999
    assert others[:, 2, 3] == pytest.approx(np.full(len(others), 0.091 / 2), abs=1e-3)
