"""Small residuals prove nothing: what passes them is caught by the touch test and by the checks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from calibration_stage import CENTRE, DOWN, camera, flange_poses, pair, sightings

from cellpick.calibration import all_checks, rig_calibration, solve
from cellpick.calibration.checks import board_scale
from cellpick.evaluate import touch_test
from cellpick.geometry import pose
from cellpick.scene import CameraSpec, CaptureTiming, ImagerSpec

NOISE_PX = 0.06
VOLUME = CENTRE + np.stack(
    np.meshgrid([-0.1, 0.0, 0.1], [-0.08, 0.0, 0.08], [0.0, 0.06], indexing="ij"), axis=-1
).reshape(-1, 3)
LOOK = pose(DOWN, CENTRE + np.array([0.0, 0.0, 0.6]))[None]
WORKING = [np.array([0.45, 0.62])] * 2


def specs(cameras=None):
    """The true cameras of the stage."""
    timing, imager = CaptureTiming(False, 0.01, 0.01), ImagerSpec(0.005, 4.0, 1e4, 2.4, 0.6, 1.3)
    return tuple(
        CameraSpec(
            c.camera,
            c.width_px,
            c.height_px,
            c.K,
            c.distortion,
            c.mount,
            c.T_mount_camera,
            imager,
            None,
            timing,
            1e-4,
            3e-4,
        )
        for c in cameras or pair()
    )


def judged(seen, intrinsics="hold", factor=1.0, ignore_depth=False):
    """Residual, worst touch p95 in mm, and the checks that failed."""
    solution = solve(seen, intrinsics)
    rig, scales = rig_calibration(solution, "s", 0)
    if ignore_depth:
        rig = replace(rig, cameras=tuple(replace(c, depth_scale=1.0) for c in rig.cameras))
    touch = touch_test(specs(), (factor, 1.0), rig, LOOK, VOLUME, np.random.default_rng(0))
    failed = [c.name for c in all_checks(solution, scales, WORKING) if not c.passed]
    alone = max(start.picture_rms_px for start in solution.starts) / np.sqrt(2)
    return alone, 1e3 * max(t.p95_m for t in touch), failed


def test_a_right_calibration_passes_all():
    alone, touch_mm, failed = judged(sightings(sigma_px=NOISE_PX))
    assert alone < 1.1 * NOISE_PX
    assert touch_mm < 0.1
    assert failed == []


def test_a_board_one_per_cent_too_large_is_caught():
    seen = sightings(sigma_px=NOISE_PX, printed=1.01)
    alone, touch_mm, failed = judged(seen)
    assert alone < 1.1 * NOISE_PX  # the pictures alone know nothing of it
    assert touch_mm > 0.5
    assert "board size" in failed
    scale, sigma = board_scale(solve(seen, "hold"))
    assert abs(scale - 1.01) < max(4 * sigma, 2e-4)


def test_a_board_outside_the_working_distance_is_caught():
    flanges = flange_poses(np.random.default_rng(0), 12, distance=(0.95, 1.0))
    seen = sightings(sigma_px=NOISE_PX, flanges=flanges)
    alone, touch_mm, failed = judged(seen, "solve")
    right = judged(sightings(sigma_px=NOISE_PX), "solve")
    assert alone < 1.1 * NOISE_PX
    assert touch_mm > right[1]
    assert {"distance of cam0_3d", "distance of cam1_2d"} <= set(failed)


def test_bad_trueness_of_depth_is_caught():
    seen = sightings(sigma_px=NOISE_PX, depth_factor=1.008)
    alone, corrected_mm, failed = judged(seen, factor=1.008)
    assert alone < 1.1 * NOISE_PX
    assert failed == ["depth scale of cam0_3d"]
    assert corrected_mm < 0.1
    assert judged(seen, factor=1.008, ignore_depth=True)[1] > 3.0


def test_a_lens_that_is_another_is_caught():
    other = camera(K=camera().K * np.array([[1.01, 1, 1], [1, 1.01, 1], [1, 1, 1]]))
    seen = sightings(sigma_px=NOISE_PX, believed=(other, pair()[1]))
    assert "lens of cam0_3d" in judged(seen, "solve")[2]


@pytest.mark.parametrize("seed", range(3))
def test_the_predicted_touch_error_holds(seed):
    solution = solve(sightings(seed, sigma_px=NOISE_PX, encoders=True), "hold")
    rig, _ = rig_calibration(solution, "s", 0)
    touches = touch_test(specs(), (1.0, 1.0), rig, LOOK, VOLUME, np.random.default_rng(0))
    assert [t.eye for t in touches] == ["cam0_3d", "cam1_2d", "all cameras"]
    for touch in touches:
        # it may be broken once in twenty, but never by much, and it is no blank cheque
        assert touch.p95_m < 1.3 * touch.bound_m
        assert touch.bound_m < 8 * touch.p95_m
