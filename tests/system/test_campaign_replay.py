"""The one command that repeats an episode repeats it, bit for bit."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from cellpick.campaign import Episode, run_episode
from cellpick.cli import main

TINY = ("tray.rows=1", "tray.columns=1")


def commanded(monkeypatch, line: str) -> None:
    for command in line.split(" && "):
        monkeypatch.setattr(sys, "argv", shlex.split(command))
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_runs_command_gives_its_summary_and_attempts(here, monkeypatch):
    record = run_episode(Episode("prismatic_tray", 5, TINY)).record
    assert record["status"] == "done"
    commanded(monkeypatch, record["command"])
    (folder,) = (here / "runs").iterdir()
    summary = json.loads((folder / "summary.json").read_text())
    assert summary.pop("measured")
    assert summary == record["summary"]
    lines = (folder / "picks.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == record["attempts"]


def test_a_looks_command_gives_its_estimates(here, monkeypatch, capsys):
    record = run_episode(Episode("prismatic_tray", 5, (*TINY, "purpose=look"))).record
    assert (record["status"], record["kind"]) == ("done", "look")
    commanded(monkeypatch, record["command"])
    text = capsys.readouterr().out
    found = json.loads(text[text.index("{\n") :])["cells"]
    assert len(found) == record["first_look"]["found"] + record["first_look"]["false"]
    ok = sum(cell["status"] == "ok" for cell in found)
    assert ok == record["first_look"]["statuses"].get("ok", 0)
    assert Path("look/truth/truth.json").is_file()
