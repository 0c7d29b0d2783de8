"""What campaigns cost: `python -m benchmarks.campaign [PART ...]`.

Parts: `overhead` of the engine with episodes that do nothing; `one` and `two`: the same tiny
episodes on as many workers; `full`: a scene as shipped. Each part writes its figures into
`campaign.json`, so that each can be run when the machine is quiet, and the page is made again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import statistics
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.campaign_report import markdown, misses
from benchmarks.campaign_work import idle
from cellpick.campaign import Episode, Journal, LocalEngine, Plan, run_campaign
from cellpick.campaign.engine import PER_PROCESS

RESULTS = Path(__file__).parent / "results"
IDLE_EPISODES = 400
STARTS = 3
SEEDS = 4
TINY = ("prismatic_tray", ("tray.rows=1", "tray.columns=1"))
FULL = ("prismatic_tray", ())


def overhead() -> dict[str, Any]:
    """Time of the engine for each episode that does nothing, once a worker runs."""
    plan = Plan("suite", "idle", {}, tuple(Episode("idle", s) for s in range(IDLE_EPISODES)))
    ended: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        engine = LocalEngine(1, per_process=IDLE_EPISODES, work=idle)
        run_campaign(plan, Path(folder), engine, lambda _: ended.append(time.perf_counter()))
    each_ms = [1e3 * (b - a) for a, b in itertools.pairwise(ended)]
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder), plan) as journal:
        start = time.perf_counter()
        for episode in plan.episodes:
            journal.add(idle(episode))
        write_ms = 1e3 * (time.perf_counter() - start) / IDLE_EPISODES
    starts = []
    for _ in range(STARTS):
        start = time.perf_counter()
        list(LocalEngine(1, work=idle).run(plan.episodes[:1]))
        starts.append(time.perf_counter() - start)
    start_s = statistics.median(starts)
    return {
        "episodes": IDLE_EPISODES,
        "mean_ms": statistics.fmean(each_ms),
        "median_ms": statistics.median(each_ms),
        "p95_ms": statistics.quantiles(each_ms, n=20)[-1],
        "write_ms": write_ms,
        "start_s": start_s,
        "per_process": PER_PROCESS,
        "start_share_ms": 1e3 * start_s / PER_PROCESS,
    }


def throughput(workers: int, scene: str, overrides: tuple[str, ...], seeds: int) -> dict[str, Any]:
    """The seeds once on each worker, the start of its process included."""
    episodes = [Episode(scene, seed, overrides) for seed in range(seeds) for _ in range(workers)]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    results = list(LocalEngine(workers).run(episodes))
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    records = [result.record for result in results]
    measured = [record["measured"] for record in records]
    stages = {name: 0.0 for m in measured for name in m["stage_s"]}
    for name in stages:
        stages[name] = statistics.fmean(m["stage_s"][name] for m in measured)
    each = statistics.fmean(m["wall_time_s"] for m in measured)
    return {
        "scene": " ".join((scene, *overrides)),
        "workers": workers,
        "episodes": len(records),
        "done": sum(record["status"] == "done" for record in records),
        "wall_s": wall,
        "per_minute": 60 * len(records) / wall,
        "episode_s": each,
        "cpu_s": (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        / len(records),
        "stage_s": stages | {"other": each - sum(stages.values())},
        "memory_mb": after.ru_maxrss / 1024,
        "record_bytes": statistics.fmean(len(json.dumps(record)) for record in records),
        "picture_bytes": statistics.fmean(len(result.picture) for result in results),
    }


PARTS = {
    "overhead": overhead,
    "one": lambda: throughput(1, *TINY, SEEDS),
    "two": lambda: throughput(2, *TINY, SEEDS),
    "full": lambda: throughput(1, *FULL, 1),
}


def main() -> int:
    """Returns 1 where a demand is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.campaign", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (all)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    wanted = parser.parse_args()
    unknown = set(wanted.parts) - PARTS.keys()
    if unknown:
        parser.error(f"no part {min(unknown)}; there are {', '.join(PARTS)}")
    path = wanted.out / "campaign.json"
    document = json.loads(path.read_text()) if path.exists() else {}
    document |= {"version": version("cellpick"), "cores": os.cpu_count()}
    for name in wanted.parts or PARTS:
        load = os.getloadavg()[0]
        document[name] = PARTS[name]() | {"load_before": load}
    wanted.out.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
    if document.keys() >= PARTS.keys():
        path.with_suffix(".md").write_text(markdown(document))
        missed = misses(document)
        print(*missed, sep="\n")
        return 1 if missed else 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
