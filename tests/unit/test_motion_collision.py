"""The collision check against bounds from elsewhere, against known cases, and what may touch."""

from __future__ import annotations

import numpy as np
import pytest
from motion_stage import ARMS, SCENES, Stage, stage

from cellpick.geometry import Floats, exp_rotation, invert, pose, transform, translation
from cellpick.geometry.solids import ConvexShapes, nearest_point, separation
from cellpick.motion.bodies import (
    FLANGE,
    Bodies,
    Group,
    bodies_of,
    cell_solids,
    moving_bodies,
)
from cellpick.motion.collision import CollisionChecker, frame_poses
from cellpick.motion.load import GripLoad
from cellpick.motion.phases import Tooling, standing_bodies, target_body
from cellpick.motion.self_collision import self_pairs
from cellpick.scene import data_folder, load_cell
from cellpick.structures import Solid

NO_PAIRS = np.zeros((0, 2), dtype=np.int64)


def random_solids(rng: np.random.Generator, n: int, spread_m: float) -> list[Solid]:
    solids = []
    for i in range(n):
        shape = ("box", "cylinder", "sphere")[rng.integers(3)]
        size = rng.uniform(0.02, 0.3, 3)
        if shape != "box":
            size[1] = size[0]
        if shape == "sphere":
            size[2] = size[0]
        T = pose(exp_rotation(rng.normal(size=3)), rng.uniform(-spread_m, spread_m, 3))
        solids.append(Solid(f"{shape} {i}", shape, size, T))  # type: ignore[arg-type]
    return solids


def convex(solids: list[Solid]) -> ConvexShapes:
    size = np.array([s.size_m for s in solids])
    kind = np.array([s.shape for s in solids])
    half = np.where((kind == "box")[:, None], size / 2, 0.0)
    half[:, 2] = np.where(kind == "sphere", 0.0, size[:, 2] / 2)
    radius = size[:, 0] / 2
    return ConvexShapes(
        half, np.where(kind == "cylinder", radius, 0.0), np.where(kind == "sphere", radius, 0.0)
    )


def distance_bounds(a: list[Solid], b: list[Solid]) -> tuple[Floats, Floats]:
    """Of pairs. Below: separating axes. Above: alternating projections. Neither is FCL."""
    A, B = convex(a), convex(b)
    T_a, T_b = (np.array([s.T_parent_solid for s in solids]) for solids in (a, b))

    def onto(shapes: ConvexShapes, T: Floats, p: Floats) -> Floats:
        local = transform(invert(T), p[:, None])[:, 0]
        return transform(T, nearest_point(shapes, local)[:, None])[:, 0]

    p = q = T_a[:, :3, 3]
    for _ in range(150):
        q = onto(B, T_b, p)
        p = onto(A, T_a, q)
    return separation(A, T_a, B, T_b), np.linalg.norm(p - q, axis=1)


@pytest.mark.parametrize("margin_m", [0.0, 0.005, 0.05])
def test_first_clash_is_the_one_that_independent_bounds_find(margin_m: float) -> None:
    rng = np.random.default_rng(21)
    arm = stage().recipe.arm
    decided = clashes = 0
    for _ in range(40):
        mine, theirs = random_solids(rng, 2, 0.1), random_solids(rng, 5, 0.6)
        checker = CollisionChecker(
            arm,
            bodies_of(mine, FLANGE, Group.TOOL),
            bodies_of(theirs, 0, Group.FIXTURE),
            {(Group.TOOL, Group.FIXTURE): margin_m},
            NO_PAIRS,
        )
        Ts = pose(exp_rotation(rng.normal(size=(4, 3))), rng.uniform(-0.5, 0.5, (4, 3)))
        frames = np.tile(np.eye(4), (4, FLANGE + 1, 1, 1))
        frames[:, FLANGE] = Ts
        pairs = [(a.moved(T), b) for T in Ts for a in mine for b in theirs]
        low, high = distance_bounds([a for a, _ in pairs], [b for _, b in pairs])
        sure = (high <= max(margin_m - 1e-4, 1e-7)).reshape(len(Ts), -1).any(axis=1)
        never = (low > margin_m + 1e-4).reshape(len(Ts), -1).all(axis=1)
        if not (sure | never).all():
            continue
        decided += 1
        clash = checker.first_clash_at(frames)
        assert clash.free == (not sure.any())
        if sure.any():
            clashes += 1
            assert clash.row == int(np.argmax(sure))
            assert clash.status == "blocked"
            assert any(s.name in clash.reason for s in mine)
            assert any(s.name in clash.reason for s in theirs)
    assert decided > 15
    assert 3 < clashes < decided


def test_pairs_without_a_margin_may_touch() -> None:
    arm = stage().recipe.arm
    ball = [Solid("ball", "sphere", np.full(3, 0.1))]
    frames = np.tile(np.eye(4), (1, FLANGE + 1, 1, 1))
    standing = bodies_of(ball, 0, Group.TARGET)
    moving = bodies_of(ball, FLANGE, Group.TOOL)
    loose = CollisionChecker(arm, moving, standing, {}, NO_PAIRS)
    assert loose.first_clash_at(frames).free
    strict = CollisionChecker(arm, moving, standing, {(Group.TARGET, Group.TOOL): 0.0}, NO_PAIRS)
    assert strict.first_clash_at(frames).reason == "ball would come into ball"


def test_the_margin_is_the_distance_of_surfaces() -> None:
    arm = stage().recipe.arm
    moving = bodies_of([Solid("ball", "sphere", np.full(3, 0.1))], FLANGE, Group.TOOL)
    standing = bodies_of([Solid("wall", "box", np.array([1.0, 1, 0.2]))], 0, Group.FIXTURE)
    for gap, free in ((0.0051, True), (0.0049, False)):
        checker = CollisionChecker(
            arm, moving, standing, {(Group.TOOL, Group.FIXTURE): 0.005}, NO_PAIRS
        )
        frames = np.tile(np.eye(4), (1, FLANGE + 1, 1, 1))
        frames[:, FLANGE] = translation([0, 0, 0.15 + gap])
        clash = checker.first_clash_at(frames)
        assert clash.free == free
        if not free:
            assert clash.reason == "ball would come within 4.9 mm of wall"


def test_an_empty_way_and_empty_surroundings_are_free() -> None:
    station = stage()
    nothing = standing_bodies(station.recipe, (), np.zeros((0, 4, 4)))
    checker = Tooling(station.recipe, 0.0).checker(nothing, 0.005, near_grasp=False)
    assert checker.first_clash(np.zeros((0, 6))).free
    assert checker.first_clash(station.park_rad[None]).free


def test_spread_bounds_the_way_of_every_body_point() -> None:
    station = stage()
    moving = moving_bodies(station.recipe, 0.0)
    nothing = standing_bodies(station.recipe, (), np.zeros((0, 4, 4)))
    checker = CollisionChecker(station.recipe.arm, moving, nothing, {}, NO_PAIRS)
    rng = np.random.default_rng(22)
    q = station.park_rad + rng.normal(size=(6, 6)) * 0.05
    Ts = frame_poses(station.recipe.arm, q)[:, moving.frames] @ moving.Ts_frame_body
    inside = rng.uniform(-1, 1, (200, 3)) * moving.half[:, None]
    steps = np.linalg.norm(np.diff(transform(Ts, inside), axis=0), axis=-1).max(axis=(1, 2))
    assert (checker.spread(q) >= steps).all()


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("scene", SCENES)
def test_the_parked_arm_is_free_and_a_folded_one_is_not(scene: str, arm: str) -> None:
    station = stage(scene, arm)
    standing = standing_bodies(station.recipe, station.recipe.fixtures, station.Ts_base_cell)
    checker = Tooling(station.recipe, station.opening_m).checker(standing, 0.005, near_grasp=False)
    assert checker.first_clash(station.park_rad[None]).free
    nothing = standing_bodies(station.recipe, (), np.zeros((0, 4, 4)))
    alone = Tooling(station.recipe, station.opening_m).checker(nothing, 0.005, near_grasp=False)
    folded = station.park_rad.copy()
    folded[2] = station.recipe.arm.upper_rad[2]
    clash = alone.first_clash(folded[None])
    assert clash.status == "blocked"
    assert "arm." in clash.reason


@pytest.mark.parametrize("arm", ARMS)
def test_self_pairs_leave_out_neighbours_and_what_always_touches(arm: str) -> None:
    station = stage("prismatic_tray", arm)
    moving = moving_bodies(station.recipe, 0.0)
    pairs = self_pairs(station.recipe.arm, moving)
    frames = moving.frames[pairs]
    arms = (frames < FLANGE).all(axis=1)
    assert (np.abs(frames[arms, 0] - frames[arms, 1]) > 1).all()
    # what one frame carries cannot meet
    assert (frames[:, 0] != frames[:, 1]).all()
    # the rig must be checked against the forearm and the upper arm
    for link in (2, 3):
        assert ((frames.min(axis=1) == link) & (frames.max(axis=1) == FLANGE)).any()


def test_the_plate_under_the_base_may_touch_the_first_link_only() -> None:
    station = stage()
    recipe = station.recipe
    plate = Solid("a plate", "box", np.array([0.6, 0.6, 0.02]), translation([0, 0, -0.009]))
    tooling = Tooling(recipe, 0.0)
    low = station.park_rad.copy()
    low[1] = recipe.arm.upper_rad[1]
    for obstacles in ((plate,), (plate.moved(translation([0, 0, 0.3])),)):
        standing = standing_bodies(recipe, obstacles, np.zeros((0, 4, 4)))
        checker = tooling.checker(standing, 0.005, near_grasp=False)
        parked = checker.first_clash(station.park_rad[None])
        assert parked.free == (obstacles[0] is plate)


def checked_at_grasp(station: Stage, others: Floats, *, near_grasp: bool) -> str:
    """What the held cell, 1 mm above its pocket, meets."""
    recipe = station.recipe
    load = GripLoad(recipe, station.T_tcp_cell, 2.0, np.array([0, 0, 1.0]))
    standing = standing_bodies(recipe, recipe.fixtures, others)
    checker = Tooling(recipe, 0.0).checker(standing, 0.005, near_grasp=near_grasp, held=load)
    plan = station.pick_and_place(cell=0)
    return checker.first_clash(plan.moves[1].q[-1:]).reason


def test_neighbours_at_no_gap_touch_the_held_cell_near_its_grasp_only() -> None:
    station = stage("prismatic_tray", ARMS[0], "tray.gap_mm=0")
    others = station.Ts_base_cell[1:]
    assert checked_at_grasp(station, others, near_grasp=True) == ""
    assert "of cell 1" in checked_at_grasp(station, others, near_grasp=False)


def test_the_gripper_may_touch_its_target_and_no_other_cell() -> None:
    station = stage()
    recipe, T = station.recipe, station.Ts_base_cell[0]
    q = station.pick_and_place(cell=0).moves[1].q[-1:]
    tooling = Tooling(recipe, 0.0)
    nothing = standing_bodies(recipe, (), np.zeros((0, 4, 4)))
    T = translation([0, 0, 0.002]) @ T
    target = nothing + target_body(recipe, T, "the cell to pick")
    neighbour = standing_bodies(recipe, (), T[None])
    for standing, free in ((target, True), (neighbour, False)):
        checker = tooling.checker(standing, 0.005, near_grasp=True)
        assert checker.first_clash(q).free == free


def test_tables_of_bodies_join_and_select() -> None:
    solids = random_solids(np.random.default_rng(23), 4, 1.0)
    table: Bodies = bodies_of(solids[:1], 0, Group.BASE) + bodies_of(solids[1:], 7, Group.RIG)
    assert len(table) == 4
    rig = table.only(Group.RIG)
    assert rig.names == tuple(s.name for s in solids[1:])
    np.testing.assert_array_equal(rig.half, [s.size_m / 2 for s in solids[1:]])
    assert len(bodies_of((), 0, Group.CELL)) == 0


def test_a_pouch_is_a_box_with_a_tab_out_of_either_end() -> None:
    cell = load_cell(data_folder("models") / "cells" / "pouch_325x125x11.yaml")
    case, *tabs = cell_solids(cell, "it")
    assert case.shape == "box"
    np.testing.assert_array_equal(case.size_m, cell.size_m)
    assert [tab.name for tab in tabs] == ["it (tab_plus)", "it (tab_minus)"]
    x = [tab.T_parent_solid[0, 3] for tab in tabs]
    np.testing.assert_allclose(x, np.array([1, -1]) * (0.301 + 0.012) / 2)
    for tab in tabs:
        extent = np.abs(tab.T_parent_solid[:3, :3]) @ tab.size_m
        np.testing.assert_allclose(extent, [0.012, 0.06, 0.0004])
