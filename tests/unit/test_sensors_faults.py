"""Faults of cameras change what is true: pictures, stamps, depth; never what is believed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sensors_stage import IMAGER, camera, linear, state_of

from cellpick.geometry import difference, translation
from cellpick.scene.faults import Fault
from cellpick.sensors import CameraRig
from cellpick.sensors.window import dirty as dirty_window
from cellpick.structures import SearchTask

CELLS = (translation([0.05, 0, 0.05]), translation([-0.08, 0.03, 0.05]))


COARSE = replace(IMAGER, pixel_pitch_m=1e-4)
"""Pixels so coarse that a lens of 200 pixels' focal length has an aperture worth the name."""


def looks(*faults, count=1, cameras=None, moving=False):
    """Looks of two 3D cameras at cells, a second apart."""
    specs = cameras or [camera("cam0", imager=COARSE), camera("cam1")]
    state = state_of(specs, Ts_cell=CELLS, faults=faults)
    rig = CameraRig(state, np.random.default_rng(0))
    task = SearchTask(state.cell, state.materials, np.eye(4), np.full(3, 0.3), 0.99)
    taken = []
    for k in range(count):
        Ts = state.Ts_world_cell.copy()
        Ts[0, 0, 3] += 0.01 * k * moving
        now = replace(state, time_s=1.5 + k, Ts_world_cell=Ts)
        taken.append(rig.look(now, np.eye(4), task))
    return taken, rig


def fault(kind, from_look=1, amount=1.0):
    return Fault(0, kind, from_look, amount)


def only(taken, row=0):
    return taken[0].captures[row]


@pytest.mark.parametrize(
    "kind", ["out_of_focus", "half_covered", "over_exposed", "dirty_lens", "bumped", "drifting"]
)
def test_a_fault_spoils_its_camera_from_its_look_on_and_no_belief(kind, same_record):
    sound, rig = looks(count=2)
    spoilt, faulty_rig = looks(fault(kind, from_look=2), count=2)
    same_record(spoilt[0], sound[0])
    assert (spoilt[1].captures[0].image != sound[1].captures[0].image).any()
    same_record(spoilt[1].captures[1], sound[1].captures[1])
    same_record(faulty_rig.calibrations, rig.calibrations)


def test_a_dead_camera_delivers_nothing_but_was_triggered():
    taken, _ = looks(fault("dead", from_look=2), count=2)
    assert [len(look.captures) for look in taken] == [2, 1]
    assert taken[1].expected == ("cam0", "cam1")
    assert taken[1].captures[0].calibration.camera == "cam1"


def test_a_frozen_camera_repeats_picture_depth_and_stamp():
    taken, _ = looks(fault("frozen", from_look=2), count=3, moving=True)
    first, second, third = (look.captures[0] for look in taken)
    for later in (second, third):
        assert (later.image == first.image).all()
        np.testing.assert_array_equal(later.depth, first.depth)
        assert later.time_s == first.time_s < taken[1].triggered_s
    assert taken[2].captures[1].time_s >= taken[2].triggered_s


def test_a_camera_frozen_from_the_start_shows_its_first_look_for_ever():
    taken, _ = looks(fault("frozen"), count=2, moving=True)
    first, second = (look.captures[0] for look in taken)
    assert first.time_s >= taken[0].triggered_s
    assert (second.image == first.image).all()


def test_a_delayed_camera_shows_the_look_before():
    sound, _ = looks(count=3, moving=True)
    late, _ = looks(fault("delayed"), count=3, moving=True)
    assert [c.calibration.camera for c in late[0].captures] == ["cam1"]
    for k in (1, 2):
        assert (late[k].captures[0].image == sound[k - 1].captures[0].image).all()
        assert late[k].captures[0].time_s == sound[k - 1].captures[0].time_s


def test_a_cover_takes_half_of_the_picture_and_of_its_depth():
    sound, covered = only(looks()[0]), only(looks(fault("half_covered"))[0])
    ratio = linear(covered.image).mean(axis=2) / linear(sound.image).mean(axis=2)
    assert 0.3 < (ratio < 0.2).mean() < 0.5
    assert 0.3 < (ratio > 0.8).mean() < 0.5
    dark = ratio < 0.2
    assert np.isnan(covered.depth[dark]).mean() > 0.95
    more = only(looks(fault("half_covered", amount=3.0))[0])
    assert linear(more.image).mean() < linear(covered.image).mean()


def test_a_dirty_lens_costs_contrast_and_depth():
    sound, dirty = only(looks()[0]), only(looks(fault("dirty_lens"))[0])
    window = dirty_window(camera("cam0"), 1.0, np.random.default_rng(0))
    stripes = np.zeros((120, 160, 3), np.float32)
    stripes[:, ::2] = 1.0
    seen = window.dim(stripes)[..., 0]
    contrast = (seen[:, ::2] - seen[:, 1::2]) / (seen[:, ::2] + seen[:, 1::2])
    assert contrast.max() < 0.6
    assert contrast.min() > 0
    assert np.isnan(dirty.depth).mean() > np.isnan(sound.depth).mean() + 0.02


def test_over_exposure_saturates():
    shares = [
        (only(looks(*faults)[0]).image.min(axis=2) >= 254).mean()
        for faults in (
            (),
            (fault("over_exposed", amount=0.5),),
            (fault("over_exposed", amount=2.0),),
        )
    ]
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.5


def test_out_of_focus_softens_edges():
    flat = [camera("cam0", imager=COARSE), camera("cam1")]
    steepest = [
        np.abs(np.diff(linear(only(looks(*faults, cameras=flat)[0]).image)[..., 0], axis=1)).max()
        for faults in ((), (fault("out_of_focus", amount=3.0),))
    ]
    assert steepest[1] < 0.7 * steepest[0]


@pytest.mark.parametrize(("amount", "mm", "deg"), [(1.0, 2.0, 0.5), (0.25, 0.5, 0.125)])
def test_a_bump_moves_the_camera_by_its_size_once(amount, mm, deg):
    _, rig = looks(fault("bumped", amount=amount), count=2)
    spec = camera("cam0")
    for look in (1, 2, 9):
        off = difference(spec.T_mount_camera, rig._faults[0].camera(look).spec.T_mount_camera)
        assert 1e3 * np.linalg.norm(off[:3]) == pytest.approx(mm)
        assert np.degrees(np.linalg.norm(off[3:])) == pytest.approx(deg)


def test_a_drift_grows_look_by_look_with_the_focal_length():
    _, rig = looks(fault("drifting", from_look=3, amount=2.0))
    spec = camera("cam0")
    for look, warm in ((2, 0), (3, 2), (12, 20)):
        drifted = rig._faults[0].camera(look).spec
        off = difference(spec.T_mount_camera, drifted.T_mount_camera)
        assert 1e3 * np.linalg.norm(off[:3]) == pytest.approx(0.02 * warm, abs=1e-12)
        assert np.degrees(np.linalg.norm(off[3:])) == pytest.approx(0.01 * warm, abs=1e-9)
        assert drifted.K[0, 0] / spec.K[0, 0] == pytest.approx(1 + 5e-5 * warm)
        assert drifted.K[0, 2] == spec.K[0, 2]
