"""What all tests share: hypothesis' settings and a small look made by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import settings

from cellpick.geometry import pose, rotation_z
from cellpick.structures import (
    CameraCalibration,
    Capture,
    CaptureSet,
    CellModel,
    Material,
    SearchTask,
    SurfaceFeature,
    Symmetry,
)

# the same examples in every run, and no test that fails because a machine is slow
settings.register_profile("cellpick", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("cellpick")


def small_calibration(camera: str, width_px: int, height_px: int) -> CameraCalibration:
    return CameraCalibration(
        camera=camera,
        width_px=width_px,
        height_px=height_px,
        K=np.array([[20.1, 0, width_px / 3], [0, 19.9, height_px / 3], [0, 0, 1]]),
        distortion=np.array([0.1, -0.02, 1e-3, -1e-3, 1 / 3]),
        mount="flange",
        T_mount_camera=pose(rotation_z(0.3), [0.1, -0.2, 1 / 3]),
        translation_sigma_m=1e-4,
        rotation_sigma_rad=3.4906585039886593e-4,
        pixel_sigma_px=0.2,
        depth_sigma_m=0.0,
        depth_reference_m=0.6,
    )


def small_cell() -> CellModel:
    plus = SurfaceFeature(
        "terminal_plus",
        "terminal",
        "+z",
        "disc",
        np.zeros(2),
        np.full(2, 0.01),
        2e-3,
        "copper",
        "+",
    )
    return CellModel(
        name="test_cell",
        shape="box",
        size_m=np.array([0.148, 0.0265, 0.091]),
        mass_kg=0.87,
        corner_radius_m=1e-3,
        rim_radius_m=5e-4,
        case_material="film",
        top_material="aluminium",
        bottom_material="aluminium",
        friction=0.3,
        features=(plus,),
        symmetries=(Symmetry(np.array([0.0, 0.0, 1.0]), 1),),
    )


@pytest.fixture
def small_look() -> CaptureSet:
    """A 2D and a 3D camera of few pixels, with every kind of depth value."""
    rng = np.random.default_rng(7)
    captures = []
    for camera, width, height, has_depth in (("cam0_3d", 8, 6, True), ("cam1 / 2d", 5, 7, False)):
        depth = rng.uniform(0.4, 0.7, (height, width)).astype(np.float32)
        depth.flat[:4] = [np.nan, 0.0, -0.0, 1e-40]
        captures.append(
            Capture(
                calibration=small_calibration(camera, width, height),
                image=rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
                depth=depth if has_depth else None,
                time_s=0.1 + 0.2,
                T_base_flange=pose(rotation_z(1.0), [0.5, 0.1, 0.7]),
            )
        )
    task = SearchTask(
        cell=small_cell(),
        materials={"film": Material("film", np.array([0.1, 0.2, 0.7]), 0.0, 0.6, False)},
        T_base_region=pose(rotation_z(-0.1), [0.55, -0.25, 0.01]),
        region_size_m=np.array([0.32, 0.19, 0.14]),
        polarity_confidence=0.95,
    )
    return CaptureSet(tuple(captures), task)


def assert_same_record(first: object, second: object) -> None:
    """Equal to the bit, field by field, down to the type of every array."""
    assert type(first) is type(second)
    if dataclasses.is_dataclass(first):
        for field in dataclasses.fields(first):
            assert_same_record(getattr(first, field.name), getattr(second, field.name))
    elif isinstance(first, np.ndarray):
        assert isinstance(second, np.ndarray)
        assert (first.dtype, first.shape) == (second.dtype, second.shape)
        assert first.tobytes() == second.tobytes()
    elif isinstance(first, tuple):
        assert isinstance(second, tuple)
        assert len(first) == len(second)
        for a, b in zip(first, second, strict=True):
            assert_same_record(a, b)
    elif isinstance(first, dict):
        assert isinstance(second, dict)
        assert list(first) == list(second)
        for key in first:
            assert_same_record(first[key], second[key])
    else:
        assert first == second


@pytest.fixture
def same_record():
    """The check that two records are equal to the bit."""
    return assert_same_record
