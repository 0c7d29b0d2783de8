"""What no cell explains is told from cells, walls, noise and what carries a cell."""

from __future__ import annotations

import numpy as np
import pytest

from cellpick.geometry import exp_rotation, invert, pose, translation
from cellpick.perception.fusion import Cloud, DepthCameras
from cellpick.perception.leftovers import foreign_objects, leftovers, levels
from cellpick.scene import data_folder, load_cell

CELL = load_cell(data_folder("models") / "cells" / "prismatic_148x26x91.yaml")
H = CELL.height_m
SIZE = np.array([0.4, 0.3, 0.2])
T_REGION = pose(exp_rotation(np.array([0.0, 0.0, 0.4])), np.array([0.5, -0.2, 0.05]))
CELLS = pose(np.eye(3), np.array([[0.0, 0.0, H / 2], [0.0, 0.03, H / 2]]))


def sheet(x, y, z, pitch=0.001):
    """Points of a level rectangle."""
    gx, gy = np.meshgrid(np.arange(*x, pitch), np.arange(*y, pitch))
    return np.stack([gx.ravel(), gy.ravel(), np.full(gx.size, z)], -1)


TOPS = np.concatenate([sheet((-0.073, 0.073), (y - 0.012, y + 0.012), H) for y in (0.0, 0.03)])
FLOOR = sheet((-0.19, 0.19), (-0.14, 0.14), 0.0)


def cloud_of(*parts):
    p = np.concatenate(parts).astype(np.float32)
    one = np.ones(1)
    cameras = DepthCameras(
        T_REGION, np.array([[0, 0, -1.0, 0.6]]), 3e-4 * one, 0 * one, 1e-4 * one, one
    )
    return Cloud(np.asfortranarray(p), np.array([len(p)]), (1,), cameras)


def left_of(*parts, cells=CELLS):
    return leftovers(cloud_of(*parts), cells, CELL, SIZE)


def test_cells_their_terminals_the_floor_and_the_tray_leave_nothing():
    terminal = sheet((0.04, 0.07), (-0.008, 0.008), H + 0.0015)
    side = sheet((-0.073, 0.073), (0.01325, 0.0135), 0.05, 0.0001)
    wall = sheet((-0.198, 0.198), (0.142, 0.149), 0.025)
    left = left_of(TOPS, FLOOR, terminal, side, wall)
    assert foreign_objects(left, T_REGION, CELL, 2) == []
    assert levels(left, CELL) == []


def test_a_slab_on_the_cells_is_one_box_on_their_tops():
    slab = sheet((-0.03, 0.05), (-0.01, 0.04), H + 0.02)
    (thing,) = foreign_objects(left_of(TOPS, FLOOR, slab), T_REGION, CELL, 2)
    T = invert(T_REGION) @ thing.T_base_box
    np.testing.assert_allclose(T[:3, 3], [0.01, 0.015, H + 0.01], atol=2e-3)
    np.testing.assert_allclose(np.sort(thing.size_m), [0.02, 0.05, 0.08], atol=3e-3)
    assert "higher than the cells" in thing.reason


def test_a_cell_that_is_not_found_is_reported_unless_something_lies_on_it():
    alone = left_of(TOPS, FLOOR, cells=CELLS[:1])
    (thing,) = foreign_objects(alone, T_REGION, CELL, 2)
    assert "shows none of their drawing" in thing.reason
    slab = sheet((0.05, 0.09), (0.0, 0.06), H + 0.02)
    (thing,) = foreign_objects(left_of(TOPS, FLOOR, slab, cells=CELLS[:1]), T_REGION, CELL, 2)
    assert "higher than the cells" in thing.reason


def test_where_more_is_unfound_than_found_it_is_cells_and_nothing_foreign():
    for cells, things in ((CELLS[:1], 1), (CELLS[:0], 0)):
        left = left_of(TOPS, FLOOR, cells=cells)
        assert len(foreign_objects(left, T_REGION, CELL, len(cells))) == things


def test_a_low_thing_among_the_cells_is_found_and_the_wall_is_not():
    wall = sheet((-0.198, 0.198), (0.142, 0.149), 0.025)
    low = sheet((-0.02, 0.02), (-0.08, -0.05), 0.025)
    (thing,) = foreign_objects(left_of(TOPS, FLOOR, wall, low), T_REGION, CELL, 2)
    np.testing.assert_allclose((invert(T_REGION) @ thing.T_base_box)[:2, 3], [0, -0.065], atol=2e-3)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_lone_readings_anywhere_are_no_thing(seed):
    rng = np.random.default_rng(seed)
    stray = rng.uniform([-0.19, -0.14, 0.0], [0.19, 0.14, 0.2], (600, 3))
    assert foreign_objects(left_of(TOPS, FLOOR, stray), T_REGION, CELL, 2) == []


def test_a_top_at_another_height_is_a_level_and_what_carries_it_is_not_foreign():
    raised = sheet((-0.073, 0.073), (0.068, 0.092), H + 0.045)
    block = sheet((-0.06, 0.06), (0.07, 0.09), 0.045)
    (rise,) = levels(left_of(TOPS, FLOOR, raised, block), CELL)
    assert rise == pytest.approx(0.045, abs=1e-3)
    high = translation(np.array([0.0, 0.08, H / 2 + 0.045]))[None]
    left = left_of(TOPS, FLOOR, raised, block, cells=np.concatenate([CELLS, high]))
    assert foreign_objects(left, T_REGION, CELL, 2) == []


def test_no_readings_and_no_cells_leave_nothing():
    none = cloud_of(np.zeros((0, 3)))
    assert foreign_objects(leftovers(none, CELLS, CELL, SIZE), T_REGION, CELL, 2) == []
    empty = leftovers(cloud_of(FLOOR), np.zeros((0, 4, 4)), CELL, SIZE)
    assert foreign_objects(empty, T_REGION, CELL, 2) == []
