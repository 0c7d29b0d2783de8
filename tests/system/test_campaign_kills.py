"""A command is stopped in every way: the same command goes on, nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import campaign_command

from campaign_work import result_of
from cellpick.campaign.results_folder import read_records

PATIENCE_S = 60.0


def command(folder: Path, limit: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, campaign_command.__file__, str(folder), str(limit)],
        stderr=subprocess.PIPE,
        text=True,
        # a group of its own, as a terminal gives to a command
        start_new_session=True,
    )


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def recorded(folder: Path) -> list[int]:
    return [record["seed"] for record in read_records(folder / "results")]


def calls(folder: Path) -> dict[int, list[int]]:
    """Seed -> process ids of all that worked on it."""
    return {
        int(path.name.removeprefix("calls-")): [int(pid) for pid in path.read_text().split()]
        for path in folder.glob("calls-*")
    }


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def stopped(folder: Path, count: int, stop: Callable[[int], None]) -> tuple[int, str]:
    """Exit code and message of a command that `stop` ends once it has `count` records more."""
    known = len(recorded(folder))
    process = command(folder)
    wait_until(lambda: len(recorded(folder)) >= known + count)
    stop(process.pid)
    _, message = process.communicate(timeout=PATIENCE_S)
    wait_until(lambda: not any(is_running(p) for pids in calls(folder).values() for p in pids))
    return process.returncode, message


def test_a_campaign_stopped_in_every_way_ends_as_an_undisturbed_one(tmp_path):
    kept = []

    def check_progress():
        seeds = recorded(tmp_path)
        assert len(set(seeds)) == len(seeds)
        assert seeds[: len(kept)] == kept
        assert len(seeds) > len(kept)
        kept[:] = seeds

    code, message = stopped(tmp_path, 3, lambda pid: os.kill(pid, signal.SIGKILL))
    assert (code, message) == (-signal.SIGKILL, "")
    check_progress()

    code, message = stopped(tmp_path, 3, lambda pid: os.killpg(pid, signal.SIGINT))
    assert code == 130
    check_progress()
    assert message == (
        f"error: stopped: {len(kept)} of 30 episodes are in {tmp_path / 'results'}; "
        "the same command goes on from there\n"
    )

    journal = tmp_path / "results" / "episodes" / "records.jsonl"
    full = journal.stat().st_size * (len(kept) + 2) // len(kept) + 100
    process = command(tmp_path, full)
    _, message = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3
    assert message == f"error: cannot append to {journal}: File too large\n"
    check_progress()

    process = command(tmp_path)
    _, message = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, message) == (0, "")
    check_progress()
    plan = campaign_command.plan_of(tmp_path)
    records = sorted(read_records(tmp_path / "results"), key=lambda record: record["seed"])
    wanted = [result_of(episode) for episode in plan.episodes]
    assert [r | {"measured": {}} for r in records] == [w.record | {"measured": {}} for w in wanted]
    pictures = tmp_path / "results" / "pictures"
    assert {p.name: p.read_bytes() for p in pictures.iterdir()} == {
        f"{w.record['id']}.jpg": w.picture for w in wanted
    }
    # three commands had at most four episodes each in hand when they ended
    assert sum(len(pids) - 1 for pids in calls(tmp_path).values()) <= 12
