"""Records copy their arrays in, keep them read-only, and refuse what does not fit."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np
import pytest

import cellpick.structures as structures
from cellpick.errors import ShapeError
from cellpick.structures import (
    CameraCalibration,
    Capture,
    Grasps,
    JointTrajectory,
    Solid,
    Symmetry,
)
from estimates_stage import empty_estimates

RECORDS = [
    value
    for name in structures.__all__
    if dataclasses.is_dataclass(value := getattr(structures, name))
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.__name__)
def test_every_record_is_frozen_and_none_with_arrays_compares_by_value(record):
    assert record.__dataclass_params__.frozen
    hints = typing.get_type_hints(record)
    holds_arrays = any(typing.get_origin(hint) is np.ndarray for hint in hints.values())
    assert not (holds_arrays and record.__dataclass_params__.eq)


def empty_grasps(n: int = 0, **changes) -> Grasps:
    values = {
        "cell_index": np.zeros(n, np.int64),
        "Ts_base_tcp": np.zeros((n, 4, 4)),
        "Ts_tcp_cell": np.zeros((n, 4, 4)),
        "opening_m": np.zeros(n),
        "approach_m": np.zeros(n),
        "clearance_m": np.zeros(n),
        "score": np.zeros(n),
        "refused": {},
    }
    return Grasps(**{**values, **changes})


def test_tables_of_zero_rows_are_legal():
    assert len(empty_estimates()) == 0
    assert empty_estimates().sigma_m.shape == (0,)
    assert len(empty_grasps()) == 0


def test_the_columns_of_a_table_must_agree():
    with pytest.raises(ShapeError, match=r"code must have 0 entries; got 1"):
        empty_estimates(code=("A1",))
    with pytest.raises(
        ShapeError, match=r"covariance must have shape \(0, 6, 6\); got \(1, 6, 6\)"
    ):
        empty_estimates(covariance=np.zeros((1, 6, 6)))
    with pytest.raises(ShapeError, match=r"score must have shape \(2\); got \(3\,\)"):
        empty_grasps(2, score=np.zeros(3))


def test_the_predicted_error_is_along_the_worst_axis():
    covariance = np.diag([1.0, 9.0, 4.0, 100.0, 100.0, 100.0])[None] * 1e-6
    R = np.eye(6)
    R[:2, :2] = [[0.6, -0.8], [0.8, 0.6]]
    one = {
        "Ts_base_cell": np.eye(4)[None],
        "polarity": ("+x",),
        "polarity_probability": np.ones(1),
        "code": ("",),
        "status": ("ok",),
        "reason": ("",),
        "score": np.ones(1),
    }
    estimates = empty_estimates(covariance=R @ covariance @ R.T, **one)
    np.testing.assert_allclose(estimates.sigma_m, [3e-3], rtol=1e-12)


def test_a_record_keeps_its_own_copy():
    axis = np.array([0.0, 0.0, 1.0])
    symmetry = Symmetry(axis, 2)
    axis[2] = 5.0
    assert symmetry.axis[2] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        symmetry.axis[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        symmetry.fold = 3


def test_a_capture_must_fit_its_calibration(small_look):
    first = small_look.captures[0]
    with pytest.raises(ShapeError, match=r"image must have shape \(6, 8, 3\); got \(6, 7, 3\)"):
        dataclasses.replace(first, image=first.image[:, :7])
    with pytest.raises(ShapeError, match=r"depth must have shape \(6, 8\); got \(5, 8\)"):
        dataclasses.replace(first, depth=first.depth[:5])


def test_a_flange_camera_rides_on_the_flange_and_a_fixed_one_does_not(small_look):
    capture = small_look.captures[0]
    on_flange = capture.T_base_flange @ capture.calibration.T_mount_camera
    np.testing.assert_array_equal(capture.T_base_camera, on_flange)
    fixed = dataclasses.replace(
        capture, calibration=dataclasses.replace(capture.calibration, mount="base")
    )
    np.testing.assert_array_equal(fixed.T_base_camera, capture.calibration.T_mount_camera)


def test_a_solid_moved_there_and_back_is_the_same():
    solid = Solid("wall", "box", [1, 2, 3], np.eye(4), "plastic")
    T = np.eye(4)
    T[:3, 3] = [1, 2, 3]
    back = np.eye(4)
    back[:3, 3] = [-1, -2, -3]
    moved = solid.moved(T)
    np.testing.assert_array_equal(moved.T_parent_solid, T)
    np.testing.assert_array_equal(moved.moved(back).T_parent_solid, np.eye(4))
    assert (moved.name, moved.shape, moved.material) == ("wall", "box", "plastic")


def test_a_trajectory_has_a_row_a_sample():
    samples = np.zeros((3, 6))
    trajectory = JointTrajectory("transfer", np.array([0.0, 0.1, 0.25]), samples, samples, samples)
    assert trajectory.duration_s == 0.25
    with pytest.raises(ShapeError, match=r"dq must have shape \(3, 6\); got \(2, 6\)"):
        JointTrajectory("transfer", np.zeros(3), samples, samples[:2], samples)


def test_a_capture_shows_what_a_real_station_has_and_nothing_else():
    """No id, mask, order or true pose may ever come in here."""
    assert [f.name for f in dataclasses.fields(Capture)] == [
        "calibration",
        "image",
        "depth",
        "time_s",
        "T_base_flange",
    ]
    assert [f.name for f in dataclasses.fields(CameraCalibration)] == [
        "camera",
        "width_px",
        "height_px",
        "K",
        "distortion",
        "mount",
        "T_mount_camera",
        "translation_sigma_m",
        "rotation_sigma_rad",
        "pixel_sigma_px",
        "depth_sigma_m",
        "depth_reference_m",
        "depth_scale",
        "depth_scale_sigma",
        "depth_warp_m",
        "depth_correlation_px",
    ]
    assert [f.name for f in dataclasses.fields(structures.CaptureSet)] == [
        "captures",
        "task",
        "expected",
        "triggered_s",
    ]
    assert [f.name for f in dataclasses.fields(structures.SearchTask)] == [
        "cell",
        "materials",
        "T_base_region",
        "region_size_m",
        "polarity_confidence",
        "marks",
        "arrangement",
    ]
