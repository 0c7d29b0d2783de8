"""The rig: calibration errors, random streams, time stamps, and what a look may hold."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from sensors_stage import DEPTH, board, camera, look, state_of

from cellpick.errors import InputError, UnavailableError
from cellpick.geometry import difference, pose, rotation_z, translation
from cellpick.scene import CaptureTiming
from cellpick.sensors import CameraRig, open3d_loader
from cellpick.sensors.calibration import believed
from cellpick.structures import CameraCalibration, Capture, CaptureSet, SearchTask, Solid

CELLS = (translation([0, 0, 0.05]), pose(rotation_z(1.0), [0.0, 0.1, 0.05]))


def small_cameras(n):
    """Cameras of odd sizes, 3D and 2D in turn."""
    return [
        camera(f"cam{i}", size=(67 + i, 45), focal_px=90.0, depth=None if i % 2 else DEPTH)
        for i in range(n)
    ]


def test_a_fifth_camera_leaves_the_first_four_unchanged(same_record):
    four = look(state_of(small_cameras(4), Ts_cell=CELLS))
    five = look(state_of(small_cameras(5), Ts_cell=CELLS))
    assert len(five.captures) == 5
    same_record(five.captures[:4], four.captures)


def test_the_same_generator_gives_the_same_look(same_record):
    state = state_of(small_cameras(3), Ts_cell=CELLS)
    same_record(look(state, seed=3).captures, look(state, seed=3).captures)


def test_another_seed_gives_other_noise_and_other_calibrations():
    state = state_of(small_cameras(1), Ts_cell=CELLS)
    first, second = (look(state, seed=s).captures[0] for s in (1, 2))
    assert (first.image != second.image).any()
    assert (first.depth != second.depth).any()
    assert not np.array_equal(first.calibration.T_mount_camera, second.calibration.T_mount_camera)


def test_a_second_look_has_fresh_noise_and_the_same_calibrations():
    state = state_of(small_cameras(1), Ts_cell=CELLS)
    rig = CameraRig(state, np.random.default_rng(0))
    task = SearchTask(state.cell, state.materials, np.eye(4), np.full(3, 0.3), 0.99)
    first, second = (rig.look(state, np.eye(4), task).captures[0] for _ in range(2))
    assert (first.image != second.image).any()
    assert first.calibration is second.calibration is rig.calibrations[0]


def test_devices_of_another_seed_keep_what_they_were_born_with_and_no_noise(same_record):
    warped = replace(DEPTH, sigma_m=0.0, warp_m=1e-3, scale_sigma=2e-3)
    eyes = [camera(depth=warped), camera("noisy"), camera("flat", depth=None)]
    state = state_of(eyes, Ts_cell=CELLS)
    task = SearchTask(state.cell, state.materials, np.eye(4), np.full(3, 0.3), 0.99)
    born = CameraRig(state, np.random.default_rng(9))

    def taken(seed, devices=9):
        rng, devices = (np.random.default_rng(k) for k in (seed, devices))
        rig = CameraRig(state, rng, born.calibrations, devices)
        assert rig.calibrations == born.calibrations
        return rig.depth_scales, rig.look(state, np.eye(4), task).captures

    (scales, first), (others, second) = taken(1), taken(2)
    assert scales == others == born.depth_scales != taken(1, devices=8)[0]
    for one, other in zip(first, second, strict=True):
        assert (one.image != other.image).any()
    # without axial noise the fixed patterns are all there is, but for a few readings at edges
    both = np.isfinite(first[0].depth) & np.isfinite(second[0].depth)
    assert np.mean(first[0].depth[both] == second[0].depth[both]) > 0.9
    assert np.mean(first[1].depth == second[1].depth) < 0.1
    same_record(taken(1)[1], first)
    # a rig whose devices come from its own generator is one without further devices
    plain = CameraRig(state, np.random.default_rng(9)).look(state, np.eye(4), task)
    same_record(taken(9)[1], plain.captures)


def test_a_moved_cell_changes_image_and_depth():
    state = state_of(small_cameras(1), Ts_cell=CELLS)
    moved = replace(state, Ts_world_cell=np.stack([CELLS[0], CELLS[1] @ translation([0.02, 0, 0])]))
    before, after = look(state).captures[0], look(moved).captures[0]
    assert np.abs(before.image.astype(int) - after.image).max() > 30
    assert np.nanmax(np.abs(before.depth - after.depth)) > 0.05


def test_calibrations_err_by_their_sigmas():
    spec = camera(translation_sigma_m=2e-4, rotation_sigma_rad=5e-4)
    rng = np.random.default_rng(0)
    errors = np.array(
        [difference(spec.T_mount_camera, believed(spec, rng).T_mount_camera) for _ in range(600)]
    )
    scaled = errors / ([2e-4] * 3 + [5e-4] * 3)
    assert scaled.mean(axis=0) == pytest.approx(np.zeros(6), abs=0.15)
    assert scaled.std(axis=0) == pytest.approx(np.ones(6), abs=0.1)


def test_a_calibration_states_the_cameras_figures():
    belief = believed(camera(), np.random.default_rng(0))
    assert (belief.depth_sigma_m, belief.depth_reference_m) == (DEPTH.sigma_m, DEPTH.reference_m)
    assert believed(camera(depth=None), np.random.default_rng(0)).depth_sigma_m == 0


def test_a_station_corrects_the_scale_but_for_what_commissioning_left():
    spec, rng = camera(depth_scale_sigma=2e-4), np.random.default_rng(0)
    left = np.array([believed(spec, rng, 1.003).depth_scale * 1.003 - 1 for _ in range(600)])
    assert left.mean() == pytest.approx(0, abs=3e-5)
    assert left.std() == pytest.approx(2e-4, rel=0.1)
    assert believed(spec, rng, 1.003).depth_scale_sigma == 2e-4


def test_a_calibration_tells_of_warp_and_likeness_and_an_ideal_camera_has_none():
    spec = camera(depth=replace(DEPTH, warp_m=1e-4, correlation_px=0.7), depth_scale_sigma=2e-4)
    belief = believed(spec, np.random.default_rng(0))
    assert (belief.depth_warp_m, belief.depth_correlation_px) == (1e-4, 0.7)
    ideal = replace(spec, depth=spec.depth.scaled(0))
    belief = believed(ideal, np.random.default_rng(0))
    assert (belief.depth_warp_m, belief.depth_correlation_px) == (0, 0)
    assert (belief.depth_scale, belief.depth_scale_sigma) == (1, 0)
    assert 0 < belief.depth_sigma_m < 1e-5
    flat = believed(replace(spec, depth=None), np.random.default_rng(0))
    real = believed(spec, np.random.default_rng(0))
    assert [b.ideal_depth for b in (belief, real, flat)] == [True, False, False]
    assert [c.ideal_depth for c in (ideal, spec, replace(spec, depth=None))] == [True, False, False]


def test_a_perfect_calibration_is_the_truth(same_record):
    spec = camera(translation_sigma_m=0.0, rotation_sigma_rad=0.0)
    belief = believed(spec, np.random.default_rng(0)).T_mount_camera
    assert belief == pytest.approx(spec.T_mount_camera, abs=1e-15)


def test_cameras_fire_one_after_the_other():
    state = state_of(
        [
            replace(c, timing=CaptureTiming(True, 0.1 + 0.1 * i, 0.05))
            for i, c in enumerate(small_cameras(3))
        ]
    )
    assert [c.time_s for c in look(state).captures] == pytest.approx([1.5, 1.6, 1.8])
    rig = CameraRig(state, np.random.default_rng(0))
    assert rig.capture_duration_s == pytest.approx(0.65)


def test_a_capture_reports_what_the_encoders_said():
    reported = translation([0.001, 0.002, 0.003])
    capture = look(state_of(small_cameras(1)), T_base_flange=reported).captures[0]
    assert np.array_equal(capture.T_base_flange, reported)


@pytest.mark.parametrize(
    ("record", "names"),
    [
        (CaptureSet, {"captures", "task", "expected", "triggered_s"}),
        (Capture, {"calibration", "image", "depth", "time_s", "T_base_flange"}),
        (
            SearchTask,
            {"cell", "materials", "T_base_region", "region_size_m", "polarity_confidence"}
            | {"marks", "arrangement"},
        ),
        (
            CameraCalibration,
            {"camera", "width_px", "height_px", "K", "distortion", "mount", "T_mount_camera"}
            | {"translation_sigma_m", "rotation_sigma_rad", "pixel_sigma_px"}
            | {"depth_sigma_m", "depth_reference_m", "depth_scale", "depth_scale_sigma"}
            | {"depth_warp_m", "depth_correlation_px"},
        ),
    ],
)
def test_a_look_holds_these_fields_and_no_other(record, names):
    assert {field.name for field in fields(record)} == names


def test_a_scene_without_cells_or_lamps_can_be_looked_at():
    capture = look(state_of(small_cameras(1), lights=())).captures[0]
    assert np.isfinite(capture.depth).all()


def test_an_unknown_material_is_named_with_those_there_are():
    state = state_of(small_cameras(1), [board("velvet")])
    with pytest.raises(InputError, match=r"unknown material; got 'velvet'; accepted: aluminium"):
        CameraRig(state, np.random.default_rng(0))


def test_jaws_and_rig_are_in_the_picture():
    state = state_of(small_cameras(1))
    plate = Solid("plate", "box", [0.2, 0.2, 0.01], translation([0, 0, 0.2]), "black")
    placed = plate.moved(np.linalg.inv(state.T_world_flange))
    seen = look(replace(state, rig=(placed,))).captures[0]
    assert np.nanmin(seen.depth) == pytest.approx(0.395, abs=1e-3)
    assert np.nanmin(look(state).captures[0].depth) > 0.59


def test_a_missing_open3d_is_one_clear_message(monkeypatch):
    def refuse(name):
        raise ImportError("libEGL.so.1: cannot open shared object file")

    monkeypatch.setattr(open3d_loader.importlib, "import_module", refuse)
    monkeypatch.setattr(open3d_loader.ctypes.util, "find_library", lambda name: "libusb-1.0.so.0")
    with pytest.raises(UnavailableError, match=r"Open3D cannot be loaded: libEGL.*cellpick doctor"):
        open3d_loader.load_open3d()
    monkeypatch.setattr(open3d_loader.ctypes.util, "find_library", lambda name: None)
    with pytest.raises(UnavailableError, match="libusb cannot be loaded"):
        open3d_loader.load_open3d()
