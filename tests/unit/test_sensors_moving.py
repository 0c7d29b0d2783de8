"""Exposures on the way: blur, pose and stamp of a camera on a moving arm, against geometry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sensors_stage import ARM, DEPTH, DOWN, IMAGER, board, camera, linear, state_of

from cellpick.geometry import invert, jacobian, pose, rotation_z, translation
from cellpick.scene import CaptureTiming
from cellpick.sensors import CameraRig, MovingShot
from cellpick.sensors.moving import camera_twist, lead_s
from cellpick.sensors.schedule import schedule
from cellpick.structures import SearchTask

Q = np.radians([10.0, 60.0, 50.0, 5.0, 70.0, -20.0])
T_FLANGE = ARM.flange_pose(Q)
FOCAL_PX, HEIGHT_M, EXPOSURE_S = 1931.0, 0.6, 0.006
TIMING = CaptureTiming(False, EXPOSURE_S, 0.034)
SHARP = replace(
    IMAGER, full_well_e=1e9, read_noise_e=0.0, blur_px=0.0, white_level=3.0, exposure_s=EXPOSURE_S
)


def on_the_arm(name="cam0", timing=TIMING, depth=None, size=(200, 41), imager=SHARP):
    """A camera on the flange that looks straight down on the edge of a white sheet."""
    mounted = invert(T_FLANGE) @ pose(DOWN, [0, 0, HEIGHT_M])
    spec = camera(name, size=size, focal_px=FOCAL_PX, depth=depth, imager=imager, timing=timing)
    return replace(spec, mount="flange", T_mount_camera=mounted)


def sheet_state(cameras):
    """White left of x = 0 and black right of it, in the plane z = 0.

    The edge leans by one pixel over the rows that are looked at, so that it crosses the pixels at
    all places: one that lies along their borders has no spread that pixels can show.
    """
    T = pose(rotation_z(1 / 31), [0, 0, 0])
    white = board("white", size_m=(1, 1, 0.01), T=T @ translation([-0.5, 0, 0]))
    black = board("black", size_m=(1, 1, 0.01), T=T @ translation([0.5, 0, 0]))
    return state_of(cameras, [white, black], q=Q, lights=(), ambient=1.0)


def speeds(twist_base):
    """Joint speeds with which the camera moves by a twist in the base frame."""
    tool = ARM.T_link_flange @ on_the_arm().T_mount_camera
    return np.linalg.solve(jacobian(ARM.Ts_parent_joint, ARM.axes, Q, tool), twist_base)


def edge(capture):
    """Place in pixels and variance of the edge's spread along the rows."""
    row = linear(capture.image[5:-5, :, 1]).mean(axis=0)
    slope = -np.diff(row)
    at = np.arange(len(slope)) + 0.5
    slope = np.where(np.abs(at - at[slope.argmax()]) < 20, slope, 0)
    place = (slope * at).sum() / slope.sum()
    return place, (slope * (at - place) ** 2).sum() / slope.sum()


def shot_of(state, dq, row=0):
    return MovingShot(row, state, dq, T_FLANGE)


def rig_of(state, seed=0):
    return CameraRig(state, np.random.default_rng(seed))


def test_the_twist_is_that_of_the_cameras_own_poses():
    state = sheet_state([on_the_arm()])
    dq = np.array([0.3, -0.2, 0.5, 0.7, -0.4, 1.0])
    dt = 1e-6
    T, T_later = (ARM.flange_pose(q) @ state.cameras[0].T_mount_camera for q in (Q, Q + dt * dq))
    step = invert(T) @ T_later
    turn = step[[2, 0, 1], [1, 2, 0]] - step[[1, 2, 0], [2, 0, 1]]
    exact = np.concatenate([step[:3, 3], turn / 2]) / dt
    assert camera_twist(state.cameras[0], state, dq) == pytest.approx(exact, abs=1e-4)


def test_a_camera_that_hangs_still_has_no_twist_on_a_moving_arm():
    spec = replace(on_the_arm(), mount="base")
    assert camera_twist(spec, sheet_state([spec]), np.ones(6)) is None


@pytest.mark.parametrize("v_m_s", [0.1, 0.25, -0.5])
def test_a_slow_arm_blurs_by_its_way_over_the_distance(v_m_s):
    state = sheet_state([on_the_arm()])
    still, moved = (
        edge(rig_of(state).shoot_moving([shot_of(state, speeds([v, 0, 0, 0, 0, 0]))])[0])
        for v in (0.0, v_m_s)
    )
    way_px = FOCAL_PX * v_m_s * EXPOSURE_S / HEIGHT_M
    # the edge is drawn out to a ramp as long as the way, and stays where it was half way
    assert moved[1] - still[1] == pytest.approx(way_px**2 / 12, rel=0.03, abs=0.01)
    assert moved[0] == pytest.approx(still[0], abs=0.05)


def test_motion_along_an_edge_leaves_it_sharp():
    state = sheet_state([on_the_arm()])
    still, moved = (
        edge(rig_of(state).shoot_moving([shot_of(state, speeds([0, v, 0, 0, 0, 0]))])[0])
        for v in (0.0, 0.5)
    )
    assert moved == pytest.approx(still, abs=0.03)


def test_brackets_blur_for_as_long_as_they_take():
    imager = replace(SHARP, brackets=(0.5, 2.0))
    state = sheet_state([on_the_arm(imager=imager, timing=replace(TIMING, exposure_s=0.015))])
    dq = speeds([0.1, 0, 0, 0, 0, 0])
    still, moved = (edge(rig_of(state).shoot_moving([shot_of(state, s * dq)])[0]) for s in (0, 1))
    way_px = FOCAL_PX * 0.1 * 0.015 / HEIGHT_M
    assert moved[1] - still[1] == pytest.approx(way_px**2 / 12, rel=0.1)


def test_a_late_trigger_shows_in_the_stamp_and_in_the_true_pose_alone():
    v = 0.2
    state = sheet_state([on_the_arm(timing=replace(TIMING, skew_s=2e-3))])
    rig = rig_of(state)
    dq = speeds([v, 0, 0, 0, 0, 0])
    late, places = [], []
    for _ in range(6):
        (capture,) = rig.shoot_moving([shot_of(state, dq)])
        late.append(capture.time_s - (state.time_s - EXPOSURE_S / 2))
        places.append(edge(capture)[0])
        assert np.array_equal(capture.T_base_flange, T_FLANGE)
    assert np.ptp(late) > 1e-3
    # the later, the further the camera is along x and the edge back in the picture
    expected = places[0] - FOCAL_PX * v / HEIGHT_M * (np.array(late) - late[0])
    assert np.array(places) == pytest.approx(expected, abs=0.2)
    assert np.ptp(expected) > 1.5


def test_without_skew_the_stamp_is_the_exposures_start():
    state = sheet_state([on_the_arm()])
    (capture,) = rig_of(state).shoot_moving([shot_of(state, np.zeros(6))])
    assert capture.time_s == pytest.approx(state.time_s - EXPOSURE_S / 2, abs=1e-12)


def test_the_lead_leaves_time_for_the_latest_exposure_and_its_data():
    timing = CaptureTiming(False, 0.006, 0.034, skew_s=1e-3)
    # middle, latest skew, second half, transfer
    assert lead_s(timing) == pytest.approx(0.003 + 0.003 + 0.034)


def small_rig():
    return [
        on_the_arm("cam0", CaptureTiming(True, 0.2, 0.1), DEPTH, size=(40, 30)),
        on_the_arm("cam1", size=(50, 31)),
        on_the_arm("cam2", CaptureTiming(True, 0.2, 0.1), DEPTH, size=(40, 30)),
        on_the_arm("cam3", CaptureTiming(False, 0.01, 0.5), size=(30, 41)),
    ]


def test_a_look_joins_what_was_taken_with_what_the_projectors_see():
    state = sheet_state(small_rig())
    rig = rig_of(state)
    assert rig.leads_s.keys() == {1, 3}
    before = replace(state, time_s=state.time_s - 0.6)
    taken = rig.shoot_moving([shot_of(before, np.zeros(6), row) for row in (3, 1)])
    task = SearchTask(state.cell, state.materials, np.eye(4), np.full(3, 0.3), 0.99)
    look = rig.look(state, T_FLANGE, task, taken)
    assert [c.calibration.camera for c in look.captures] == ["cam0", "cam1", "cam2", "cam3"]
    assert look.captures[1] is taken[1]
    assert look.captures[3] is taken[0]
    assert all(look.captures[row].depth is not None for row in (0, 2))
    assert look.triggered_s == min(c.time_s for c in look.captures) < state.time_s
    assert look.expected == ("cam0", "cam1", "cam2", "cam3")


def test_a_look_after_moving_costs_the_projectors_alone():
    rig = rig_of(sheet_state(small_rig()))
    alone = schedule([CaptureTiming(True, 0.2, 0.1)] * 2)
    assert rig.schedule_after_moving.still_s == pytest.approx(alone.still_s)
    assert rig.schedule_after_moving.ready_s == pytest.approx(alone.ready_s)
    assert rig.schedule.ready_s > alone.ready_s
    rows = rig.schedule_after_moving.rows(["a", "b", "c", "d"])
    assert {row["camera"] for row in rows if row["light"] == "exposed on the way"} == {"b", "d"}


def test_standing_captures_carry_their_own_skew():
    skewed = [replace(c, timing=replace(c.timing, skew_s=1e-3)) for c in small_rig()]
    state = sheet_state(skewed)
    rig = rig_of(state)
    task = SearchTask(state.cell, state.materials, np.eye(4), np.full(3, 0.3), 0.99)
    late = np.array(
        [
            np.array([c.time_s for c in rig.look(state, T_FLANGE, task).captures])
            - state.time_s
            - rig.schedule.exposed_s
            for _ in range(3)
        ]
    )
    assert (np.abs(late) <= 3e-3).all()
    assert (np.ptp(late, axis=0) > 0).all()
    assert len(np.unique(late)) == late.size
