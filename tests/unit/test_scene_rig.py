import numpy as np
import pytest

from cellpick.geometry import invert, project, transform
from cellpick.scene import SceneModels, load_scene, resolve_scene
from cellpick.scene.models import CLEAR_OF_VIEW_M


def rig(*overrides: str) -> SceneModels:
    return resolve_scene(load_scene("prismatic_tray", overrides))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8])
def test_every_optical_axis_meets_the_focus(count: int) -> None:
    cameras = ["industrial_2d_2mp"] * 8
    models = rig(f"rig.cameras={cameras[:count]}", "rig.focus_mm=560")
    assert len(models.cameras) == count
    for camera in models.cameras:
        T = camera.T_mount_camera
        np.testing.assert_allclose(T[:3, :3].T @ T[:3, :3], np.eye(3), atol=1e-12)
        assert np.linalg.det(T[:3, :3]) == pytest.approx(1)
        seen = transform(invert(T), np.array([[0.0, 0.0, 0.56]]))[0]
        np.testing.assert_allclose(seen[:2], 0, atol=1e-12)
        assert seen[2] > 0.5


def test_four_cameras_sit_on_the_corners_two_of_a_kind_on_each_diagonal() -> None:
    models = rig()
    p = np.array([c.T_mount_camera[:3, 3] for c in models.cameras])
    np.testing.assert_allclose(np.abs(p), np.tile([0.13, 0.11, 0.05], (4, 1)), atol=1e-12)
    assert [c.depth is not None for c in models.cameras] == [True, False, True, False]
    np.testing.assert_allclose(p[0, :2], -p[2, :2], atol=1e-12)
    np.testing.assert_allclose(p[1, :2], -p[3, :2], atol=1e-12)


def test_the_focus_lands_on_the_principal_point() -> None:
    for camera in rig().cameras:
        p = transform(invert(camera.T_mount_camera), np.array([[0.0, 0.0, 0.6]]))
        uv = project(p, camera.K, camera.distortion)[0]
        middle = [(camera.width_px - 1) / 2, (camera.height_px - 1) / 2]
        np.testing.assert_allclose(uv, middle, atol=1e-9)


def test_no_housing_stands_before_its_own_lens_or_the_plate() -> None:
    models = rig()
    for camera, body in zip(models.cameras, models.rig, strict=False):
        front = transform(
            invert(camera.T_mount_camera) @ body.T_parent_solid,
            np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
            * body.size_m
            / 2,
        )
        assert front[:, 2].max() < 0


def test_a_fixed_rig_looks_down_on_the_tray_wherever_the_arm_stands() -> None:
    models = rig("rig.mount=fixed", "arm.position_mm=[40, -30, 0]", "arm.yaw_deg=25")
    assert models.rig == ()
    assert {s.name for s in models.fixtures} >= {"rig.camera.0", "rig.camera.3"}
    top = models.T_world_tray[:3, 3] + [0, 0, 0.091]
    for camera in models.cameras:
        assert camera.mount == "base"
        T_world_camera = models.T_world_base @ camera.T_mount_camera
        seen = transform(invert(T_world_camera), top[None])[0]
        np.testing.assert_allclose(seen[:2], 0, atol=1e-12)
        assert T_world_camera[2, 3] == pytest.approx(top[2] + 1.0)


def test_noise_scales_what_it_says_and_zero_is_ideal() -> None:
    plain, double, none = (rig(f"noise.depth={s}", f"noise.image={s}") for s in (1, 2, 0))
    first, loud, clean = (m.cameras[0] for m in (plain, double, none))
    assert first.depth is not None
    assert loud.depth is not None
    assert clean.depth is not None
    assert loud.depth.stated.sigma_m == 2 * first.depth.stated.sigma_m
    assert loud.depth.stated.warp_m == 2 * first.depth.stated.warp_m
    assert loud.depth.scale_sigma == 2 * first.depth.scale_sigma
    assert clean.depth.model == "ideal"
    assert clean.ideal_depth
    assert clean.depth.near_m == first.depth.near_m
    assert clean.depth.scale_sigma == clean.depth.stated.warp_m == 0
    # relative to the signal, shot noise is 1/sqrt(full well) and read noise is read / full well
    shot = [1 / np.sqrt(c.imager.full_well_e) for c in (first, loud, clean)]
    read = [c.imager.read_noise_e / c.imager.full_well_e for c in (first, loud, clean)]
    np.testing.assert_allclose(shot[1], 2 * shot[0])
    np.testing.assert_allclose(read[1], 2 * read[0])
    assert shot[2] < 1e-6
    assert read[2] == 0


def test_the_stated_calibration_error_reaches_every_camera() -> None:
    for camera in rig("rig.calibration_error_mm=0.4", "rig.calibration_error_deg=0.05").cameras:
        assert camera.translation_sigma_m == pytest.approx(4e-4)
        assert camera.rotation_sigma_rad == pytest.approx(np.radians(0.05))


def test_an_arm_waits_out_of_the_view_of_fixed_cameras() -> None:
    models = resolve_scene(load_scene("prismatic_tray", ["rig.mount=fixed"]))
    p_flange = models.arm.flange_pose(models.park_rad)[:2, 3]
    p_tray = (np.linalg.inv(models.T_world_base) @ models.T_world_tray)[:2, 3]
    assert np.linalg.norm(p_flange - p_tray) >= CLEAR_OF_VIEW_M
    on_wrist = resolve_scene(load_scene("prismatic_tray"))
    assert np.array_equal(models.park_rad[1:], on_wrist.park_rad[1:])
    given = resolve_scene(
        load_scene("prismatic_tray", ["rig.mount=fixed", "arm.park_deg=[0, -90, 90, 0, 90, 0]"])
    )
    assert np.allclose(np.degrees(given.park_rad), [0, -90, 90, 0, 90, 0])
