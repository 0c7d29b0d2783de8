"""What every plan promises: right ends, straight lines, limits, rest, and the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from motion_stage import ARMS, SCENES, Stage, changed, stage, tcp_path

from cellpick.geometry import angle_between, invert, translation
from cellpick.motion import check_limits
from cellpick.motion.load import GripLoad
from cellpick.motion.phases import Tooling, standing_bodies
from cellpick.structures import MotionPlan, Solid

NAMES = ["transfer", "approach", "retreat", "transfer", "approach", "retreat"]
STATIONS = [(scene, arm) for scene in SCENES for arm in ARMS]


@pytest.fixture(scope="module", params=STATIONS, ids=lambda p: "-".join(p))
def station(request: pytest.FixtureRequest) -> Stage:
    return stage(*request.param)


@pytest.fixture(scope="module")
def plan(station: Stage) -> MotionPlan:
    return station.pick_and_place(cell=4, slot=2)


def test_plan_has_six_named_moves(plan: MotionPlan) -> None:
    assert (plan.status, plan.reason) == ("ok", "")
    assert [move.name for move in plan.moves] == NAMES


def test_moves_join_and_rest_at_their_ends(station: Stage, plan: MotionPlan) -> None:
    q = station.park_rad
    for move in plan.moves:
        np.testing.assert_allclose(move.q[0], q, atol=1e-6)
        for rate in (move.dq, move.ddq):
            np.testing.assert_allclose(rate[[0, -1]], 0.0, atol=1e-6)
        q = move.q[-1]


def test_samples_are_one_period_apart(plan: MotionPlan) -> None:
    for move in plan.moves:
        np.testing.assert_allclose(np.diff(move.times_s), 1 / 240, rtol=1e-9)


def test_all_limits_hold_by_samples_and_by_differences(station: Stage, plan: MotionPlan) -> None:
    arm = station.recipe.arm
    for move in plan.moves:
        check_limits(move, arm)
        step = np.diff(move.times_s)[:, None]
        assert (np.abs(np.diff(move.q, axis=0) / step) <= arm.velocity_rad_s).all()
        assert (np.abs(np.diff(move.dq, axis=0) / step) <= arm.acceleration_rad_s2).all()
        assert (np.abs(np.diff(move.ddq, axis=0) / step) <= arm.jerk_rad_s3).all()


def test_speeds_are_the_derivatives_of_the_angles(plan: MotionPlan) -> None:
    for move in plan.moves:
        h = move.times_s[1]
        np.testing.assert_allclose((move.q[2:] - move.q[:-2]) / (2 * h), move.dq[1:-1], atol=2e-3)
        np.testing.assert_allclose((move.dq[2:] - move.dq[:-2]) / (2 * h), move.ddq[1:-1], atol=0.5)


def test_straight_moves_are_straight_and_end_at_grasp_and_seat(
    station: Stage, plan: MotionPlan
) -> None:
    grasp = station.Ts_base_cell[4] @ invert(station.T_tcp_cell)
    _, down, up, _, seat_down, seat_up = plan.moves
    seat = tcp_path(station, seat_down)[-1]
    assert np.abs(station.places(2) - seat).max(axis=(1, 2)).min() < 1e-6
    for move, T_end, row in (
        (down, grasp, -1),
        (up, grasp, 0),
        (seat_down, seat, -1),
        (seat_up, seat, 0),
    ):
        Ts = tcp_path(station, move)
        np.testing.assert_allclose(Ts[row], T_end, atol=1e-6)
        off = (invert(T_end) @ Ts)[:, :3, 3]
        assert np.hypot(off[:, 0], off[:, 1]).max() < 5e-5
        assert np.degrees(angle_between(Ts[:, :3, :3], T_end[:3, :3])).max() < 0.01
        assert -off[:, 2].min() >= 0.06 - 1e-6
        along = -off[:, 2] if row == 0 else -off[::-1, 2]
        assert (np.diff(along) >= -1e-9).all()


def test_straight_moves_keep_the_reduced_speed(station: Stage, plan: MotionPlan) -> None:
    for move in plan.moves:
        if move.name != "transfer":
            steps = np.diff(tcp_path(station, move)[:, :3, 3], axis=0)
            assert np.linalg.norm(steps, axis=1).max() <= 0.25 / 240 * (1 + 1e-6)


def test_the_grip_bears_twice_the_load(station: Stage, plan: MotionPlan) -> None:
    """Force balance from finite differences alone: pull and shear of cups, slip of jaws."""
    gripper, mass = station.recipe.gripper, station.recipe.cell.mass_kg
    for move in plan.moves[2:5]:
        Ts = tcp_path(station, move) @ station.T_tcp_cell
        a = np.diff(Ts[:, :3, 3], 2, axis=0) * 240**2
        force = mass * (a + np.array([0, 0, 9.80665]))
        f = (np.swapaxes(tcp_path(station, move)[1:-1, :3, :3], 1, 2) @ force[..., None])[..., 0]
        if gripper.cups is not None:
            hold = gripper.cups.vacuum_pa * np.pi * gripper.cups.radius_m**2 * 2
            assert (2 * -f[:, 2] <= hold * 1.01).all()
            assert (2 * np.hypot(f[:, 0], f[:, 1]) <= gripper.cups.friction * hold * 1.01).all()
        if gripper.jaws is not None:
            hold = 2 * gripper.jaws.friction * gripper.jaws.force_n
            assert (2 * np.hypot(f[:, 1], f[:, 2]) <= hold * 1.01).all()


def test_same_question_same_bits(station: Stage, plan: MotionPlan) -> None:
    planner = station.planner
    planner.look_from(station.park_rad, station.T_base_focus, 0.6, station.recipe.fixtures)
    again = station.pick_and_place(cell=4, slot=2)
    for one, two in zip(plan.moves, again.moves, strict=True):
        for name in ("times_s", "q", "dq", "ddq"):
            assert getattr(one, name).tobytes() == getattr(two, name).tobytes()


def test_look_points_straight_down_at_the_focus(station: Stage) -> None:
    fixtures, cells = station.recipe.fixtures, station.Ts_base_cell
    plan = station.planner.look_from(station.park_rad, station.T_base_focus, 0.6, fixtures, cells)
    assert plan.status == "ok", plan.reason
    (move,) = plan.moves
    T = station.recipe.arm.flange_pose(move.q[-1])
    np.testing.assert_allclose(T[:3, 2], [0, 0, -1], atol=1e-9)
    above = station.T_base_focus[:3, 3] + [0, 0, 0.6]
    np.testing.assert_allclose(T[:3, 3], above, atol=1e-9)
    check_limits(move, station.recipe.arm)


def test_a_look_that_is_already_taken_takes_one_period(station: Stage) -> None:
    ask = (station.T_base_focus, 0.6, station.recipe.fixtures)
    first = station.planner.look_from(station.park_rad, *ask)
    q = first.moves[-1].q[-1]
    back = station.planner.look_from(q, *ask)
    assert back.status == "ok"
    assert back.moves[0].duration_s == pytest.approx(1 / 240)
    np.testing.assert_allclose(back.moves[0].q, [q, q], atol=1e-6)


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("gap_mm", [0, 1, 3])
def test_every_cell_of_a_tight_tray_can_be_lifted(arm: str, gap_mm: float) -> None:
    station = stage("prismatic_tray", arm, f"tray.gap_mm={gap_mm}")
    for cell in (0, 5, 10):
        plan = station.pick_and_place(cell=cell, slot=cell)
        assert plan.status == "ok", plan.reason


def test_cells_that_are_held_rise_above_all_others_before_they_travel() -> None:
    station = stage()
    plan = station.pick_and_place(cell=4, slot=2)
    half = station.recipe.cell.height_m / 2
    bottoms = (tcp_path(station, plan.moves[3]) @ station.T_tcp_cell @ translation([0, 0, -half]))[
        :, 2, 3
    ]
    # terminals stand on the tops of the cells in the tray
    assert bottoms[0] > station.recipe.cell.height_m + 0.0015


def test_the_arm_may_leave_a_spot_that_is_tighter_than_the_margin() -> None:
    station = stage()
    arm = station.recipe.arm
    tcp = arm.flange_pose(station.park_rad) @ station.recipe.gripper.T_flange_tcp
    near = Solid(
        "a near plate", "box", np.array([0.1, 0.1, 0.01]), tcp @ translation([0, 0, 0.007])
    )
    goal = station.park_rad + np.array([0.5, -0.2, 0, 0, 0, 0])
    plan = station.planner.move_to(station.park_rad, goal, (*station.recipe.fixtures, near))
    assert plan.status == "ok", plan.reason


def test_a_held_cell_slows_a_free_move_down() -> None:
    station = stage()
    goal = station.park_rad + np.array([1.0, 0, 0, 0, 0, 0])
    ask = (station.park_rad, goal, station.recipe.fixtures)
    empty = station.planner.move_to(*ask)
    held = station.planner.move_to(*ask, held=station.T_tcp_cell)
    assert empty.status == held.status == "ok"
    assert held.moves[0].duration_s > empty.moves[0].duration_s
    heavier = changed(station, "cell", mass_kg=1.2)
    slower = heavier.planner.move_to(*ask, held=station.T_tcp_cell)
    assert slower.moves[0].duration_s > held.moves[0].duration_s


def test_nothing_touches_between_the_checks(station: Stage, plan: MotionPlan) -> None:
    """Free moves at five times the sampled rate, with half of the margin asked for."""
    recipe = station.recipe
    others = np.delete(station.Ts_base_cell, 4, axis=0)
    standing = standing_bodies(recipe, recipe.fixtures, others)
    load = GripLoad(recipe, station.T_tcp_cell, 2.0, np.array([0.0, 0.0, 1.0]))
    tooling = Tooling(recipe, station.opening_m)
    for move, held in ((plan.moves[0], None), (plan.moves[3], load)):
        checker = tooling.checker(standing, 0.0025, near_grasp=False, held=held)
        fine = np.linspace(0, move.duration_s, 5 * len(move.q))
        q = np.stack([np.interp(fine, move.times_s, joint) for joint in move.q.T], axis=1)
        assert checker.first_clash(q).reason == ""


def test_a_wound_up_wrist_never_makes_the_arm_turn_over() -> None:
    """Where a camera would touch the wrist on the straight way, a way round it is the shorter."""
    station = stage("prismatic_flush")
    look = station.planner.look_from(
        station.park_rad, station.T_base_focus, 0.5, station.recipe.fixtures
    )
    over_tray = look.moves[-1].q[-1]
    swings_deg = []
    for wrist_deg in range(-330, 331, 30):
        start = np.append(over_tray[:5], np.radians(wrist_deg))
        plan = station.pick_and_place(cell=5, slot=10, q_start=start)
        assert plan.status == "ok", plan.reason
        swings_deg.append(np.degrees(max(np.ptp(move.q[:, 0]) for move in plan.moves)))
    assert max(swings_deg) < 120
