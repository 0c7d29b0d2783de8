"""The keys of every file that cellpick writes for others, each of them in docs/formats.md."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cellpick.evaluate import summarise, truth_document
from cellpick.report import estimates_document
from cellpick.scene import load_scene, nominal_state, resolve_scene
from cellpick.station.attempt import Attempt
from cellpick.station.records import measured_figures, pick_record
from cellpick.station.runlog import RunLog, Step
from cellpick.station.runner import _station_figures
from cellpick.station.timeline import Timeline
from cellpick.structures import CameraStatus, CellEstimates, ForeignObject, PickOutcome
from estimates_stage import NO_CELLS

FORMATS = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")

SUMMARY = """schema scene seed version cells_total attempts picked placed_ok success_rate
    success_ci95 polarity_errors drops collisions safety_violations failures pose_error_mm
    pose_error_deg place_error_mm place_error_deg cycle_time_s picks_per_hour measured"""
PICK = """number time_s cycle_time_s cell code predicted_sigma_mm event reason slot serial status
    cause place_error_mm place_error_deg seat_error_mm polarity_ok peak_load_n contacts shorts"""
STATION = """slots_total perception calibration ideal_cameras stopped looks verified unverified
    recoveries cameras station_time_s stage_time_s"""
CAMERA = "camera verdict reason ideal_depth"
MEASURED = "wall_time_s real_time_factor vision_time_ms stage_s"
TRUE_CELL = "cell T_base_cell polarity serial"
ESTIMATE = """cell T_base_cell polarity polarity_probability code status reason score sigma_mm
    sigma_deg covariance"""

OUTCOME = PickOutcome(
    status="not_picked",
    cause="seal_failed",
    serial="",
    slot=0,
    place_error_m=float("nan"),
    place_error_rad=float("nan"),
    seat_error_m=float("nan"),
    polarity_ok=False,
    contacts=(),
    shorts=(),
    peak_load_n=0.0,
)


def documented(key: str) -> bool:
    return re.search(rf"`(\w+\.)?{key}`", FORMATS) is not None


def empty_summary(**changes):
    values = {
        "scene": "s",
        "seed": 0,
        "version": "0",
        "cells_total": 0,
        "outcomes": [],
        "looks": [],
        "cycle_times_s": [],
        "station_time_s": 0.0,
        "measured": {},
    }
    return summarise(**{**values, **changes})


def a_pick():
    return pick_record(Step(1, 2.0, 2.0, "cell000", "A", 1e-4, Attempt(None, "", OUTCOME)))


def station_keys() -> list[str]:
    models = resolve_scene(load_scene("prismatic_tray"))
    station = SimpleNamespace(
        models=models,
        recipe=SimpleNamespace(Ts_module_slot=models.Ts_module_slot),
        oracle=False,
        calibration=None,
        running_s=0.0,
        timeline=Timeline(),
    )
    return list(_station_figures(station, RunLog(), []))


def camera_keys() -> list[str]:
    judged = dataclasses.replace(an_estimate(), cameras=(CameraStatus("cam", "ok", ""),))
    return list(estimates_document(judged)["cameras"][0])


def an_estimate():
    return CellEstimates(
        cell="c",
        Ts_base_cell=np.eye(4)[None],
        covariance=np.eye(6)[None] * 1e-8,
        polarity=("+x",),
        polarity_probability=np.ones(1),
        code=("A",),
        status=("ok",),
        reason=("",),
        score=np.ones(1),
    )


def actual_keys() -> dict[str, list[str]]:
    truth = truth_document(nominal_state(resolve_scene(load_scene("prismatic_tray"))))
    return {
        SUMMARY: list(empty_summary()),
        PICK: list(a_pick()),
        STATION: station_keys(),
        CAMERA: camera_keys(),
        MEASURED: list(measured_figures(Timeline(), 1.0, 1.0)),
        TRUE_CELL: list(truth["cells"][0]),
        ESTIMATE: list(estimates_document(an_estimate())["cells"][0]),
    }


@pytest.mark.parametrize("wanted", [SUMMARY, STATION, CAMERA, PICK, MEASURED, TRUE_CELL, ESTIMATE])
def test_a_document_has_exactly_its_keys_and_each_is_documented(wanted):
    keys = actual_keys()[wanted]
    assert keys == wanted.split()
    assert [key for key in keys if not documented(key)] == []


def test_a_run_that_did_nothing_is_standard_json():
    text = json.dumps(empty_summary(outcomes=[OUTCOME]), allow_nan=False)
    assert json.loads(text)["failures"] == {"seal_failed": 1}


def test_estimates_and_truth_say_which_format_they_are():
    assert estimates_document(an_estimate())["schema"] == "cellpick.cells/1"
    empty = dataclasses.replace(an_estimate(), **NO_CELLS)
    assert estimates_document(empty) == {
        "schema": "cellpick.cells/1",
        "cells": [],
        "cameras": [],
        "foreign": [],
    }


def test_what_is_foreign_is_told_with_its_box():
    box = ForeignObject(np.eye(4), np.array([0.1, 0.02, 0.03]), "it is red")
    document = estimates_document(dataclasses.replace(an_estimate(), foreign=(box,)))
    assert document["foreign"] == [
        {
            "T_base_box": np.eye(4).tolist(),
            "size_mm": pytest.approx([100.0, 20.0, 30.0]),
            "reason": "it is red",
        }
    ]
    assert all(documented(key) for key in document["foreign"][0])
