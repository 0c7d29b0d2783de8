"""`bench` and `compare` with a made-up engine: files, exit codes, messages."""

from __future__ import annotations

import html
import json
import shlex
import sys
from dataclasses import asdict
from errno import EPIPE
from io import BytesIO, StringIO, TextIOWrapper
from types import SimpleNamespace

import pytest
from lxml import etree
from rich.console import Console
from suite_stage import SUITE, Stand, run, usual, write_suite

from cellpick.campaign import Baseline, Episode
from cellpick.campaign.episode import blank_record
from cellpick.campaign.sample import sample_of
from cellpick.cli import main
from cellpick.cli.campaign_progress import Tally, campaign_progress
from cellpick.cli.terminal import show_table
from cellpick.installation import revision


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run the command line in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run_it(line: str):
        monkeypatch.setattr(sys, "argv", ["cellpick", *shlex.split(line)])
        with pytest.raises(SystemExit) as caught:
            main()
        streams = capsys.readouterr()
        return SimpleNamespace(code=caught.value.code or 0, out=streams.out, err=streams.err)

    return run_it


@pytest.fixture
def engine(monkeypatch, tmp_path):
    """Stands in for the worker processes; its suite lies in made_up.yaml."""
    write_suite(tmp_path)

    class Fresh(Stand):
        of = staticmethod(usual)
        ran = []

    monkeypatch.setattr("cellpick.campaign.LocalEngine", Fresh)
    return Fresh


def test_a_suite_that_holds_ends_with_0_and_leaves_its_files(call, engine, tmp_path):
    ended = call("bench ./made_up.yaml --workers 2 --out r")
    assert ended.code == 0
    assert "boxes" in ended.out
    assert "12 of 12 episodes, success 100.0 %" in ended.err
    assert len(engine.ran) == 12
    results = json.loads((tmp_path / "r" / "results.json").read_text())
    assert results["passed"]
    assert results["schema"] == "cellpick.results/1"
    suites = etree.parse(tmp_path / "r" / "junit.xml").getroot()
    assert [suite.get("time") for suite in suites] == ["40.000", "40.000", "20.000"]
    assert (tmp_path / "r" / "summary.md").read_text().startswith("## cellpick bench made_up")


def test_a_tightened_limit_ends_with_1_without_running_anything_again(call, engine, tmp_path):
    assert call("bench ./made_up.yaml --out r").code == 0
    write_suite(tmp_path, SUITE.replace("place_error_mm_p95: 1.0", "place_error_mm_p95: 0.2"))
    ended = call("bench ./made_up.yaml --out r")
    assert ended.code == 1
    assert len(engine.ran) == 12
    assert "missed: boxes: place_error_mm_p95 <= 0.2 mm" in ended.out
    assert ": cellpick run prismatic_tray --seed" in ended.out
    failures = list(etree.parse(tmp_path / "r" / "junit.xml").iter("failure"))
    assert len(failures) == 2


def test_json_is_the_document_and_nothing_else(call, engine, tmp_path):
    ended = call("bench ./made_up.yaml --out r --json")
    assert json.loads(ended.out) == json.loads((tmp_path / "r" / "results.json").read_text())
    assert ended.err == ""


def test_a_regression_against_the_kept_baseline_ends_with_1(call, engine):
    assert call("bench ./made_up.yaml --out a --save-baseline kept/base.json").code == 0
    same = call("bench ./made_up.yaml --out b --baseline kept/base.json")
    assert same.code == 0
    assert "since the baseline: nothing differs in success_rate" in same.out
    engine.of = staticmethod(
        lambda e: usual(e) if e.scene == "bulk_bin" else run(e, place_mm=0.9, placed=4)
    )
    worse = call("bench ./made_up.yaml --out c --baseline kept/base.json")
    assert worse.code == 1
    assert "since the baseline: place_error_mm: worse, 0.3" in worse.out
    assert "missed:" not in worse.out
    assert call("bench ./made_up.yaml --out d --baseline a").code == 1


def test_two_folders_are_compared(call, engine):
    call("bench ./made_up.yaml --out a")
    engine.of = staticmethod(
        lambda e: usual(e) if e.scene == "bulk_bin" else run(e, place_mm=0.9, placed=4)
    )
    call("bench ./made_up.yaml --out b")
    ended = call("compare a b")
    assert ended.code == 1
    assert ended.out.endswith("worse: place_error_mm\n")
    assert json.loads(call("compare a b --json").out)["worse"] == ["place_error_mm"]
    back = call("compare b a")
    assert (back.code, back.out.splitlines()[-1]) == (0, "worse: nothing")


def test_two_sides_of_different_revisions_are_named(call, engine, tmp_path):
    assert call("bench ./made_up.yaml --out a --save-baseline base.json").code == 0
    assert "revisions" not in call("compare a base.json").out
    text = (tmp_path / "base.json").read_text()
    (tmp_path / "base.json").write_text(text.replace(revision(), "0.1.0+0123456789ab"))
    line = "revisions of cellpick: {} of the baseline, {} of what is compared\n"
    told = line.format("0.1.0+0123456789ab", revision())
    assert call("compare base.json a").out.startswith(told)
    assert told in call("bench ./made_up.yaml --out a --baseline base.json").out
    revisions = json.loads(call("compare a base.json --json").out)["revisions"]
    assert revisions == [revision(), "0.1.0+0123456789ab"]
    page, summary = ((tmp_path / "a" / n).read_text() for n in ("report.html", "summary.md"))
    assert f"· cellpick {revision()}</p>" in page
    assert "Since the baseline, cellpick 0.1.0+0123456789ab" in page
    assert "(cellpick 0.1.0+0123456789ab)" in summary
    assert f"cellpick {revision()};" in summary
    assert f'name="revision" value="{revision()}"' in (tmp_path / "a" / "junit.xml").read_text()


def test_looks_that_all_broke_are_compared_as_looks(call, engine):
    call("bench ./made_up.yaml --out a")
    engine.of = staticmethod(
        lambda e: blank_record(e, "died") if e.scene == "bulk_bin" else usual(e)
    )
    assert "cellpick capture bulk_bin" in call("bench ./made_up.yaml --out b").out
    compared = json.loads(call("compare a b --json").out)
    assert compared["figures"]["success_rate"]["least_p"] == 1
    assert compared["figures"]["found_rate"]["current"] < 1


def test_the_page_names_the_command_that_a_shell_takes(call, engine, tmp_path):
    call("bench ./made_up.yaml --out 'my; results'")
    page = html.unescape((tmp_path / "my; results" / "report.html").read_text())
    assert "cellpick report 'my; results'" in page


def test_folders_of_two_suites_are_not_compared(call, engine, tmp_path):
    call("bench ./made_up.yaml --out a")
    write_suite(tmp_path, SUITE.replace("made_up", "other"))
    call("bench ./made_up.yaml --out b")
    ended = call("compare a b")
    assert ended.code == 2
    assert "the baseline is of another suite; got 'made_up'; accepted: other" in ended.err


def test_the_sequential_test_stops_and_says_what_it_saved(call, engine, tmp_path):
    head = "seeds: 300\nsequential: {good: 0.99, bad: 0.9}"
    write_suite(tmp_path, SUITE.replace("seeds: 4", head))
    ended = call("bench ./made_up.yaml --out r --sequential")
    assert ended.code == 0
    assert len(engine.ran) < 200
    assert "passes after" in ended.out
    assert "episodes saved" in ended.out
    again = len(engine.ran)
    assert call("bench ./made_up.yaml --out r --sequential").code == 0
    assert len(engine.ran) <= again + 1


BAD = {
    "bench smok --out r": "no such suite; did you mean 'smoke'",
    "bench ./made_up.yaml --out r --baseline none.json": "no such baseline",
    "bench ./made_up.yaml --out r --baseline other.json": "another schema; got 'cellpick",
    "bench ./made_up.yaml --out r --baseline foreign.json": "the baseline is of another suite",
    "bench ./made_up.yaml --out r --sequential": "does not say when it may stop early",
    "bench ./unknown.yaml --out r": "did you mean 'success_rate'",
    "bench ./made_up.yaml --out full": "holds no campaign",
    "bench ./made_up.yaml --out r --baseline full": "no results of a campaign",
    "bench ./made_up.yaml --out r --cluster nowhere": "not the address of a Dask scheduler",
    "bench ./made_up.yaml --cluster tcp://a:1 --workers 2": "--workers",
    "compare none r": "no such baseline",
    "compare empty.json r": "empty.json: has no episodes to compare with",
    "compare odd.json odd.json": "odd.json: episodes.0.placed: must be a valid integer",
}


@pytest.mark.parametrize("line", BAD)
def test_bad_input_is_one_message_before_any_episode(line, call, engine, tmp_path):
    (tmp_path / "other.json").write_text('{"schema": "cellpick.baseline/9"}')
    (tmp_path / "foreign.json").write_text(
        json.dumps(Baseline("x", "0", "0", (sample_of(usual(Episode("s", 0))),)).document())
    )
    base = {"schema": "cellpick.baseline/1", "suite": "made_up", "version": "0", "episodes": []}
    (tmp_path / "empty.json").write_text(json.dumps(base))
    episode = asdict(sample_of(usual(Episode("s", 0)))) | {"placed": "x"}
    (tmp_path / "odd.json").write_text(json.dumps(base | {"episodes": [episode]}))
    text = "cases: [{name: a, scene: odd_tray, thresholds: {sucess_rate: 1}}]"
    (tmp_path / "unknown.yaml").write_text(text)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").touch()
    ended = call(line)
    assert ended.code == 2
    assert BAD[line] in ended.err
    assert ended.err.startswith("error: ")
    assert len(ended.err.splitlines()) == 1
    assert engine.ran == []


def test_a_place_that_cannot_be_written_is_told_before_any_episode(call, engine, tmp_path):
    (tmp_path / "file").touch()
    for line in ("--out file/r", "--out r --save-baseline file/base.json"):
        ended = call(f"bench ./made_up.yaml {line}")
        assert ended.code == 3
        assert "cannot write" in ended.err
    assert engine.ran == []


def test_a_name_is_shown_as_it_is_written(call, engine, tmp_path):
    name = "[/b] [red]x[/red] <script> `a` | [y](http://z)"
    write_suite(tmp_path, SUITE.replace("name: boxes", f"name: '{name}'"))
    ended = call("bench ./made_up.yaml --out r")
    assert ended.code == 0
    assert "[/b] [red]x[/red]" in ended.out
    assert etree.parse(tmp_path / "r" / "junit.xml").getroot()[0].get("name") == name
    assert "<script>" not in (tmp_path / "r" / "report.html").read_text()
    row = (tmp_path / "r" / "summary.md").read_text().splitlines()[6]
    assert row.startswith(r"| [/b] [red]x[/red] &lt;script> \`a\` \| [y]\(http://z) | 4 |")


def test_an_errors_text_may_hold_anything(call, engine, tmp_path):
    reason = "bad \x00 \x1b[31m path \udc80\nline two"
    engine.of = staticmethod(lambda e: blank_record(e, "raised", reason))
    ended = call("bench ./made_up.yaml --out r")
    assert ended.code == 1
    shown = r"(bad [31m path \udc80 line two)"
    assert f"missed: boxes: errors <= 0, but errors is 4 {shown}" in ended.out
    assert f"errors is 4 {shown}" in (tmp_path / "r" / "summary.md").read_text().replace(
        "\\\\", "\\"
    )
    assert shown in next(etree.parse(tmp_path / "r" / "junit.xml").iter("failure")).text


def test_an_output_that_nobody_reads_is_no_missed_limit(call, engine, monkeypatch):
    assert call("bench ./made_up.yaml --out r").code == 0

    def closed(text):
        raise BrokenPipeError(EPIPE, "Broken pipe")

    with monkeypatch.context() as patch:
        patch.setattr(sys.stdout, "write", closed)
        ended = call("compare r r")
    assert ended.code == 3
    assert ended.err == "error: what reads the output has ended\n"


def test_a_narrow_terminal_cuts_no_figure(monkeypatch):
    shown = StringIO()
    monkeypatch.setattr(
        "cellpick.cli.terminal.Console",
        lambda: Console(file=shown, force_terminal=True, width=20, color_system=None),
    )
    show_table("suite x", ("case", "placed %"), [["a tray of many cells", "98.3 (96.1-99.2)"]], 60)
    assert "a tray of many cells   98.3 (96.1-99.2)" in shown.getvalue()


def test_a_letter_that_the_terminal_lacks_is_told_by_its_code(call, engine, tmp_path, monkeypatch):
    write_suite(tmp_path, SUITE.replace("name: boxes", "name: 電池").replace("0.9", "1.0"))
    engine.of = staticmethod(lambda e: blank_record(e, "raised", "x"))
    ascii_only = TextIOWrapper(BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", ascii_only)
    assert call("bench ./made_up.yaml --out r").code == 1
    ascii_only.flush()
    assert rb"\u96fb\u6c60" in ascii_only.buffer.getvalue()


RECORDS = [
    {"status": "done", "summary": {"placed_ok": 1, "cells_total": 2}, "first_look": {}},
    {"status": "died", "summary": {}, "first_look": {}},
]


def test_success_so_far_has_its_interval_and_names_what_did_not_end():
    tally = Tally(3)
    assert tally.words == "no cells yet"
    for record in RECORDS:
        tally.add(record)
    assert tally.words.startswith("success 50.0 % (")
    assert tally.words.endswith("), 1 without a result")


def test_looks_so_far_tell_what_was_found():
    tally = Tally(2)
    tally.add({"status": "done", "summary": {}, "first_look": {"found": 3, "cells": 4}})
    assert tally.words.startswith("found 75.0 % (")
    tally.add({**RECORDS[0], "first_look": {"found": 2, "cells": 2}})
    assert tally.words.startswith("success 50.0 % (")


def test_a_terminal_shows_a_bar_that_counts_what_was_done_before(monkeypatch):
    shown = StringIO()
    monkeypatch.setattr(
        "cellpick.cli.campaign_progress.Console",
        lambda stderr: Console(file=shown, force_terminal=True, width=120),
    )
    with campaign_progress(SimpleNamespace(episodes=range(3)), RECORDS[:1], silent=False) as show:
        show(RECORDS[1])
    assert "2/3" in shown.getvalue()
    assert "1 without a result" in shown.getvalue()
