"""Runs of one scene over many seeds, in fresh processes, and their pooled figures."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """A scene with its overrides."""

    label: str
    scene: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Episode:
    """What one seed gave: the run's summary, and the errors that its quantiles come from."""

    seed: int
    summary: dict[str, Any]
    pose_mm: tuple[float, ...]
    pose_deg: tuple[float, ...]
    pose_squares: tuple[float, ...]
    place_mm: tuple[float, ...]
    place_deg: tuple[float, ...]
    cells_seen: int
    cells_missed: int
    false_cells: int
    polarity: Counter[str]


def run_episode(case: Case, seed: int) -> Episode:
    """One run; called in a process of its own, which ends with it."""
    from cellpick.scene import load_scene, resolve_scene
    from cellpick.station import run_scene

    models = resolve_scene(load_scene(case.scene, case.overrides))
    with tempfile.TemporaryDirectory() as folder:
        result = run_scene(models, seed, Path(folder), lambda line: None)
        log = Path(folder) / "picks.jsonl"
        lines = log.read_text().splitlines() if log.exists() else []
    picks = [json.loads(line) for line in lines]
    first = result.matches[0]
    ok = [i for i, status in enumerate(first.status) if status == "ok"]
    return Episode(
        seed,
        result.summary,
        tuple(1e3 * first.position_error_m[ok]),
        tuple(np.degrees(first.angle_error_rad[ok])),
        tuple(first.normalised_square[ok]),
        tuple(p["place_error_mm"] for p in picks if p["place_error_mm"] is not None),
        tuple(p["place_error_deg"] for p in picks if p["place_error_deg"] is not None),
        len(first),
        len(first.missed),
        len(first.false_rows),
        Counter(first.polarity),
    )


def run_case(
    case: Case, seeds: Sequence[int], workers: int, tell: Callable[[str], None]
) -> list[Episode]:
    """All seeds of a case, each in a fresh process, ordered by seed."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    episodes = []
    with ProcessPoolExecutor(workers, get_context("spawn"), max_tasks_per_child=1) as pool:
        jobs = {pool.submit(run_episode, case, seed): seed for seed in seeds}
        for job in as_completed(jobs):
            episode = job.result()
            episodes.append(episode)
            s = episode.summary
            tell(
                f"{case.label}, seed {episode.seed}: {s['placed_ok']} of {s['cells_total']} placed"
                + (f" {s['failures']} {s['stopped']}" if s["placed_ok"] < s["cells_total"] else "")
            )
    return sorted(episodes, key=lambda episode: episode.seed)


def pooled(case: Case, episodes: Sequence[Episode]) -> dict[str, Any]:
    """The case's figures over all seeds: sums of counts, quantiles of all errors together."""
    total = Counter[str]()
    failures, polarity = Counter[str](), Counter[str]()
    for e in episodes:
        total.update({k: e.summary[k] for k in COUNTED})
        failures.update(e.summary["failures"])
        polarity.update(e.polarity)
    return {
        "scene": case.scene,
        "overrides": list(case.overrides),
        "seeds": [e.seed for e in episodes],
        **{k: total[k] for k in COUNTED},
        "failures": dict(sorted(failures.items())),
        "cells_seen": sum(e.cells_seen for e in episodes),
        "cells_missed": sum(e.cells_missed for e in episodes),
        "false_cells": sum(e.false_cells for e in episodes),
        "polarity_first_look": dict(sorted(polarity.items())),
        **{
            name: _quantiles([v for e in episodes for v in getattr(e, name)])
            for name in ("pose_mm", "pose_deg", "place_mm", "place_deg")
        },
        "cycle_time_s": float(np.mean([e.summary["cycle_time_s"]["mean"] or 0 for e in episodes])),
        "real_time_factor": float(
            np.median([e.summary["measured"]["real_time_factor"] for e in episodes])
        ),
        "vision_time_ms": float(
            np.median([e.summary["measured"]["vision_time_ms"]["p50"] for e in episodes])
        ),
    }


COUNTED = (
    "cells_total",
    "attempts",
    "placed_ok",
    "polarity_errors",
    "drops",
    "collisions",
    "safety_violations",
)
"""Fields of a summary that add up over runs."""


def _quantiles(values: Sequence[float]) -> dict[str, float | None]:
    if not values:
        return {"p50": None, "p95": None, "max": None}
    p50, p95 = np.percentile(values, [50, 95])
    return {"p50": float(p50), "p95": float(p95), "max": float(np.max(values))}
