"""Every camera preset with 4, 3, 2 and 1 cameras: `python -m benchmarks.presets [--seeds 1]`.

Writes after each case and leaves out those that are already in the results: `--again` runs them
anew.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from fnmatch import fnmatch
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.episodes import Case, Episode, pooled, run_episode

RESULTS = Path(__file__).parent / "results"
SCENE = "prismatic_tray"
PLAIN_2D = "industrial_2d_2mp"
"""The 2D camera that goes with a 3D one."""
STANDOFF_MM = {
    "photoneo_phoxi_s": 480,
    "zivid_2plus_m60": 600,
    "mecheye_pro_s": 700,
    "realsense_d435": 500,
    "kinect_v1": 550,
    "industrial_2d_5mp": 600,
    "industrial_2d_12mp": 600,
}
"""The presets, each with a height of the plate over the tops from which all of the tray lies in
its range and its picture."""


def cameras_of(preset: str, count: int) -> list[str]:
    """A 3D preset in turn with a plain 2D camera; a 2D preset alone."""
    pair = [preset, preset if preset.startswith("industrial_2d") else PLAIN_2D]
    return (2 * pair)[:count]


CASES = tuple(
    Case(
        f"{preset} x {count}",
        SCENE,
        (
            f"rig.cameras=[{','.join(cameras_of(preset, count))}]",
            f"rig.standoff_mm={standoff}",
        ),
    )
    for preset, standoff in STANDOFF_MM.items()
    for count in (4, 3, 2, 1)
)


def main() -> int:
    """Returns 1 when a run could not be made."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.presets", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="seeds 0 to N-1 (1)")
    parser.add_argument("--cases", default="*", help="only cases whose label fits this pattern")
    parser.add_argument("--workers", type=int, default=2, help="processes at a time (2)")
    parser.add_argument("--again", action="store_true", help="also cases that have results")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    wanted = parser.parse_args()
    document = wanted.out / "presets.json"
    results = json.loads(document.read_text())["cases"] if document.exists() else {}
    chosen = [
        case
        for case in CASES
        if fnmatch(case.label, wanted.cases)
        and (wanted.again or not _has(results.get(case.label), wanted.seeds))
    ]
    wanted.out.mkdir(parents=True, exist_ok=True)
    for case, episodes, problems in run_cases(chosen, range(wanted.seeds), wanted.workers):
        results[case.label] = figures(case, episodes, problems)
        ordered = {c.label: results[c.label] for c in CASES if c.label in results}
        content = {"version": version("cellpick"), "cases": ordered}
        document.write_text(json.dumps(content, indent=2) + "\n")
        (wanted.out / "presets.md").write_text(markdown(ordered))
        print(markdown({case.label: ordered[case.label]}).splitlines()[-1], flush=True)
    return int(any(f["problems"] for f in results.values()))


def _has(known: dict[str, Any] | None, seeds: int) -> bool:
    return known is not None and known["seeds"] == list(range(seeds))


def run_cases(
    cases: Sequence[Case], seeds: Sequence[int], workers: int
) -> Iterator[tuple[Case, list[Episode], list[str]]]:
    """Each case when its last seed is done: episodes by seed, and why a run could not be made."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    done: dict[str, list[Episode | str]] = {case.label: [] for case in cases}
    with ProcessPoolExecutor(workers, get_context("spawn"), max_tasks_per_child=1) as pool:
        jobs = {pool.submit(episode_or_reason, case, s): case for case in cases for s in seeds}
        for job in as_completed(jobs):
            case = jobs[job]
            done[case.label].append(job.result())
            if len(done[case.label]) == len(seeds):
                parts = done[case.label]
                episodes = sorted((e for e in parts if isinstance(e, Episode)), key=_seed)
                yield case, episodes, [p for p in parts if isinstance(p, str)]


def _seed(episode: Episode) -> int:
    return episode.seed


def episode_or_reason(case: Case, seed: int) -> Episode | str:
    """One run, or why it could not be made; a defect in one case leaves the others their rows."""
    try:
        return run_episode(case, seed)
    except Exception as error:
        return f"seed {seed}: {type(error).__name__}: {error}"


def figures(case: Case, episodes: Sequence[Episode], problems: Sequence[str]) -> dict[str, Any]:
    """The case's pooled figures, with how honest the predicted error was and why runs stopped."""
    squares = [v for e in episodes for v in e.pose_squares]
    out = pooled(case, episodes) if episodes else {"seeds": [], "scene": case.scene}
    return out | {
        "overrides": list(case.overrides),
        "error_over_sigma": float(np.sqrt(np.mean(squares))) if squares else None,
        "stopped": [e.summary["stopped"] for e in episodes if e.summary["stopped"]],
        "left": dict(Counter(why for e in episodes for why in left_alone(e)).most_common()),
        "problems": list(problems),
    }


def left_alone(episode: Episode) -> list[str]:
    """Why the last look's cells were not picked, one reason a cell."""
    skipped = [r for r in episode.summary["recoveries"] if r["action"] == "skip"]
    last_s = max((r["time_s"] for r in skipped), default=0.0)
    return [r["reason"] for r in skipped if r["time_s"] == last_s]


def markdown(results: dict[str, dict[str, Any]]) -> str:
    """The table, a row a case."""
    head = (
        "| cameras | cells placed | found in the first look | pose error p50 | p95 "
        "| error / predicted | cycle | stops |"
    )
    rows = [head, "|---" * 8 + "|"]
    for label, f in results.items():
        left = [f"{n} left, {why}" for why, n in f["left"].items()]
        why = "; ".join(dict.fromkeys([*f["stopped"], *left, *f["problems"]]))
        if not f["seeds"]:
            rows.append(f"| {label} | - | - | - | - | - | - | {why} |")
            continue
        found = f["cells_seen"]
        p50, p95 = (
            "-" if f["pose_mm"][q] is None else f"{f['pose_mm'][q]:.2f} mm, {f['pose_deg'][q]:.2f}°"
            for q in ("p50", "p95")
        )
        ratio = "-" if f["error_over_sigma"] is None else f"{f['error_over_sigma']:.2f}"
        rows.append(
            f"| {label} | {f['placed_ok']} of {f['cells_total']} "
            f"| {found} of {found + f['cells_missed']}, {f['false_cells']} false "
            f"| {p50} | {p95} | {ratio} | {f['cycle_time_s']:.2f} s | {why} |"
        )
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())
