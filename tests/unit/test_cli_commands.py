"""Every command: its help, its exit codes, its one message, its JSON; with a stand-in station."""

from __future__ import annotations

import json
import re
import sys
from types import SimpleNamespace

import pytest

from cellpick.cli import main
from cellpick.cli.capture import judged
from cellpick.cli.run import flawless
from cellpick.errors import LimitError, UnavailableError
from cellpick.evaluate import Matches
from cellpick.store import write_look
from estimates_stage import empty_estimates

COMMANDS = ("run", "capture", "perceive", "check", "sensor-report", "schema", "doctor")
NOTHING = empty_estimates()
QUANTILES = {"p50": 0.1, "p95": 0.2, "max": None}
SUMMARY = {
    "scene": "prismatic_tray",
    "cells_total": 12,
    "slots_total": 12,
    "attempts": 13,
    "placed_ok": 12,
    "polarity_errors": 0,
    "drops": 0,
    "collisions": 0,
    "safety_violations": 0,
    "failures": {"no_seal": 1},
    "pose_error_mm": QUANTILES,
    "pose_error_deg": QUANTILES,
    "place_error_mm": QUANTILES,
    "place_error_deg": QUANTILES,
    "cycle_time_s": {"mean": 8.2, "p50": 8.0, "p95": 9.1},
    "picks_per_hour": 431.0,
    "measured": {"wall_time_s": 30.0, "real_time_factor": 3.3},
}


@pytest.fixture
def call(monkeypatch, capsys):
    """Run the command line in this process; gives exit code, stdout and stderr."""

    def run(*arguments: object):
        monkeypatch.setattr(sys, "argv", ["cellpick", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        streams = capsys.readouterr()
        return SimpleNamespace(code=caught.value.code or 0, out=streams.out, err=streams.err)

    return run


@pytest.fixture
def station(monkeypatch):
    """Stands in for the station: records what it was asked, returns or raises what it is told."""
    double = SimpleNamespace(summary=SUMMARY, error=None, asked=None)

    def run_scene(models, seed, out, progress, *, oracle, calibration):
        assert calibration is None
        double.asked = (models.spec.name, seed, out, oracle)
        progress("working")
        if double.error:
            raise double.error
        return SimpleNamespace(summary=double.summary)

    monkeypatch.setattr("cellpick.station.run_scene", run_scene)
    return double


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(call, command):
    done = call(command, "--help")
    assert done.code == 0
    assert re.search(rf"Example: cellpick {command}\b", done.out)


def test_the_help_lists_every_command(call):
    done = call("--help")
    assert done.code == 0
    assert all(re.search(rf"│ {command} ", done.out) for command in COMMANDS)


def test_the_version_is_the_package_version(call):
    assert re.fullmatch(r"cellpick \d+\.\d+\.\d+\+[0-9a-f]{12}\n", call("--version").out)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run",), "Missing argument 'SCENE'"),
        (("run", "prismatic_tray", "--seed", "-1"), "Invalid value for '--seed'"),
        (("run", "prismatic_tray", "--seed", "one"), "Invalid value for '--seed'"),
        (("run", "prismatic_tray", "--sed", "1"), "No such option: --sed"),
        (("rum",), "No such command 'rum'"),
        (("capture", "prismatic_tray"), "Missing option '--out'"),
        (("perceive",), "Missing argument 'DIR/captures'"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(call, arguments, words):
    done = call(*arguments)
    assert (done.code, done.out) == (2, "")
    assert words in " ".join(done.err.replace("│", " ").split())


@pytest.mark.parametrize(
    "command", [("run",), ("check",), ("capture", "--out", "never"), ("check", "--json")]
)
def test_an_unknown_scene_ends_with_2_and_lists_the_shipped_ones(call, command):
    done = call(*command, "prismatc_tray")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert done.err.startswith("error: no such scene")
    assert "did you mean 'prismatic_tray'?" in done.err


def test_a_wrong_override_ends_with_2(call):
    done = call("check", "prismatic_tray", "--set", "tray.color=red")
    assert done.code == 2
    assert "tray.color" in done.err
    assert "Traceback" not in done.err


def test_a_good_scene_is_told_in_one_line(call):
    done = call("check", "prismatic_tray")
    assert (done.code, done.err) == (0, "")
    assert "12 cells" in done.out
    assert done.out.count("\n") == 1


def test_check_speaks_json(call):
    good = json.loads(call("check", "prismatic_tray", "--json").out)
    assert (good["ok"], good["cells"], good["slots"]) == (True, 12, 12)
    bad = json.loads(call("check", "prismatic_tray", "--json", "--set", "seeed=1").out)
    assert bad["ok"] is False
    assert bad["key"] == "seeed"
    assert set(bad) == {"ok", "rule", "source", "key", "got", "accepted"}


def test_the_schema_describes_scene_files(call):
    schema = json.loads(call("schema").out)
    assert schema["type"] == "object"
    assert {"cell", "tray", "module"} <= schema["properties"].keys()


def test_a_good_run_ends_with_0_and_a_table(call, station, tmp_path):
    done = call("run", "prismatic_tray", "--seed", "3", "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    assert station.asked == ("prismatic_tray", 3, tmp_path / "out", False)
    for words in ("12 of 12", "failed: no_seal", "0.10 / 0.20 / - mm", "3.3 x", "report.html"):
        assert words in done.out


def test_a_run_without_a_folder_gets_one_of_its_own(call, station):
    call("run", "prismatic_tray", "--seed", "7")
    assert str(station.asked[2]) == "runs/prismatic_tray-7"


def test_the_oracle_must_be_asked_for_by_name(call, station):
    call("run", "prismatic_tray", "--oracle")
    assert station.asked[3] is True


def test_run_speaks_json_and_nothing_else(call, station):
    assert json.loads(call("run", "prismatic_tray", "--json").out) == SUMMARY


@pytest.mark.parametrize(
    "change",
    [{"placed_ok": 11}, {"drops": 1}, {"polarity_errors": 1}, {"safety_violations": 1}],
)
def test_a_run_that_is_not_flawless_ends_with_1(call, station, change):
    station.summary = SUMMARY | change
    assert not flawless(station.summary)
    done = call("run", "prismatic_tray")
    assert done.code == 1
    assert done.err == ""


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (LimitError("joint 3 at 1.2 s"), 1, "joint 3 at 1.2 s"),
        (UnavailableError("out: cannot be written"), 3, "out: cannot be written"),
        (OSError(28, "No space left on device"), 3, "[Errno 28] No space left on device"),
        (MemoryError(), 3, "out of memory"),
        (ImportError("no open3d"), 3, "no open3d; `cellpick doctor` names what is missing"),
    ],
)
def test_an_error_ends_a_command_with_its_code_and_one_line(call, station, error, code, message):
    station.error = error
    done = call("run", "prismatic_tray")
    assert (done.code, done.out, done.err) == (code, "", f"error: {message}\n")


def test_a_defect_shows_where_it_is_and_ends_with_3(call, station):
    station.error = ZeroDivisionError("division by zero")
    done = call("run", "prismatic_tray")
    assert done.code == 3
    assert "ZeroDivisionError" in done.err
    assert done.err.endswith("error: this is a defect of cellpick; the lines above say where\n")


def test_an_interrupted_run_ends_with_130(call, station):
    station.error = KeyboardInterrupt()
    assert call("run", "prismatic_tray").code == 130


def test_perceive_refuses_what_is_no_store(call, tmp_path):
    done = call("perceive", tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {tmp_path}: not a stored look")


@pytest.mark.parametrize("command", ["run", "capture"])
def test_an_unwritable_folder_ends_with_3_before_anything_is_simulated(call, tmp_path, command):
    (tmp_path / "file").write_text("")
    done = call(command, "prismatic_tray", "--out", tmp_path / "file" / "out")
    assert (done.code, done.out) == (3, "")
    assert done.err.count("\n") == 1
    assert str(tmp_path / "file" / "out") in done.err


def test_perceive_writes_and_prints_the_same(call, small_look, tmp_path, monkeypatch):
    write_look(small_look, tmp_path / "captures")
    monkeypatch.setattr("cellpick.perception.perceive", lambda _: NOTHING)
    printed = call("perceive", tmp_path / "captures").out
    written = tmp_path / "new" / "estimates.json"
    said = call("perceive", tmp_path / "captures", "--out", written).out
    assert written.read_text() == printed
    empty = {"schema": "cellpick.cells/1", "cells": [], "cameras": [], "foreign": []}
    assert json.loads(printed) == empty
    assert said == f"0 cells found, 0 of them ok; written to {written}\n"
    assert call("perceive", tmp_path / "captures", "--out", written, "--json").out == printed


def test_perceive_ends_with_3_where_it_cannot_write(call, small_look, tmp_path, monkeypatch):
    write_look(small_look, tmp_path / "captures")
    monkeypatch.setattr("cellpick.perception.perceive", lambda _: NOTHING)
    (tmp_path / "file").write_text("")
    done = call("perceive", tmp_path / "captures", "--out", tmp_path / "file" / "e.json")
    assert done.code == 3
    assert str(tmp_path / "file") in done.err


def test_a_captured_look_is_judged_in_words():
    look = Matches(
        estimate_row=[0, 1, 2],
        cell_row=[0, 1, 3],
        position_error_m=[1e-4, 3e-4, 9e-3],
        normalised_square=[1.0, 1.0, 1.0],
        angle_error_rad=[0.0, 0.0, 1.0],
        polarity=("right", "wrong", "unknown"),
        code=("unread",) * 3,
        status=("ok", "ok", "uncertain"),
        missed=("A",),
        false_rows=(3,),
    )
    assert [words for _, words in judged(look)] == [
        *("3 of 4", "2 ok, 1 uncertain", "1", "1"),
        "0.20 / 0.29 / 0.30 mm, 0.00 / 0.00 / 0.00 deg",
    ]
