"""A real scheduler of Dask with two worker processes over TCP: the same records, nothing lost."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from campaign_work import LIMIT_S, WAYS, comparable, copied, due, result_of, work
from cellpick.campaign import ClusterEngine, Episode, LocalEngine, Plan, run_campaign
from cellpick.errors import UnavailableError
from cellpick.installation import revision

distributed = pytest.importorskip("distributed", reason="needs the extra `cluster`")
cluster_tasks = pytest.importorskip("cellpick.campaign.cluster_tasks")

PATIENCE_S = 60.0


class Cluster:
    """A scheduler and its workers, each a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.log = (folder / "log").open("w")
        self.scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-show")
        end = time.monotonic() + PATIENCE_S
        while not self.file.exists():
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.05)
        self.address = json.loads(self.file.read_text())["address"]
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        module_path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
        return subprocess.Popen(
            [
                *(sys.executable, "-m", f"distributed.cli.dask_{what}", *options),
                *("--scheduler-file", str(self.file), "--no-dashboard"),
            ],
            env={**os.environ, "PYTHONPATH": module_path},
            cwd=self.folder,
            stdout=self.log,
            stderr=self.log,
        )

    def start_workers(self) -> None:
        options = ("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny")
        self.workers = [self.start("worker", *options) for _ in range(2)]
        with distributed.Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=PATIENCE_S)

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()
        self.log.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("dask"))
    yield made
    made.close()


@contextmanager
def foreign_worker(cluster: Cluster, folder: Path) -> Iterator[Path]:
    """One worker of other code with the same version; the place of its package."""
    package = copied(folder)
    with (package / "errors.py").open("a") as file:
        file.write("# edited")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(package.parent), *sys.path])
        options = ("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny")
        worker = cluster.start("worker", *options)
    with distributed.Client(cluster.address, set_as_default=False) as client:
        known = len(client.scheduler_info()["workers"])
        client.wait_for_workers(known + 1, timeout=PATIENCE_S)
        try:
            yield package
        finally:
            worker.kill()
            worker.wait()
            while len(client.scheduler_info()["workers"]) > known:
                time.sleep(0.05)


def test_a_worker_with_other_code_of_the_same_version_is_named(cluster, tmp_path):
    plan = plan_of(tmp_path, "")
    with foreign_worker(cluster, tmp_path / "checkout") as package:
        engine = ClusterEngine(cluster.address, work=work)
        message = (
            r"1 of 1 workers have another {} than this command: tcp://\S+ has {}, here it is {}"
        )
        told = message.format("revision of cellpick", r"0\.1\.0\+\w+", re.escape(revision()))
        with pytest.raises(UnavailableError, match=told):
            run_campaign(plan, tmp_path / "results", engine)
        (package / "errors.py").unlink()
        with pytest.raises(UnavailableError, match="another revision of cellpick than this"):
            run_campaign(plan, tmp_path / "results", engine)
    assert list(tmp_path.glob("calls-*")) == []


@pytest.fixture(scope="module")
def workers(cluster):
    cluster.start_workers()
    return cluster.workers


def plan_of(folder: Path, *what: str, sleep_s: float = 0.0) -> Plan:
    inputs = {"folder": str(folder), "sleep_s": sleep_s}
    todo = (Episode("s", seed, inputs=inputs | {"do": do}) for seed, do in enumerate(what))
    return Plan("sweep", "x", {}, tuple(todo))


def test_a_scheduler_without_workers_is_one_clear_error(cluster, tmp_path):
    engine = ClusterEngine(cluster.address, work=work)
    message = f"the Dask scheduler at {cluster.address} has no workers"
    with pytest.raises(UnavailableError, match=message):
        run_campaign(plan_of(tmp_path, ""), tmp_path / "results", engine)
    assert list(tmp_path.glob("calls-*")) == []


def test_a_scheduler_that_does_not_answer_is_one_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster_tasks, "CONNECT_S", 0.5)
    engine = ClusterEngine("tcp://127.0.0.1:1", work=work)
    with pytest.raises(
        UnavailableError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"
    ):
        run_campaign(plan_of(tmp_path, ""), tmp_path / "results", engine)


@pytest.mark.usefixtures("workers")
def test_records_are_those_of_the_local_engine(cluster, tmp_path):
    plan = plan_of(tmp_path, *WAYS)
    engine = ClusterEngine(cluster.address, limit_s=LIMIT_S, work=work)
    records = run_campaign(plan, tmp_path / "results", engine)
    assert [comparable(record) for record in records] == [due(e) for e in plan.episodes]
    pictures = {p.name: p.read_bytes() for p in (tmp_path / "results" / "pictures").iterdir()}
    sound = [e for e in plan.episodes if due(e)["status"] == "done"]
    assert pictures == {f"{e.id}.jpg": result_of(e).picture for e in sound}


@pytest.mark.usefixtures("workers")
def test_a_real_episode_is_the_same_on_a_worker_and_here(cluster, tmp_path):
    settings = ("tray.rows=1", "tray.columns=1")
    plan = Plan("suite", "real", {}, (Episode("prismatic_tray", 1, settings),))
    there = run_campaign(plan, tmp_path / "cluster", ClusterEngine(cluster.address))
    here = run_campaign(plan, tmp_path / "local", LocalEngine(1))
    assert [comparable(r) for r in there] == [comparable(r) for r in here]
    assert (here[0]["status"], here[0]["summary"]["placed_ok"]) == ("done", 1)


@pytest.mark.usefixtures("workers")
def test_a_worker_that_joins_late_with_other_code_runs_nothing(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr("cellpick.campaign.cluster.check_workers", lambda client: None)
    plan = plan_of(tmp_path, *12 * [""], sleep_s=0.2)
    with foreign_worker(cluster, tmp_path / "checkout"):
        engine = ClusterEngine(cluster.address, work=work)
        message = r"a worker cannot run episodes: .*a new process runs another revision of cellpick"
        with pytest.raises(UnavailableError, match=message):
            run_campaign(plan, tmp_path / "results", engine)
    records = run_campaign(plan, tmp_path / "results", LocalEngine(2, work=work))
    assert {record["revision"] for record in records} == {revision()}


def test_a_killed_worker_and_a_killed_scheduler_lose_nothing(
    cluster, workers, tmp_path, monkeypatch
):
    monkeypatch.setattr(cluster_tasks, "CONNECT_S", 1.0)
    plan = plan_of(tmp_path, *20 * [""], sleep_s=0.2)
    engine = ClusterEngine(cluster.address, work=work)
    told = []

    def observe(record):
        told.append(record["seed"])
        if len(told) == 4:
            workers[0].kill()
        if len(told) == 10:
            cluster.scheduler.kill()

    message = rf"scheduler at {cluster.address} was lost; the same command goes on"
    with pytest.raises(UnavailableError, match=message):
        run_campaign(plan, tmp_path / "results", engine, observe)
    assert 10 <= len(told) < 20
    records = run_campaign(plan, tmp_path / "results", LocalEngine(2, work=work), observe)
    assert sorted(told) == list(range(20))
    assert [comparable(record) for record in records] == [due(e) for e in plan.episodes]
