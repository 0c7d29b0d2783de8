"""Every way in which a motion is refused, with its status and its words; and ways round walls."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from motion_stage import ARMS, Stage, changed, stage, tcp_path

from cellpick.errors import InputError, LimitError, ShapeError
from cellpick.geometry import Floats, invert, translation
from cellpick.motion import MotionPlanner, check_limits
from cellpick.motion.kinematics import InverseKinematics
from cellpick.motion.lines import lines_from
from cellpick.structures import JointTrajectory, Solid


def box(name: str, size: list[float], centre: list[float]) -> Solid:
    return Solid(name, "box", np.array(size), translation(np.array(centre)))


def refused(plan: object, status: str, *words: str) -> None:
    assert plan.status == status, plan.reason  # type: ignore[attr-defined]
    assert plan.moves == ()  # type: ignore[attr-defined]
    for word in words:
        assert word in plan.reason  # type: ignore[attr-defined]


@pytest.mark.parametrize("arm", ARMS)
def test_a_pick_out_of_reach_says_how_far(arm: str) -> None:
    station = stage("prismatic_tray", arm)
    T = translation([2.0, 0, 0]) @ station.Ts_base_cell[0]
    plan = station.pick_and_place(T_base_tcp_pick=T @ np.diag([1.0, -1, -1, 1]))
    reach = station.recipe.arm.reach_m
    refused(plan, "unreachable", "the pick", arm, "m from the shoulder", f"{reach:.3f} m")


def test_a_place_out_of_reach_is_named() -> None:
    station = stage()
    away = translation([0, 3.0, 0]) @ station.places(0)
    refused(station.pick_and_place(Ts_base_tcp_place=away), "unreachable", "the place")


def test_a_seat_in_reach_whose_approach_is_not_is_named() -> None:
    station = stage()
    arm, T_flange_tcp = station.recipe.arm, station.recipe.gripper.T_flange_tcp
    ik = InverseKinematics(arm)
    for height in np.arange(0.3, 1.2, 0.01):
        seat = translation([0.0, 0.0, height]) @ station.places(0)[0]
        reached = len(ik.in_range(ik.branches(seat @ invert(T_flange_tcp))[:, None]))
        if reached and not lines_from(ik, seat, T_flange_tcp, 0.06):
            plan = station.pick_and_place(Ts_base_tcp_place=seat[None])
            refused(plan, "unreachable", "the whole approach to the place")
            return
    pytest.fail("no seat is at the edge of the arm's reach")


def test_a_look_out_of_reach_says_so() -> None:
    station = stage()
    far = translation([0, 0, 3.0]) @ station.T_base_focus
    plan = station.planner.look_from(station.park_rad, far, 0.6, ())
    refused(plan, "unreachable", "the look")


def test_a_blocked_approach_names_both_bodies() -> None:
    station = stage()
    x, y, _ = station.Ts_base_cell[3][:3, 3]
    lid = box("a forgotten lid", [0.3, 0.3, 0.01], [x, y, 0.12])
    plan = station.pick_and_place(cell=3, obstacles=(*station.recipe.fixtures, lid))
    refused(plan, "blocked", "approach at the pick", "gripper.", "a forgotten lid")


def test_a_blocked_retreat_names_the_held_cell() -> None:
    station = stage()
    clamp = box("a clamp", [0.03, 0.02, 0.01], [0, 0, 0])
    above = station.Ts_base_cell[3] @ translation([0.07, 0.0, 0.06])
    plan = station.pick_and_place(cell=3, obstacles=(*station.recipe.fixtures, clamp.moved(above)))
    refused(plan, "blocked", "retreat at the pick", "the held cell", "would come into a clamp")


def test_a_filled_slot_is_blocked() -> None:
    station = stage()
    there = station.recipe.Ts_base_slot[:1]
    cells = np.concatenate([np.delete(station.Ts_base_cell, 0, axis=0), there])
    plan = station.pick_and_place(cells=cells)
    refused(plan, "blocked", "approach at the place", "cell 11")


def test_a_caged_arm_is_blocked() -> None:
    station = stage()
    cage = [box("the cage", [4.0, 0.05, 2.0], [0, y, 1.0]) for y in (-0.62, 0.12)]
    obstacles = (*station.recipe.fixtures, *cage)
    goal = station.park_rad + np.array([1.2, 0, 0, 0, 0, 0])
    start = station.park_rad - np.array([0.4, 0, 0, 0, 0, 0])
    refused(station.planner.move_to(start, goal, obstacles), "blocked", "the cage")


def test_a_start_outside_the_joint_ranges_names_the_joint() -> None:
    station = stage()
    q = station.park_rad.copy()
    q[1] = station.recipe.arm.upper_rad[1] + 0.1
    name = station.recipe.arm.joint_names[1]
    for plan in (
        station.pick_and_place(q_start=q),
        station.planner.look_from(q, station.T_base_focus, 0.6, ()),
        station.planner.move_to(q, station.park_rad, ()),
    ):
        refused(plan, "limit", name, "the start", "0 s")
    refused(station.planner.move_to(station.park_rad, q, ()), "limit", name, "the goal")


def test_a_cell_too_heavy_for_the_arm_is_refused() -> None:
    station = changed(stage(), "cell", mass_kg=9.5)
    refused(station.pick_and_place(), "limit", "weigh 10.50 kg", "carries 10.00 kg")


def test_a_cell_too_heavy_for_the_grip_is_refused() -> None:
    station = changed(stage(), "cell", mass_kg=4.0)
    refused(station.pick_and_place(), "limit", "the grip takes 0.83", "safety factor of 2")


def test_a_tilted_way_with_a_held_cell_is_refused() -> None:
    """Half a turn of the wrist's bend holds the cell by shear alone."""
    station = changed(stage(), "cell", mass_kg=1.2)
    goal = station.park_rad.copy()
    goal[4] -= np.pi / 2
    plan = station.planner.move_to(station.park_rad, goal, (), held=station.T_tcp_cell)
    refused(plan, "limit", "the grip takes")


@pytest.mark.parametrize("bad", [0.0, -0.1, np.nan, np.inf])
def test_lengths_must_be_positive(bad: float) -> None:
    station = stage()
    with pytest.raises(InputError, match="approach_m must be positive"):
        station.pick_and_place(approach_m=bad)
    with pytest.raises(InputError, match="standoff_m must be positive"):
        station.planner.look_from(station.park_rad, station.T_base_focus, bad, ())


def test_malformed_arrays_are_named() -> None:
    station = stage()
    with pytest.raises(ShapeError, match="the start"):
        station.pick_and_place(q_start=np.zeros(5))
    with pytest.raises(ShapeError, match="T_base_tcp_pick must be finite"):
        station.pick_and_place(T_base_tcp_pick=np.full((4, 4), np.nan))
    with pytest.raises(ShapeError, match="cells"):
        station.pick_and_place(cells=np.eye(4))
    with pytest.raises(InputError, match="at least one pose"):
        station.pick_and_place(Ts_base_tcp_place=np.zeros((0, 4, 4)))


def test_an_arm_without_a_closed_form_is_refused() -> None:
    station = stage()
    rng = np.random.default_rng(5)
    axes = rng.normal(size=(6, 3))
    skewed = changed(
        station,
        "arm",
        name="a crooked arm",
        axes=axes / np.linalg.norm(axes, axis=1, keepdims=True),
    )
    with pytest.raises(InputError, match="a crooked arm: the arm has no closed-form"):
        MotionPlanner(skewed.recipe)


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("height_m", [0.3, 0.7])
def test_a_way_is_found_round_a_wall_and_always_the_same(arm: str, height_m: float) -> None:
    station = stage("prismatic_tray", arm)
    fixtures = station.recipe.fixtures
    look = station.planner.look_from(station.park_rad, station.T_base_focus, 0.6, fixtures)
    q = look.moves[-1].q[-1]
    wall = box("a wall", [1.0, 0.02, height_m], [0.85, 0, height_m / 2])
    ask = {"q_start": q, "slot": 11, "obstacles": (*fixtures, wall)}
    straight = station.pick_and_place(q_start=q, slot=11)
    plan, again = station.pick_and_place(**ask), station.pick_and_place(**ask)  # type: ignore[arg-type]
    assert plan.status == "ok", plan.reason
    assert [m.q.tobytes() for m in plan.moves] == [m.q.tobytes() for m in again.moves]
    assert not beside(station, straight.moves[3], height_m)
    assert beside(station, plan.moves[3], height_m)
    for move in plan.moves:
        check_limits(move, station.recipe.arm)


def beside(station: Stage, move: JointTrajectory, height_m: float) -> bool:
    """Whether the held cell's centre crosses the wall's plane above it or beyond its end."""
    p: Floats = (tcp_path(station, move) @ station.T_tcp_cell)[:, :3, 3]
    crossing = np.flatnonzero(np.diff(np.sign(p[:, 1])))
    return bool(all(p[i, 2] > height_m or not 0.35 < p[i, 0] < 1.35 for i in crossing))


def still(n: int = 4) -> dict[str, Floats]:
    q = np.tile([0, -1.5, 1.5, 0, 1.5, 0], (n, 1))
    return {"times_s": np.arange(n) / 240, "q": q, "dq": np.zeros((n, 6)), "ddq": np.zeros((n, 6))}


@pytest.mark.parametrize(
    ("field", "what"), [("q", "position"), ("dq", "speed"), ("ddq", "acceleration")]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_audit_names_the_joint_and_the_time(field: str, what: str, sign: float) -> None:
    arm = stage().recipe.arm
    rows = still(400)
    # a slow climb, so that acceleration breaks its limit before jerk does
    rows[field][:, 2] += sign * np.linspace(0, 1.5 * float(arm.acceleration_rad_s2[2]), 400)
    if field == "dq":
        rows[field][:, 2] *= 2
    with pytest.raises(LimitError, match=rf"{what} of joint {arm.joint_names[2]} .* at \d\.\d+ s"):
        check_limits(JointTrajectory("x", **rows), arm)


def test_the_audit_sees_jerk() -> None:
    arm = stage().recipe.arm
    rows = still()
    rows["ddq"][2, 5] = arm.jerk_rad_s3[5] / 240 * 1.01
    with pytest.raises(LimitError, match=f"jerk of joint {arm.joint_names[5]}"):
        check_limits(JointTrajectory("x", **rows), arm)
    rows["ddq"][2, 5] = arm.jerk_rad_s3[5] / 240 * 0.99
    check_limits(JointTrajectory("x", **rows), arm)


def test_tiny_jerk_limits_are_kept_and_take_their_time() -> None:
    station = stage()
    arm = dataclasses.replace(station.recipe.arm, jerk_rad_s3=np.full(6, 1e-3))
    slow = dataclasses.replace(station, recipe=dataclasses.replace(station.recipe, arm=arm))
    goal = station.park_rad + np.array([0.3, 0, 0, 0, 0, 0])
    plan = slow.planner.move_to(station.park_rad, goal, ())
    assert plan.status == "ok"
    # four phases of full jerk: 32 q / J = t^3; the planner keeps 1 % of headroom
    closed = (32 * 0.3 / 1e-3) ** (1 / 3)
    assert closed <= plan.moves[0].duration_s <= closed * 1.005
