"""Trajectories: set points, how closely the arm follows, and what stops it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from world_stage import SPOT, TABLE, go, lone_cell, over, shipped, world_of

from cellpick.geometry import translation
from cellpick.structures import JointTrajectory, Solid
from cellpick.world import Tolerances
from cellpick.world.client import STEP_S
from cellpick.world.following import sample
from cellpick.world.simulation import PROTECTIVE_STOP_N

STATE = lone_cell()
NO_CELLS = {"Ts_world_cell": np.zeros((0, 4, 4)), "serials": ()}


def swing(q: np.ndarray, delta: float, duration: float, n: int = 50) -> JointTrajectory:
    """All joints by `delta` radians along a quintic."""
    t = np.linspace(0.0, duration, n)
    s = t / duration
    p = (10 * s**3 - 15 * s**4 + 6 * s**5) * delta
    v = (30 * s**2 - 60 * s**3 + 30 * s**4) * delta / duration
    a = (60 * s - 180 * s**2 + 120 * s**3) * delta / duration**2
    one = np.ones(6)
    return JointTrajectory("swing", t, q + p[:, None], np.outer(v, one), np.outer(a, one))


def test_set_points_lie_on_the_motion_and_end_at_its_end() -> None:
    move = swing(np.zeros(6), 0.5, 0.9371)
    points = sample(move)
    assert len(points) == int(np.ceil(0.9371 / STEP_S))
    t = np.minimum(STEP_S * np.arange(1, len(points) + 1), 0.9371)
    s = t / 0.9371
    exact = (10 * s**3 - 15 * s**4 + 6 * s**5) * 0.5
    np.testing.assert_allclose(points, np.outer(exact, np.ones(6)), atol=2e-6)
    np.testing.assert_array_equal(points[-1], move.q[-1])


def test_a_single_sample_is_one_set_point() -> None:
    still = JointTrajectory("still", [0.0], np.ones((1, 6)), np.zeros((1, 6)), np.zeros((1, 6)))
    np.testing.assert_array_equal(sample(still), np.ones((1, 6)))


@pytest.mark.parametrize("scene", ["prismatic_tray", "cylindrical_tray"])
def test_the_arm_follows_to_a_few_micrometres_and_time_passes(scene: str) -> None:
    state = replace(shipped(scene), fixtures=(), **NO_CELLS)
    with world_of(state) as world:
        report = world.follow(swing(state.q, -0.3, 1.0))
        assert (report.status, report.reason) == ("ok", "")
        assert world.time_s == pytest.approx(state.time_s + 1.0, abs=1e-9)
        assert report.worst_error_m < 2e-4
        assert report.final_error_m < 2e-5
        np.testing.assert_allclose(world.state().q, state.q - 0.3, atol=2e-6)


def test_a_motion_of_no_samples_takes_no_time() -> None:
    none = JointTrajectory("none", np.zeros(0), *[np.zeros((0, 6))] * 3)
    with world_of(STATE) as world:
        assert world.follow(none).status == "ok"
        assert world.time_s == STATE.time_s


def test_a_start_that_is_elsewhere_is_refused() -> None:
    with world_of(STATE) as world:
        report = world.follow(swing(STATE.q + 0.1 * np.eye(6)[2], 0.1, 0.5))
        assert report.status == "refused"
        assert "joint 2 stands 0.1000 rad from the start" in report.reason
        assert world.time_s == STATE.time_s


def test_an_arm_that_runs_into_a_block_stops_and_says_what_it_hit() -> None:
    block = Solid("block", "box", np.array([0.3, 0.3, 0.2]), translation([*SPOT, 0.1]), "steel")
    state = lone_cell(fixtures=(TABLE, block), **NO_CELLS)
    T = over(translation([*SPOT, 0.0]), STATE)
    with world_of(state) as world:
        assert go(world, state, translation([0, 0, 0.4]) @ T, 0.5).status == "ok"
        world.begin_attempt()
        report = go(world, state, T, 0.2)
        lip = world._robot.tcp_frame()[2, 3]
        world.wait(0.3)
        outcome = world.judge(0, Tolerances(1e-3, 0.02, 1e-3))
    assert report.status == "blocked"
    assert "gripper" in report.reason
    assert "block" in report.reason
    # the cups' spring gives way first, over all of its travel
    assert lip == pytest.approx(0.2 - 0.005, abs=2e-3)
    assert outcome.status == "not_attempted"
    assert outcome.cause == "collision"
    assert max(c.force_n for c in outcome.contacts) > PROTECTIVE_STOP_N
    assert {name for c in outcome.contacts for name in c.bodies} >= {"block"}


def test_a_motor_too_weak_for_its_load_falls_behind() -> None:
    weak = replace(STATE.arm, effort_nm=np.full(6, 5.0))
    with world_of(replace(STATE, arm=weak)) as world:
        report = world.follow(swing(STATE.q, 0.2, 0.5))
    assert report.status == "blocked"
    assert re.fullmatch(
        r"joint_\d fell behind by 0\.\d{3} rad: its 5 N m are too few for the inertia and "
        "weight of its load",
        report.reason,
    )


def test_encoders_are_noisy_by_what_the_arm_says_and_the_truth_is_not() -> None:
    with world_of(STATE, seed=5) as world:
        readings = np.array([world.read_joints() for _ in range(2000)])
        truth = world.state().q
    noise = readings - truth
    assert noise.std() == pytest.approx(STATE.arm.encoder_sigma_rad, rel=0.05)
    assert abs(noise.mean()) < 5 * STATE.arm.encoder_sigma_rad / np.sqrt(noise.size)


def test_two_worlds_with_the_same_commands_agree_bit_for_bit() -> None:
    def run(seed: int) -> tuple[np.ndarray, ...]:
        with world_of(STATE, seed) as world:
            world.settle()
            T = over(STATE.Ts_world_cell[0], STATE)
            go(world, STATE, T @ translation([0, 0, -0.03]), 1.0)
            go(world, STATE, T)
            reading = world.grip()
            go(world, STATE, T @ translation([0, 0, -0.05]))
            world.release()
            world.wait(0.4)
            state = world.state()
            return state.Ts_world_cell, state.q, world.read_joints(), reading.vacuum_pa

    one, same, other = run(1), run(1), run(2)
    for a, b in zip(one, same, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one[0], other[0])  # the physics has no noise of its own
    assert (one[2] != other[2]).any()


def test_closing_twice_is_harmless() -> None:
    world = world_of(STATE)
    world.close()
    world.close()


def test_snapshots_on_the_way_hold_pose_speed_and_reading_of_their_moment() -> None:
    state = replace(shipped("prismatic_tray"), fixtures=(), **NO_CELLS)
    move = swing(state.q, -0.3, 1.0)
    times = (0.9, 0.25, 0.5, 0.0, 7.0)
    with world_of(state, seed=3) as world:
        report = world.follow(move, times)
        end = world.time_s
    assert report.status == "ok"
    assert len(report.snapshots) == len(times)
    for t, snapshot in zip(times, report.snapshots, strict=True):
        passed = snapshot.state.time_s - state.time_s
        assert passed == pytest.approx(np.clip(t, STEP_S, 1.0), abs=STEP_S / 2 + 1e-9)
        s = passed / 1.0
        q = state.q - 0.3 * (10 * s**3 - 15 * s**4 + 6 * s**5)
        dq = -0.3 * (30 * s**2 - 60 * s**3 + 30 * s**4)
        # the arm may lag its set points by a fraction of a step
        np.testing.assert_allclose(snapshot.state.q, q, atol=abs(dq) * STEP_S + 1e-5)
        np.testing.assert_allclose(snapshot.dq, np.full(6, dq), atol=0.01)
        noise = snapshot.q_reported - snapshot.state.q
        assert 0 < np.abs(noise).max() < 6 * state.arm.encoder_sigma_rad
    assert report.snapshots[-1].state.time_s == end


def test_a_blocked_arm_has_the_snapshots_that_it_reached() -> None:
    weak = replace(STATE.arm, effort_nm=np.full(6, 5.0))
    with world_of(replace(STATE, arm=weak)) as world:
        report = world.follow(swing(STATE.q, 0.2, 0.5), (STEP_S, 0.5))
    assert report.status == "blocked"
    assert len(report.snapshots) == 1
