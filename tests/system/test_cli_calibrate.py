"""`cellpick calibrate` and `--calibration` through the command line, with one small camera."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
import yaml

from cellpick.cli import main
from cellpick.report import write_calibration_html
from cellpick.scene import load_scene, resolve_scene
from cellpick.scene.library import data_folder
from cellpick.station.station import Station
from cellpick.store import read_calibration, read_look, write_calibration
from cellpick.structures import CalibrationBoard, RigCalibration

FEW = ["--poses", "5", "--seed", "3"]


def cellpick(monkeypatch, *words):
    """Exit code of a command."""
    monkeypatch.setattr(sys, "argv", ["cellpick", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """The demo with two 2D cameras of 800 x 600 pixels."""
    folder = tmp_path_factory.mktemp("scene")
    camera = yaml.safe_load((data_folder("models") / "cameras/industrial_2d_2mp.yaml").read_text())
    camera["image"]["subsample"] = 2
    (folder / "small.yaml").write_text(yaml.safe_dump(camera))
    (folder / "demo.yaml").write_text("rig: {cameras: [small.yaml, small.yaml]}\ntray: {rows: 2}\n")
    return folder / "demo.yaml"


@pytest.fixture(scope="module")
def calibrated(scene, tmp_path_factory):
    """The folder of one calibration, and its exit code."""
    out = tmp_path_factory.mktemp("calibration")
    with pytest.MonkeyPatch.context() as patch:
        code = cellpick(patch, "calibrate", scene, *FEW, "--out", out)
    return out, code


def test_it_leaves_a_calibration_and_two_reports(calibrated, scene):
    out, code = calibrated
    assert sorted(p.name for p in out.iterdir()) == [
        "calibration.html",
        "calibration.json",
        "report.json",
    ]
    report = json.loads((out / "report.json").read_text())
    assert code == (0 if report["good"] else 1)
    assert report["poses"] == 5
    assert [t["eye"] for t in report["touch"]] == ["cam0_2d", "cam1_2d", "all cameras"]
    # five poses of two small cameras are few, but far better than what was drawn by tenths
    assert max(t["p95_mm"] for t in report["touch"]) < 0.5
    assert max(c["residual_px"] for c in report["cameras"]) < 0.2
    assert set(report["touch_by_method_p95_mm"]) <= {
        *("tsai", "park", "horaud", "andreff", "daniilidis"),
    }
    assert np.array(report["residuals_px"]).shape == (5, 2)
    page = (out / "calibration.html").read_text()
    assert page.count("data:image/jpeg") == 4
    assert "http" not in page.replace("http://www.w3.org", "")
    for check in report["checks"]:
        assert check["name"] in page
    calibration = read_calibration(out / "calibration.json")
    assert (calibration.seed, calibration.scene) == (3, "demo")
    assert report["ideal_cameras"] == []
    assert "Ideal depth" not in page


def test_the_page_names_cameras_of_ideal_depth(calibrated, tmp_path):
    report = json.loads((calibrated[0] / "report.json").read_text())
    page = write_calibration_html(tmp_path, {**report, "ideal_cameras": ["cam7_3d"]}, [], "again")
    said = "Ideal depth, without any error as no real camera's: cam7_3d</p>"
    assert said in page.read_text(encoding="utf-8")


def test_the_same_seed_gives_the_same_file_and_json_alone_on_stdout(
    calibrated, scene, tmp_path, monkeypatch, capsys
):
    cellpick(monkeypatch, "calibrate", scene, *FEW, "--out", tmp_path, "--json")
    again = json.loads(capsys.readouterr().out)
    assert again == json.loads((calibrated[0] / "report.json").read_text())
    first = (calibrated[0] / "calibration.json").read_bytes()
    assert (tmp_path / "calibration.json").read_bytes() == first


def test_capture_believes_the_file(calibrated, scene, tmp_path, monkeypatch):
    given = calibrated[0] / "calibration.json"
    code = cellpick(monkeypatch, "capture", scene, "--out", tmp_path, "--calibration", given)
    assert code == 0
    look = read_look(tmp_path / "captures")
    believed = read_calibration(given).cameras
    for capture, camera in zip(look.captures, believed, strict=True):
        assert np.array_equal(capture.calibration.T_mount_camera, camera.T_mount_camera)
        assert np.array_equal(capture.calibration.K, camera.K)


def test_a_run_with_a_good_file_places_what_the_drawn_beliefs_would_miss(
    tmp_path, monkeypatch, capsys
):
    small = yaml.safe_load((data_folder("models") / "cameras/zivid_2plus_m60.yaml").read_text())
    small["image"]["subsample"] = 2
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(small))
    scene = tmp_path / "one.yaml"
    scene.write_text(
        "rig: {cameras: [small.yaml], calibration_error_mm: 9, calibration_error_deg: 1}\n"
        "tray: {rows: 1, columns: 1}\nmodule: {rows: 1, columns: 1}\n"
    )
    models = resolve_scene(load_scene(scene))
    with Station(models, 3) as station:
        (drawn,), (scale,) = station.rig.calibrations, station.rig.depth_scales
    spec = models.cameras[0]
    off_m = np.linalg.norm(drawn.T_mount_camera[:3, 3] - spec.T_mount_camera[:3, 3])
    assert off_m > 3e-3
    found = replace(
        drawn,
        T_mount_camera=spec.T_mount_camera,
        translation_sigma_m=5e-5,
        rotation_sigma_rad=1e-4,
        depth_scale=1 / scale,
    )
    board = CalibrationBoard(9, 7, 0.03, 0.022)
    rig = RigCalibration((found,), 1e-10 * np.eye(16), board, 20, (0.08,), "one", 3)
    write_calibration(rig, tmp_path / "calibration.json")
    words = ("--seed", 5, "--calibration", tmp_path / "calibration.json", "--json")
    code = cellpick(monkeypatch, "run", scene, *words, "--out", tmp_path / "out")
    summary = json.loads(capsys.readouterr().out)
    assert code == 0
    assert summary["placed_ok"] == summary["cells_total"] == 1
    assert summary["pose_error_mm"]["max"] < 0.5
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize("command", ["run", "capture"])
def test_a_file_of_another_rig_ends_with_2_and_one_message(
    command, calibrated, tmp_path, monkeypatch, capsys
):
    given = calibrated[0] / "calibration.json"
    words = (command, "prismatic_tray", "--out", tmp_path / "out", "--calibration", given)
    assert cellpick(monkeypatch, *words) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "a calibration of another rig" in said
    assert "Traceback" not in said
    assert not (tmp_path / "out" / "summary.json").exists()


@pytest.mark.parametrize("poses", [-1, 0, 4, 201])
def test_too_few_poses_are_refused_before_any_work(poses, scene, tmp_path, monkeypatch, capsys):
    code = cellpick(monkeypatch, "calibrate", scene, "--poses", poses, "--out", tmp_path / "out")
    assert code == 2
    said = f"error: --poses: too few or too many; got {poses}; accepted: 5 to 200\n"
    assert capsys.readouterr().err == said
    assert not (tmp_path / "out").exists()


def test_a_camera_that_is_dead_is_the_one_that_is_named(scene, tmp_path, monkeypatch, capsys):
    dead = ["--set", "faults=[{camera: 0, kind: dead}]"]
    assert cellpick(monkeypatch, "calibrate", scene, *FEW, *dead, "--out", tmp_path) == 2
    assert "cam0_2d: the camera never saw the board" in capsys.readouterr().err


def test_a_board_that_is_never_seen_ends_with_2(scene, tmp_path, monkeypatch, capsys):
    dark = ["--set", "lights=[]", "--set", "ambient=0"]
    code = cellpick(monkeypatch, "calibrate", scene, *FEW, *dark, "--out", tmp_path)
    assert code == 2
    assert "the board was never seen by any camera" in capsys.readouterr().err
