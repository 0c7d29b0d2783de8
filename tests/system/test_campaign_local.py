"""The local engine: nothing that an episode or a process does is lost, or harms another episode."""

from __future__ import annotations

import importlib
import os
import platform
import re
import sys
from pathlib import Path

import pytest

from campaign_work import LIMIT_S, WAYS, comparable, copied, due, result_of, work
from cellpick.campaign import Episode, LocalEngine, Plan, run_campaign, seat
from cellpick.campaign.results_folder import read_records
from cellpick.errors import InputError, UnavailableError
from cellpick.installation import revision


def episodes(folder: Path, *what: str) -> list[Episode]:
    return [
        Episode("scene", seed, inputs={"do": do, "folder": str(folder)})
        for seed, do in enumerate(what)
    ]


def calls(folder: Path, seed: int) -> list[int]:
    return [int(line) for line in (folder / f"calls-{seed}").read_text().splitlines()]


def test_every_way_to_fail_is_a_record_and_harms_no_other_episode(tmp_path):
    todo = episodes(tmp_path, *WAYS)
    engine = LocalEngine(workers=2, limit_s=LIMIT_S, work=work)
    results = {r.record["seed"]: r for r in engine.run(iter(todo))}
    assert [comparable(results[e.seed].record) for e in todo] == [due(e) for e in todo]
    sound = [e for e in todo if results[e.seed].record["status"] == "done"]
    assert len(sound) == 4
    assert all(results[e.seed].picture == result_of(e).picture for e in sound)
    assert [len(set(calls(tmp_path, e.seed))) for e in todo] == [1, 2, 2, 1, 1, 1]


def test_a_process_is_replaced_after_its_share_of_episodes(tmp_path):
    todo = episodes(tmp_path, "", "", "")
    ran = list(LocalEngine(workers=1, per_process=2, work=work).run(todo))
    pids = [r.record["measured"]["pid"] for r in ran]
    assert [r.record["seed"] for r in ran] == [0, 1, 2]
    assert [pids.index(pid) for pid in pids] == [0, 0, 2]
    assert os.getpid() not in pids


def test_workers_run_on_one_thread_in_the_folder_of_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (record,) = (r.record for r in LocalEngine(1, work=work).run(episodes(tmp_path, "settings")))
    assert record["summary"] == {"folder": str(tmp_path), "cv2": 1, "omp": "1", "openblas": "1"}


def test_closing_the_results_ends_all_processes(tmp_path):
    todo = episodes(tmp_path, "", "hang", "hang", "hang")
    results = LocalEngine(workers=2, work=work).run(todo)
    next(results)
    results.close()
    pids = {pid for file in tmp_path.glob("calls-*") for pid in calls(tmp_path, int(file.name[6:]))}
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_episodes_are_taken_only_as_there_is_room(tmp_path):
    taken = []

    def endless():
        seed = 0
        while True:
            taken.append(seed)
            yield Episode("scene", seed, inputs={"folder": str(tmp_path)})
            seed += 1

    results = LocalEngine(workers=1, work=work).run(endless())
    for _ in range(10):
        next(results)
    results.close()
    assert len(taken) <= 12


def test_a_full_disk_ends_a_campaign_that_goes_on_once_there_is_room(tmp_path):
    what = ("", "full at first", "")
    inputs = [{"folder": str(tmp_path), "do": do} for do in what]
    plan = Plan("sweep", "x", {}, tuple(Episode("s", k, inputs=i) for k, i in enumerate(inputs)))
    with pytest.raises(UnavailableError, match="no space left"):
        run_campaign(plan, tmp_path / "results", LocalEngine(1, work=work))
    assert [r["seed"] for r in read_records(tmp_path / "results")] == [0]
    records = run_campaign(plan, tmp_path / "results", LocalEngine(1, work=work))
    assert [(r["seed"], r["status"]) for r in records] == [(k, "done") for k in range(3)]


def test_a_worker_that_cannot_start_is_one_clear_error(tmp_path, monkeypatch):
    module = tmp_path / "campaign_gone.py"
    module.write_text("def work(episode): ...")
    monkeypatch.syspath_prepend(tmp_path)
    unloadable = importlib.import_module(module.stem).work
    module.unlink()
    monkeypatch.setattr(seat, "STARTS", 1)
    with pytest.raises(
        UnavailableError, match=r"(?s)do not start.*No module named 'campaign_gone'"
    ):
        list(LocalEngine(1, work=unloadable).run(episodes(tmp_path, "")))


def test_an_edit_of_the_source_ends_a_campaign_before_new_code_runs(tmp_path, monkeypatch):
    package = copied(tmp_path / "checkout")
    monkeypatch.setattr(sys, "path", [str(package.parent), *sys.path])
    source = package / "errors.py"
    inputs = {"folder": str(tmp_path), "do": "edit", "file": str(source)}
    plan = Plan("sweep", "x", {}, tuple(Episode("s", k, inputs=inputs) for k in range(2)))
    content = source.read_text()
    message = (
        f"{platform.node()}: a new process runs another revision of cellpick than the command: "
        rf".*; got '0\.1\.0\+\w+'; accepted: {re.escape(revision())}; with it the same command"
    )
    with pytest.raises(InputError, match=message):
        run_campaign(plan, tmp_path / "results", LocalEngine(1, per_process=1, work=work))
    assert [r["seed"] for r in read_records(tmp_path / "results")] == [0]
    assert calls(tmp_path, 0)
    assert not (tmp_path / "calls-1").exists()
    source.write_text(content)
    records = run_campaign(plan, tmp_path / "results", LocalEngine(1, per_process=1, work=work))
    assert [(r["seed"], r["revision"]) for r in records] == [(k, revision()) for k in range(2)]


def test_source_that_changes_while_a_process_loads_it_runs_nothing(tmp_path, monkeypatch):
    copy = copied(tmp_path / "checkout")
    # an edit in the middle of loading
    engine = copy / "campaign" / "engine.py"
    edit = "open(__file__, 'a').write('# edited')"
    engine.write_text(f"{engine.read_text()}\n{edit}\n")
    monkeypatch.setattr(sys, "path", [str(copy.parent), *sys.path])
    monkeypatch.setattr(seat, "STARTS", 1)
    with pytest.raises(UnavailableError, match="source of cellpick changed while this process"):
        list(LocalEngine(1, work=work).run(episodes(tmp_path, "")))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"workers": 0}, "workers: at least one; got 0"),
        ({"workers": 1, "per_process": 0}, "episodes of a process: at least one; got 0"),
        ({"workers": 1, "limit_s": 0}, "limit in seconds is above zero; got 0"),
        ({"workers": 1, "limit_s": float("nan")}, "limit in seconds is above zero; got nan"),
    ],
)
def test_settings_that_cannot_be_kept_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        LocalEngine(**settings)
