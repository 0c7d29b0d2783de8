"""`sweep` with a made-up engine: what it says at its end, and what it refuses before."""

from __future__ import annotations

import json
import shlex
import sys

import pytest
import yaml
from campaign_stage import run_record
from suite_stage import Stand

from cellpick.cli import main
from cellpick.cli.sweep import counts

SWEEP = {
    "name": "made_up", "scene": "prismatic_tray", "keys": {"tray.gap_mm": [0, 1, 2]}, "seeds": 8,
}  # fmt: skip


def made_up(episode):
    """Faster the larger the gap; its errors are chance."""
    record = run_record(episode, 12)
    for attempt in record["attempts"]:
        attempt["cycle_time_s"] = 6.0 - episode.inputs["tray.gap_mm"] + 0.1 * (episode.seed % 3)
        attempt["place_error_mm"] = 0.2 + 0.01 * (hash_of(episode) % 7)
    return record


def hash_of(episode):
    return int(episode.id, 16)


@pytest.fixture
def sweep(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    class Fresh(Stand):
        of = staticmethod(made_up)
        ran = []

    monkeypatch.setattr("cellpick.campaign.LocalEngine", Fresh)

    def run_it(options="", **changes):
        (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(SWEEP | changes))
        line = f"cellpick sweep ./sweep.yaml --out r {options}"
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        with pytest.raises(SystemExit) as caught:
            main()
        streams = capsys.readouterr()
        return caught.value.code or 0, streams.out, streams.err, len(Fresh.ran)

    return run_it


def test_a_sweep_ends_with_the_strongest_effects_on_each_figure(sweep):
    code, out, _, ran = sweep()
    assert (code, ran) == (0, 24)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    (line,) = [line for line in lines if line.startswith("Cycle time, mean")]
    assert "tray.gap_mm" in line
    assert "6.09 at 0, 4.09 s at 2" in line
    assert "p < 0.001" in line or "p 0.00" in line
    (line,) = [line for line in lines if line.startswith("Place error, p95")]
    assert "nothing beyond chance" in line
    assert "Placed right: 100 % in all 24 runs" in " ".join(lines)


def test_other_figures_are_told_of_without_another_episode(sweep):
    sweep()
    code, out, _, ran = sweep(figures=["drops"])
    assert (code, ran) == (0, 24)
    assert "Cycle time" not in out
    assert "strongest" not in out
    assert "did not vary: Drops: 0 in all 24 runs" in " ".join(out.split())


def test_json_is_the_document_alone(sweep):
    _, out, _, _ = sweep("--json")
    assert json.loads(out)["placed_ok"] == 288


def test_an_unknown_figure_is_one_message_before_any_episode(sweep, tmp_path):
    code, _, err, ran = sweep(figures=["cycle_time_p95"])
    assert (code, ran) == (2, 0)
    assert "figures.0: no such figure of a run; did you mean 'cycle_time_s_p95'?" in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "r").exists()


def test_looks_count_what_was_found_and_runs_what_was_placed():
    look = {"kind": "look", "status": "done", "summary": {}, "first_look": {"cells": 4, "found": 3}}
    placed = {"cells_total": 2, "placed_ok": 1}
    run = {"kind": "run", "status": "done", "summary": placed, "first_look": {"cells": 2}}
    assert counts([look, look]) == {"episodes": 2, "done": 2, "cells": 8, "found": 6}
    assert counts([run]) == {"episodes": 1, "done": 1, "cells_total": 2, "placed_ok": 1}
