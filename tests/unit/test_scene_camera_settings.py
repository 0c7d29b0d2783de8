"""Optics and timing in camera files, and what a station sets on its cameras."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from cellpick.errors import InputError
from cellpick.scene import (
    CameraModel,
    ImagerSpec,
    data_folder,
    load_camera,
    load_scene,
    resolve_scene,
)
from cellpick.scene.camera_settings import bracketed, focused

CAMERAS = data_folder("models") / "cameras"


def camera(folder: Path, edit: Callable[[Any], Any], name: str = "industrial_2d_2mp") -> Path:
    """A changed copy of a shipped file."""
    data = yaml.safe_load((CAMERAS / f"{name}.yaml").read_text(encoding="utf-8"))
    edit(data)
    path = folder / "camera.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


OPTICS = {
    "pixel_pitch_um": 2.0,
    "focus_mm": 500,
    "vignetting": 0.3,
    "gain": 2.0,
    "brackets": [0.5, 2.0],
}


def test_a_file_gives_the_optics_that_it_names(tmp_path: Path) -> None:
    path = camera(tmp_path, lambda data: data["imager"].update(OPTICS))
    imager = load_camera(path).imager
    assert imager == replace(
        load_camera(CAMERAS / "industrial_2d_2mp.yaml").imager,
        pixel_pitch_m=pytest.approx(2e-6),
        focus_m=pytest.approx(0.5),
        vignetting=0.3,
        gain=2.0,
        brackets=(0.5, 2.0),
    )


def test_a_file_without_optics_has_a_lens_that_is_sharp_and_even(tmp_path: Path) -> None:
    def bare(data: Any) -> None:
        for key in OPTICS:
            del data["imager"][key]

    imager = load_camera(camera(tmp_path, bare)).imager
    assert (imager.focus_m, imager.vignetting, imager.gain) == (0.0, 0.0, 1.0)
    assert imager.brackets == (1.0,)
    assert imager.pixel_pitch_m == pytest.approx(ImagerSpec.pixel_pitch_m)


@pytest.mark.parametrize("every", [1, 2, 4])
def test_the_focal_length_outlives_subsampling(every: int) -> None:
    model = load_camera(CAMERAS / "industrial_2d_12mp.yaml", every)
    assert model.K[0, 0] * model.imager.pixel_pitch_m == pytest.approx(16e-3, rel=1e-3)


def test_patterns_multiply_the_exposure(tmp_path: Path) -> None:
    path = camera(tmp_path, lambda data: data["timing"].update(exposure_ms=8, patterns=13))
    assert load_camera(path).timing.exposure_s == pytest.approx(0.104)


@pytest.mark.parametrize(
    ("block", "change", "words"),
    [
        ("imager", {"pixel_pitch_um": 0.0000034}, "imager.pixel_pitch_um"),
        ("imager", {"focus_mm": -1}, "imager.focus_mm"),
        ("imager", {"focus_mm": 10}, "cannot focus so near; got 10.0; accepted: 0 for sharp"),
        ("imager", {"vignetting": 1.0}, "imager.vignetting"),
        ("imager", {"gain": 0}, "imager.gain"),
        ("imager", {"brackets": []}, "imager.brackets"),
        ("imager", {"brackets": [1.0, 0.0]}, "imager.brackets.1"),
        ("imager", {"brackets": [1.0] * 9}, "imager.brackets"),
        ("timing", {"patterns": 0}, "timing.patterns"),
        ("timing", {"skew_ms": -0.1}, "timing.skew_ms"),
        ("timing", {"exposure_ms": 1}, "timing.exposure_ms: the timing must hold the picture's"),
    ],
)
def test_impossible_optics_and_timing_are_refused(
    tmp_path: Path, block: str, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError) as caught:
        load_camera(camera(tmp_path, lambda data: data[block].update(change)))
    message = str(caught.value)
    assert words in message
    assert "camera.yaml" in message
    assert "\n" not in message


def shipped(name: str) -> CameraModel:
    return load_camera(CAMERAS / f"{name}.yaml")


def test_bracketing_costs_its_exposures() -> None:
    model = shipped("industrial_2d_2mp")
    taken = bracketed(model, (0.25, 1.0, 4.0))
    assert taken.imager.brackets == (0.25, 1.0, 4.0)
    assert taken.timing.exposure_s == pytest.approx(5.25 * 0.006)
    assert taken.timing.transfer_s == model.timing.transfer_s


def test_structured_light_repeats_its_patterns_for_each_bracket() -> None:
    model = shipped("zivid_2plus_m60")
    taken = bracketed(model, (0.5, 1.0, 2.0))
    before = sum(model.depth.brackets)
    assert taken.depth.brackets == taken.imager.brackets == (0.5, 1.0, 2.0)
    assert taken.timing.exposure_s == pytest.approx(model.timing.exposure_s * 3.5 / before)


def test_stereo_takes_more_pictures_and_no_more_depth() -> None:
    model = shipped("realsense_d435")
    taken = bracketed(model, (0.5, 1.5))
    assert taken.depth == model.depth
    assert taken.timing.exposure_s == pytest.approx(2 * model.imager.exposure_s)


@pytest.mark.parametrize("name", sorted(path.stem for path in CAMERAS.glob("*.yaml")))
def test_without_a_setting_a_camera_stays_its_file(name: str) -> None:
    model = shipped(name)
    taken = bracketed(model, None)
    assert (taken.imager, taken.depth, taken.timing) == (model.imager, model.depth, model.timing)


def test_only_lenses_of_2d_cameras_are_focused() -> None:
    assert focused(shipped("industrial_2d_2mp"), 0.9).imager.focus_m == 0.9
    assert focused(shipped("zivid_2plus_m60"), 0.9).imager.focus_m == 0.6
    sharp = shipped("industrial_2d_2mp")
    sharp = replace(sharp, imager=replace(sharp.imager, focus_m=0.0))
    assert focused(sharp, 0.9).imager.focus_m == 0.0


def test_a_scene_sets_its_cameras() -> None:
    overrides = ("rig.hdr=[0.5, 2]", "rig.lens_focus_mm=650")
    cameras = resolve_scene(load_scene("prismatic_tray", overrides)).cameras
    assert {camera.imager.brackets for camera in cameras} == {(0.5, 2.0)}
    assert [camera.imager.focus_m for camera in cameras[1::2]] == [0.65, 0.65]
    plain = resolve_scene(load_scene("prismatic_tray")).cameras
    assert {camera.imager.brackets for camera in plain} == {(1.0,)}
    # at the corners, 170 mm from the plate's middle and 50 mm in front of it
    assert plain[1].imager.focus_m == pytest.approx((0.13**2 + 0.11**2 + 0.55**2) ** 0.5)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("rig.hdr=[]", "rig.hdr"),
        ("rig.hdr=[1, -2]", "rig.hdr.1"),
        ("rig.capture_2d=flying", "rig.capture_2d"),
        ("rig.lens_focus_mm=0.6", "rig.lens_focus_mm"),
    ],
)
def test_impossible_settings_are_refused(override: str, words: str) -> None:
    with pytest.raises(InputError, match=words.replace(".", r"\.")):
        load_scene("prismatic_tray", (override,))


def test_a_long_lens_cannot_focus_on_what_is_near(tmp_path: Path) -> None:
    def tele(data: Any) -> None:
        data["image"]["horizontal_fov_deg"] = 12.0
        data["imager"].update(pixel_pitch_um=45.0, focus_mm=2000)

    path = camera(tmp_path, tele)
    override = f"rig.cameras=[zivid_2plus_m60, {path}]"
    with pytest.raises(InputError, match=r"the lens of camera 1 cannot focus so near.*twice"):
        resolve_scene(load_scene("prismatic_tray", (override,)))
