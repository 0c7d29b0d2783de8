"""A calibration file for another rig, or in a wrong convention, is refused by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cellpick.errors import InputError
from cellpick.geometry import invert, perturb
from cellpick.scene import load_scene, resolve_scene
from cellpick.sensors.calibration import believed
from cellpick.station import adopt
from cellpick.structures import CalibrationBoard, RigCalibration


@pytest.fixture(scope="module")
def models():
    return resolve_scene(load_scene("prismatic_tray"))


def calibrated(models, **changes):
    rng = np.random.default_rng(0)
    cameras = [believed(spec, rng) for spec in models.cameras]
    cameras[1] = replace(cameras[1], **changes)
    n = len(cameras)
    board = CalibrationBoard(9, 7, 0.03, 0.022)
    return RigCalibration(tuple(cameras), np.zeros((16 * n, 16 * n)), board, 20, (0.1,) * n, "s", 0)


def in_mm(T):
    out = T.copy()
    out[:3, 3] *= 1e3
    return out


def refused(models, **changes):
    with pytest.raises(InputError) as caught:
        adopt(calibrated(models, **changes), models, "cal.json")
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_the_rigs_own_calibration_is_taken(models):
    given = calibrated(models)
    assert adopt(given, models, "cal.json") == given.cameras


def test_other_cameras_are_another_rig(models):
    assert "its cameras are others" in refused(models, camera="cam1_3d")
    fewer = resolve_scene(load_scene("prismatic_tray", ["rig.cameras=[industrial_2d_2mp]"]))
    with pytest.raises(InputError, match="its cameras are others"):
        adopt(calibrated(models), fewer, "cal.json")


def test_another_image_size_is_another_rig(models):
    assert "another size" in refused(models, width_px=640, height_px=480)


def test_a_swapped_mount_is_named(models):
    said = refused(models, mount="base")
    assert "eye-in-hand and eye-to-hand are swapped" in said
    assert "cameras[1].mount" in said


def test_another_lens_is_another_rig(models):
    spec = models.cameras[1]
    zoomed = spec.K * [[1.1], [1.1], [1]]
    said = refused(models, K=zoomed)
    assert "the camera's lens is not near the drawing's" in said
    assert "cameras[1].K" in said
    assert "lens is not near" in refused(models, distortion=np.array([-6.0, 0, 0, 0, 0]))
    shifted = spec.K.copy()
    shifted[0, 2] += 0.06 * spec.K[0, 0]
    assert "lens is not near" in refused(models, K=shifted)
    adopt(calibrated(models, K=spec.K * [[1.01], [1.01], [1]]), models, "cal.json")


@pytest.mark.parametrize("scale", [0.5, 1.6, 1000.0])
def test_an_impossible_depth_scale_is_refused(models, scale):
    said = refused(models, depth_scale=scale)
    assert "cameras[1].depth_scale" in said
    assert "within 50 % of 1" in said


def test_conventions_are_named(models):
    T = models.cameras[1].T_mount_camera
    assert "camera->mount, not mount->camera" in refused(models, T_mount_camera=invert(T))
    assert "in millimetres, not metres" in refused(models, T_mount_camera=in_mm(T))
    both = refused(models, T_mount_camera=in_mm(invert(T)))
    assert "the inverse, camera->mount, and in millimetres" in both


def test_a_place_far_from_the_drawing_is_another_rig(models):
    T = models.cameras[1].T_mount_camera
    said = refused(models, T_mount_camera=perturb(T, [0.2, 0, 0, 0, 0, 0]))
    assert "another rig" in said
    assert "within 50 mm and 10 degrees" in said
    near = perturb(T, [0.02, -0.02, 0.01, 0.05, 0, 0])
    adopt(calibrated(models, T_mount_camera=near), models, "cal.json")
