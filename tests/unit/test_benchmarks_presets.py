"""The table of camera presets: its cases can be run, its rows say what stopped."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from benchmarks.episodes import Case, Episode
from benchmarks.presets import CASES, STANDOFF_MM, cameras_of, figures, markdown

from cellpick.scene import load_scene, resolve_scene


def test_every_preset_meets_four_to_one_cameras() -> None:
    assert len({case.label for case in CASES}) == len(CASES) == 4 * len(STANDOFF_MM)
    assert cameras_of("kinect_v1", 3) == ["kinect_v1", "industrial_2d_2mp", "kinect_v1"]
    assert cameras_of("kinect_v1", 1) == ["kinect_v1"]
    assert cameras_of("industrial_2d_5mp", 2) == ["industrial_2d_5mp"] * 2


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_no_case_is_refused(case: Case) -> None:
    models = resolve_scene(load_scene(case.scene, case.overrides))
    assert len(models.cameras) == int(case.label[-1])


def episode(seed: int, stopped: str, squares: tuple[float, ...]) -> Episode:
    summary: dict[str, Any] = {
        "cells_total": 12,
        "attempts": 12,
        "placed_ok": 11,
        "polarity_errors": 0,
        "drops": 0,
        "collisions": 0,
        "safety_violations": 0,
        "failures": {},
        "stopped": stopped,
        "recoveries": [
            {"time_s": 1.0, "action": "skip", "reason": "uncertain: at first"},
            {"time_s": 9.0, "action": "look_again", "reason": "uncertain: too far"},
            {"time_s": 9.0, "action": "skip", "reason": "uncertain: too far"},
        ],
        "cycle_time_s": {"mean": 9.5},
        "measured": {"real_time_factor": 1.0, "vision_time_ms": {"p50": 900.0}},
    }
    error = tuple(1.0 for _ in squares)
    return Episode(seed, summary, error, error, squares, (), (), 11, 1, 0, Counter())


def test_a_row_holds_the_errors_their_honesty_and_why_a_run_stopped() -> None:
    case = CASES[0]
    parts = [episode(0, "", (4.0, 4.0)), episode(1, "too little is seen", (4.0,))]
    row = figures(case, parts, ["seed 2: the file is wrong"])
    assert row["error_over_sigma"] == pytest.approx(2.0)
    line = markdown({case.label: row}).splitlines()[-1]
    for words in ("22 of 24", "22 of 24, 0 false", "1.00 mm, 1.00°", "| 2.00 |", "9.50 s"):
        assert words in line
    assert "too little is seen; 2 left, uncertain: too far; seed 2: the file is wrong" in line


def test_a_case_without_runs_says_why() -> None:
    row = figures(CASES[0], [], ["seed 0: refused"])
    assert "seed 0: refused" in markdown({CASES[0].label: row})


def test_each_shipped_camera_but_the_plain_one_is_a_preset() -> None:
    shipped = {path.stem for path in (Path(__file__).parents[2] / "models/cameras").glob("*.yaml")}
    assert shipped - {"industrial_2d_2mp"} == set(STANDOFF_MM)
