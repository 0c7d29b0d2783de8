"""A depth camera without error is called ideal wherever it is reported, and no other is."""

from __future__ import annotations

import json
import sys

import pytest

from cellpick.cli import main

SAID = "ideal depth, without any error as no real camera's: cam0_3d, cam2_3d\n"
SHOWN = "Ideal depth, without any error as no real camera's: cam0_3d, cam2_3d</p>"
IDEAL = ("--set", "noise.depth=0")
SMALL = ("--set", "tray.rows=1", "--set", "tray.columns=1")


@pytest.fixture
def told(monkeypatch, capsys):
    """Run the command line in this process; gives what it says on stdout."""

    def run(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["cellpick", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        streams = capsys.readouterr()
        assert (ended.value.code or 0, streams.err) == (0, "")
        return streams.out

    return run


def test_a_run_names_its_ideal_cameras_in_every_report(told, tmp_path):
    out = told("run", "prismatic_tray", "--oracle", *SMALL, *IDEAL, "--out", tmp_path)
    assert out.endswith(SAID)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["ideal_cameras"] == ["cam0_3d", "cam2_3d"]
    assert SHOWN in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_stored_look_of_healthy_ideal_cameras_is_called_ideal_and_well(told, tmp_path):
    out = told("capture", "prismatic_tray", *SMALL, *IDEAL, "--out", tmp_path)
    assert out.endswith(SAID)
    written = tmp_path / "estimates.json"
    assert told("perceive", tmp_path / "captures", "--out", written).endswith(SAID)
    cameras = json.loads(written.read_text())["cameras"]
    assert [(c["camera"], c["verdict"], c["reason"], c["ideal_depth"]) for c in cameras] == [
        ("cam0_3d", "ok", "", True),
        ("cam1_2d", "ok", "", False),
        ("cam2_3d", "ok", "", True),
        ("cam3_2d", "ok", "", False),
    ]
    assert told("perceive", tmp_path / "captures") == written.read_text()
