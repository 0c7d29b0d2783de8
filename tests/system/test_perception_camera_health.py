"""Every fault of either type of camera: named, and no cell misplaced by it."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest
from perception_stage import FIXED

from cellpick.evaluate import match_estimates
from cellpick.geometry import difference
from cellpick.perception import CameraMonitor, perceive
from cellpick.scene import SceneState, draw_scene, load_scene, resolve_scene
from cellpick.sensors import CameraRig
from cellpick.station.looking import tray_task
from cellpick.station.recipe import believe
from cellpick.structures import CaptureSet

SMALL = (*FIXED, "tray.rows=2", "tray.columns=1", "module.rows=2", "marks.side_mm=30")
FAULTY = ("cam0_3d", "cam1_2d")
PAIR = "rig.cameras=[zivid_2plus_m60, industrial_2d_2mp]"
TOLERANCE_M, TOLERANCE_DEG = 1e-3, 1.0

SINGLE_LOOK = {
    "dead": ("missing", "gave no picture"),
    "delayed": ("missing", "gave no picture"),
    "half_covered": ("distrusted", "of its picture is dark: covered"),
    "over_exposed": ("distrusted", "saturated: over-exposed"),
    "dirty_lens": ("degraded", "contrast of"),
    "out_of_focus": ("degraded", "soft: out of focus"),
    "bumped": ("corrected", "not where its calibration says; solved anew from"),
}


@cache
def looks(kind: str, count: int, from_look: int = 1, amount: float = 1.0, rig: str = ""):
    """Looks of a rig whose first 3D and first 2D camera have a fault, and the truth."""
    faults = ", ".join(
        f"{{camera: {row}, kind: {kind}, from_look: {from_look}, amount: {amount}}}"
        for row in range(len(FAULTY))
    )
    models = resolve_scene(
        load_scene("prismatic_tray", [*SMALL, *filter(None, [rig]), f"faults=[{faults}]"])
    )
    scene_rng, rig_rng, belief_rng = np.random.default_rng(3).spawn(3)
    state = draw_scene(models, scene_rng)
    task, rig = tray_task(believe(models, belief_rng)), CameraRig(state, rig_rng)
    taken = []
    for k in range(count):
        state = dataclasses.replace(state, time_s=10.0 * (k + 1))
        taken.append(rig.look(state, state.arm.flange_pose(state.q), task))
    return taken, state


def assert_placed_right(estimates, state: SceneState, look: CaptureSet) -> None:
    """All cells found, and none that may be acted on misplaced or turned."""
    matches = match_estimates(estimates, state, look.task)
    assert len(estimates) == len(state.serials)
    assert estimates.status == ("ok",) * len(estimates)
    assert matches.position_error_m.max() < TOLERANCE_M
    assert np.degrees(matches.angle_error_rad).max() < TOLERANCE_DEG
    assert matches.polarity == ("right",) * len(estimates)


def verdicts(estimates) -> dict[str, str]:
    return {status.camera: status.verdict for status in estimates.cameras}


@pytest.mark.parametrize("kind", SINGLE_LOOK)
def test_a_fault_is_named_in_its_first_look_and_the_cells_are_placed_right(kind):
    taken, state = looks(kind, 1)
    estimates = perceive(taken[0])
    verdict, words = SINGLE_LOOK[kind]
    for status in estimates.cameras:
        if status.camera in FAULTY:
            assert (status.verdict, words in status.reason) == (verdict, True), status
        else:
            assert (status.verdict, status.reason) == ("ok", "")
    assert_placed_right(estimates, state, taken[0])


@pytest.mark.parametrize("kind", ["frozen", "delayed"])
def test_an_old_picture_is_not_taken_for_one_of_this_look(kind):
    taken, state = looks(kind, 2, from_look=2)
    monitor = CameraMonitor()
    first = monitor.examine(taken[0])
    assert {s.verdict for s in first.cameras} == {"ok"}
    alone, known = CameraMonitor().examine(taken[1]), monitor.examine(taken[1])
    for examined in (alone, known):
        for status in examined.cameras:
            if status.camera in FAULTY:
                assert status.verdict == "distrusted"
                assert "frozen" in status.reason
    assert_placed_right(perceive(taken[1]), state, taken[1])


def test_a_frozen_camera_without_honest_stamps_is_known_by_its_noise():
    taken, _ = looks("frozen", 2, from_look=2)
    relabelled = dataclasses.replace(
        taken[1],
        captures=tuple(dataclasses.replace(c, time_s=20.0) for c in taken[1].captures),
    )
    monitor = CameraMonitor()
    monitor.examine(taken[0])
    found = {s.camera: s for s in monitor.examine(relabelled).cameras}
    assert [found[name].verdict for name in FAULTY] == ["distrusted"] * 2
    assert "to the bit" in found["cam0_3d"].reason


def test_a_drift_is_noticed_and_followed():
    taken, state = looks("drifting", 3, amount=4.5, rig=PAIR)
    monitor = CameraMonitor()
    first = monitor.examine(taken[0])
    assert {s.verdict for s in first.cameras} == {"ok"}
    monitor.examine(taken[1])
    estimates = perceive(taken[2], monitor)
    assert [verdicts(estimates)[name] for name in FAULTY] == ["corrected"] * 2
    assert_placed_right(estimates, state, taken[2])


def test_a_camera_solved_anew_is_where_it_truly_is_within_what_it_states():
    taken, state = looks("bumped", 1)
    examined = CameraMonitor().examine(taken[0])
    rig = CameraRig(
        state, np.random.default_rng(3).spawn(3)[1]
    )  # the same draws: gives the moved cameras' true places
    for row, name in enumerate(FAULTY):
        capture = next(c for c in examined.look.captures if c.calibration.camera == name)
        moved = rig._faults[row].camera(1).spec.T_mount_camera
        belief = capture.calibration
        error = difference(belief.T_mount_camera, moved)
        # 4 sigmas of a vector of three; the bump itself was 2 mm and 9 mrad
        assert np.linalg.norm(error[:3]) < 4 * belief.translation_sigma_m * np.sqrt(3) < 2e-3
        assert np.linalg.norm(error[3:]) < 4 * belief.rotation_sigma_rad * np.sqrt(3) < 9e-3


def test_with_fewer_cameras_the_predicted_error_grows():
    taken, _ = looks("dead", 1, from_look=2)
    sigmas = []
    for kept in (4, 2, 1):
        look = dataclasses.replace(taken[0], captures=taken[0].captures[:kept])
        estimates = perceive(look)
        assert len(estimates) == 2
        sigmas.append(float(estimates.sigma_m.max()))
        assert [s.verdict for s in estimates.cameras].count("missing") == 4 - kept
    assert sigmas[0] < sigmas[1] < sigmas[2]


def test_without_any_camera_there_are_no_cells_and_every_camera_says_why():
    taken, _ = looks("dead", 1, from_look=2)
    estimates = perceive(dataclasses.replace(taken[0], captures=()))
    assert len(estimates) == 0
    assert verdicts(estimates) == dict.fromkeys(taken[0].expected, "missing")
