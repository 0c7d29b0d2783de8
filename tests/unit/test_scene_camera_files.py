"""Camera files: what the presets hold, and one clear message for each figure that cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from cellpick.errors import InputError
from cellpick.geometry import project, rays
from cellpick.scene import CameraModel, SceneModels, data_folder, load_camera, load_scene
from cellpick.scene import resolve_scene as resolve

CAMERAS = data_folder("models") / "cameras"
PRESETS = sorted(path.stem for path in CAMERAS.glob("*.yaml"))
DEEP = ["kinect_v1", "mecheye_pro_s", "photoneo_phoxi_s", "realsense_d435", "zivid_2plus_m60"]
FLAT = ["industrial_2d_12mp", "industrial_2d_2mp", "industrial_2d_5mp"]


def preset(name: str, subsample: int | None = None) -> CameraModel:
    return load_camera(CAMERAS / f"{name}.yaml", subsample)


def published(name: str, figure: str) -> float:
    return next(p.value for p in preset(name).published if p.figure == figure)


def changed(tmp_path: Path, name: str, key: str, value: object) -> Path:
    """A copy of a preset with one key set, or left out where `value` is None."""
    document = yaml.safe_load((CAMERAS / f"{name}.yaml").read_text(encoding="utf-8"))
    *path, last = key.split(".")
    place = document
    for part in path:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


def test_these_presets_are_shipped() -> None:
    assert sorted([*DEEP, *FLAT]) == PRESETS


@pytest.mark.parametrize("name", DEEP)
def test_a_deep_camera_works_at_the_distance_of_its_figures(name: str) -> None:
    depth = preset(name).depth
    assert depth is not None
    assert depth.near_m <= depth.stated.reference_m <= depth.far_m
    assert 0 < depth.stated.sigma_m < 0.002
    assert preset(name).timing.projects


@pytest.mark.parametrize("name", [*DEEP, "industrial_2d_5mp", "industrial_2d_12mp"])
def test_every_published_figure_says_who_states_it(name: str) -> None:
    figures = preset(name).published
    assert figures
    assert all(len(p.source) > 10 and p.value > 0 for p in figures)
    assert all(p.certainty in ("datasheet", "second-hand", "assumed") for p in figures)


@pytest.mark.parametrize("name", ["photoneo_phoxi_s", "zivid_2plus_m60"])
def test_the_full_sensor_has_the_published_point_spacing(name: str) -> None:
    camera = preset(name, subsample=1)
    spacing = next(p for p in camera.published if p.figure == "point_spacing_mm")
    assert spacing.at_m is not None
    assert spacing.at_m * 1e3 / camera.K[0, 0] == pytest.approx(spacing.value, rel=0.01)


@pytest.mark.parametrize("name", ["mecheye_pro_s", "photoneo_phoxi_s", "zivid_2plus_m60"])
def test_a_structured_light_camera_has_its_published_noise(name: str) -> None:
    depth = preset(name).depth
    assert depth is not None
    assert depth.stated.sigma_m * 1e3 == pytest.approx(published(name, "point_precision_mm"))


def test_the_stereo_camera_states_what_its_disparity_gives() -> None:
    depth = preset("realsense_d435").depth
    assert depth is not None
    assert depth.stated.sigma_m == pytest.approx(0.36 * 0.08 / (639 * 0.05), rel=0.001)
    assert preset("realsense_d435", subsample=1).K[0, 0] == pytest.approx(639, rel=0.001)
    assert preset("kinect_v1").K[0, 0] == pytest.approx(585, rel=0.001)


@pytest.mark.parametrize("name", DEEP)
def test_reading_out_fewer_pixels_leaves_view_and_noise_and_shrinks_their_kernels(
    name: str,
) -> None:
    whole, part = preset(name, 1), preset(name, 5)
    assert part.width_px == whole.width_px // 5
    assert part.subsample == 5
    views = [c.width_px / c.K[0, 0] for c in (whole, part)]
    assert views[1] == pytest.approx(views[0], rel=0.01)
    assert whole.depth is not None
    assert part.depth is not None
    first, second = whole.depth.stated, part.depth.stated
    assert second.sigma_m == first.sigma_m
    assert second.correlation_px == pytest.approx(first.correlation_px / 5)


REFUSED = [
    ("zivid_2plus_m60", "depth.baseline_mm", 0, "depth.baseline_mm: .*greater than 0; got 0"),
    ("realsense_d435", "depth.baseline_mm", 0, "depth.baseline_mm: .*greater than 0; got 0"),
    ("kinect_v1", "depth.baseline_mm", -75, "depth.baseline_mm: .*got -75"),
    ("zivid_2plus_m60", "depth.sigma_mm", -0.1, "depth.sigma_mm: .*got -0.1"),
    ("zivid_2plus_m60", "depth.warp_mm", -1, "depth.warp_mm: .*got -1"),
    ("zivid_2plus_m60", "depth.brackets", [], "depth.brackets: .*at least 1"),
    ("zivid_2plus_m60", "depth.brackets", [0], "depth.brackets.0: .*got 0"),
    ("zivid_2plus_m60", "depth.flying_share", 1.5, "depth.flying_share: .*got 1.5"),
    ("zivid_2plus_m60", "depth.max_angle_deg", 90, "depth.max_angle_deg: .*got 90"),
    ("zivid_2plus_m60", "depth.scale_permille", 2000, "depth.scale_permille: .*got 2000"),
    ("zivid_2plus_m60", "depth.far_mm", 200, "depth.near_mm: the nearest reading .*got 300"),
    ("zivid_2plus_m60", "depth.sigma_m", 1, "depth.sigma_m: unknown key; did you mean 'sigma_mm'"),
    ("zivid_2plus_m60", "depth.headroom", None, "depth.headroom: a required key is missing"),
    ("zivid_2plus_m60", "depth.model", "lidar", "depth.model: .*'lidar'.*'active_stereo'"),
    ("zivid_2plus_m60", "depth.model", None, "depth.model: .*nothing.*one of the models"),
    ("realsense_d435", "depth.noise", -1, "depth.noise: .*got -1"),
    ("realsense_d435", "depth.subpixel_px", 0, "depth.subpixel_px: .*greater than 0"),
    ("realsense_d435", "depth.block_px", 8, "depth.block_px: .*got 8; accepted: an odd number"),
    ("realsense_d435", "depth.near_mm", 20, "depth.near_mm: a disparity.*at least 50 mm"),
    (
        "realsense_d435",
        "image.distortion",
        [0.1, 0.0, 0.0, 0.0, 0.0],
        "image.distortion: .*rectified",
    ),
    ("zivid_2plus_m60", "depth.reference_mm", 1101, "depth.reference_mm: .*got 1101.*300 to 1100"),
    ("realsense_d435", "depth.reference_mm", 270, "depth.reference_mm: .*got 270.*280 to 3000"),
    (
        "zivid_2plus_m60",
        "image.distortion",
        [-6.0, 0.0, 0.0, 0.0, 0.0],
        "image.distortion: a lens that distorts so much .*got",
    ),
    (
        "industrial_2d_5mp",
        "image.distortion",
        [-0.6, 0.0, 0.0, 0.0, 0.0],
        "image.distortion: a lens that distorts so much .*narrower horizontal_fov_deg",
    ),
    ("kinect_v1", "depth.noise", -1, "depth.noise: .*got -1"),
    ("kinect_v1", "image.subsample", 0, "image.subsample: .*got 0"),
    ("kinect_v1", "published", [{"figure": "beauty"}], "published.0"),
    ("zivid_2plus_m60", "published", [{"figure": "planarity_mm", "value": -1}], "published.0"),
]


@pytest.mark.parametrize(("name", "key", "value", "words"), REFUSED)
def test_a_figure_that_cannot_be_is_refused_by_file_and_key(
    tmp_path: Path, name: str, key: str, value: object, words: str
) -> None:
    with pytest.raises(InputError, match=rf"mine\.yaml: {words}") as caught:
        load_camera(changed(tmp_path, name, key, value))
    assert caught.value.exit_code == 2


def test_a_lens_that_distorts_strongly_but_can_be_inverted_is_accepted(tmp_path: Path) -> None:
    strong = [-0.25, 0.05, 0.0, 0.0, 0.0]
    model = load_camera(changed(tmp_path, "industrial_2d_5mp", "image.distortion", strong))
    pixels = np.array([[0.0, 0.0], [model.width_px - 1.0, 0.0], [10.0, model.height_px - 1.0]])
    again = project(rays(pixels, model.K, model.distortion), model.K, model.distortion)
    np.testing.assert_allclose(again, pixels, atol=0.1)


def test_a_read_out_of_next_to_no_pixels_is_refused(tmp_path: Path) -> None:
    file = changed(tmp_path, "kinect_v1", "image.height_px", 100)
    with pytest.raises(InputError, match=r"image\.subsample: too few pixels.*got 8.*1 to 6"):
        load_camera(file, subsample=8)


def rig_of(name: str, *overrides: str) -> SceneModels:
    cameras = f"rig.cameras=[{name}, industrial_2d_2mp, {name}, industrial_2d_2mp]"
    return resolve(load_scene("prismatic_tray", [cameras, *overrides]))


@pytest.mark.parametrize("name", DEEP)
def test_a_scene_of_any_deep_preset_stands_where_it_can_read(name: str) -> None:
    models = rig_of(name)
    rig, depth = models.spec.rig, models.cameras[0].depth
    assert depth is not None
    tops = rig.standoff_m - rig.forward_mm * 1e-3
    assert depth.near_m < tops < depth.far_m
    usual = rig.standoff_m == pytest.approx(0.6)
    assert usual == (name != "photoneo_phoxi_s")


def test_a_camera_of_short_range_looks_from_its_best_distance_unless_told() -> None:
    assert rig_of("photoneo_phoxi_s").spec.rig.standoff_m == pytest.approx(0.442 + 0.05)
    told = rig_of("photoneo_phoxi_s", "rig.standoff_mm=470").spec.rig
    assert told.standoff_m == pytest.approx(0.47)
    with pytest.raises(InputError, match=r"rig\.standoff_mm: the look is outside"):
        rig_of("photoneo_phoxi_s", "rig.standoff_mm=600")


@pytest.mark.parametrize("name", ["industrial_2d_5mp", "industrial_2d_12mp"])
def test_a_scene_of_any_flat_preset_is_accepted(name: str) -> None:
    cameras = f"rig.cameras=[zivid_2plus_m60, {name}, zivid_2plus_m60, {name}]"
    models = resolve(load_scene("prismatic_tray", [cameras]))
    assert models.cameras[1].depth is None
    assert np.isfinite(models.cameras[1].K).all()


def test_deep_housings_are_mounted_clear_of_the_arm_that_waits() -> None:
    own = resolve(load_scene("prismatic_tray"))
    short_wrist = resolve(load_scene("prismatic_tray", ["arm.model=collaborative_12kg"]))
    assert own.spec.rig.forward_mm == 50
    assert 50 < short_wrist.spec.rig.forward_mm <= 110
    told = ["arm.model=collaborative_12kg", "rig.forward_mm=40"]
    assert resolve(load_scene("prismatic_tray", told)).spec.rig.forward_mm == 40
    fixed = ["arm.model=collaborative_12kg", "rig.mount=fixed"]
    assert resolve(load_scene("prismatic_tray", fixed)).spec.rig.forward_mm == 50
