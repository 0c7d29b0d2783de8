"""`cellpick sensor-report` through the command line: files, exit codes, one message when wrong."""

from __future__ import annotations

import json
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from cellpick.cli import main
from cellpick.metrology import CameraReport, Figure
from cellpick.scene import data_folder

CAMERAS = data_folder("models") / "cameras"
SHIPPED = sorted(path.stem for path in CAMERAS.glob("*.yaml"))


@pytest.fixture
def call(monkeypatch, capfd, tmp_path):
    """Run the command line in this process, in a folder of its own."""

    def run(*arguments: object):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["cellpick", "sensor-report", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        streams = capfd.readouterr()
        return SimpleNamespace(code=caught.value.code or 0, out=streams.out, err=streams.err)

    return run


@pytest.fixture
def bench(monkeypatch):
    """Stands in for the bench: every camera's precision is what it is told."""
    double = SimpleNamespace(measured=0.08, seen=[])

    def measure(model, native, rng):
        double.seen.append((model.name, model.subsample, native.subsample, rng.random()))
        figure = Figure("point_precision_mm", double.measured, at_mm=600.0, published=0.08)
        return CameraReport(model.name, "structured_light", (1, 1), (1, 1), (figure,), ())

    monkeypatch.setattr("cellpick.metrology.measure_camera", measure)
    return double


def assert_refused(done, *words: str, code: int = 2) -> None:
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    for word in words:
        assert word in done.err


def test_a_2d_camera_gives_a_table_and_all_files(call, tmp_path):
    done = call("industrial_2d_2mp", "--out", "r")
    assert (done.code, done.err) == (0, "")
    for words in ("industrial_2d_2mp", "saturation capacity", "10500 e-", "report: r/sensors.html"):
        assert words in done.out
    whole = json.loads((tmp_path / "r" / "sensors.json").read_text())
    assert [camera["principle"] for camera in whole["cameras"]] == ["2d"]
    assert "point_precision_mm" not in whole["definitions"]
    assert (tmp_path / "r" / "sensors.md").exists()
    assert (tmp_path / "r" / "plots" / "industrial_2d_2mp-photon_transfer.svg").exists()


def test_all_means_every_shipped_camera_at_both_read_outs(call, bench, tmp_path):
    assert call("all").code == 0
    assert [seen[0] for seen in bench.seen] == SHIPPED
    assert {seen[2] for seen in bench.seen} == {1}
    assert max(seen[1] for seen in bench.seen) > 1
    assert (tmp_path / "runs" / "sensors-all" / "sensors.html").exists()


def test_the_seed_decides_and_a_camera_does_not_depend_on_the_others(call, bench):
    call("all", "--seed", 5)
    call("zivid_2plus_m60", "--seed", 5)
    call("zivid_2plus_m60", "--seed", 6)
    draws = [seen[3] for seen in bench.seen if seen[0] == "zivid_2plus_m60"]
    assert draws[0] == draws[1] == np.random.default_rng(5).random() != draws[2]


def test_a_file_of_ones_own_is_measured(call, bench, tmp_path):
    text = (CAMERAS / "kinect_v1.yaml").read_text().replace("name: kinect_v1", "name: mine")
    (tmp_path / "mine.yaml").write_text(text)
    assert call("./mine.yaml").code == 0
    assert bench.seen[0][0] == "mine"
    assert (tmp_path / "runs" / "sensors-mine" / "sensors.json").exists()


def test_json_alone_is_printed_and_is_what_the_file_says(call, bench, tmp_path):
    done = call("kinect_v1", "--json", "--out", "r")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == json.loads((tmp_path / "r" / "sensors.json").read_text())


@pytest.mark.parametrize(("measured", "code"), [(0.087, 0), (0.089, 1), (float("nan"), 1)])
def test_noise_that_misses_the_published_figure_ends_with_1(call, bench, measured, code):
    bench.measured = measured
    assert call("zivid_2plus_m60").code == code


def test_an_unknown_camera_ends_with_2_and_a_guess(call, bench):
    done = call("zivid_2plus_m6")
    assert_refused(done, "no such camera model; did you mean 'zivid_2plus_m60'?", "kinect_v1")
    assert bench.seen == []


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("zivid_2plus_m60", "sigma_mm", -0.08),
        ("zivid_2plus_m60", "baseline_mm", 0),
        ("realsense_d435", "baseline_mm", 0),
        ("kinect_v1", "width_px", 0),
    ],
)
def test_an_impossible_camera_ends_with_2_before_any_work(call, bench, tmp_path, name, key, value):
    text, changes = re.subn(
        rf"^  {key}: .*$", f"  {key}: {value}", (CAMERAS / f"{name}.yaml").read_text(), flags=re.M
    )
    assert changes == 1
    (tmp_path / "bad.yaml").write_text(text)
    words = (f"{key}: must be greater than", f"got {value}", "accepted: ")
    assert_refused(call("./bad.yaml"), str(tmp_path / "bad.yaml"), *words)
    assert bench.seen == []
    assert [path.name for path in tmp_path.iterdir()] == ["bad.yaml"]


def test_a_folder_that_cannot_be_written_ends_with_3_before_any_work(call, bench, tmp_path):
    (tmp_path / "file").write_text("")
    assert_refused(call("kinect_v1", "--out", "file/r"), "file/r", code=3)
    assert bench.seen == []


@pytest.mark.parametrize("seed", ["-1", "one", str(2**63)])
def test_a_seed_that_is_none_ends_with_2(call, seed):
    done = call("kinect_v1", "--seed", seed)
    assert (done.code, done.out) == (2, "")
    assert "Invalid value for '--seed'" in done.err
