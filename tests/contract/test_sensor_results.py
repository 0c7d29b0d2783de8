"""The committed table of cameras is the one that the benchmark wrote, of all shipped cameras."""

from __future__ import annotations

import json
from pathlib import Path

from cellpick.report.sensor_table import markdown
from cellpick.scene import data_folder

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "results"
RESULTS = json.loads((FOLDER / "sensors.json").read_text(encoding="utf-8"))


def test_the_table_shows_what_was_measured():
    assert markdown(RESULTS) == (FOLDER / "sensors.md").read_text(encoding="utf-8")


def test_every_shipped_camera_was_measured_and_none_misses_its_noise():
    shipped = sorted(path.stem for path in (data_folder("models") / "cameras").glob("*.yaml"))
    assert [camera["name"] for camera in RESULTS["cameras"]] == shipped
    assert [
        (camera["name"], camera["missed"]) for camera in RESULTS["cameras"] if camera["missed"]
    ] == []
