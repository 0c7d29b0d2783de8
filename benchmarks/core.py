"""Registration of cells against ICP: `python -m benchmarks.core [--rounds 21]`.

The same clouds and starts for all, in one process and in turn. The peers' model clouds and search
trees are made beforehand, and so are their own copies of the clouds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.core_clouds import BOX, NOISE_M, Workload, workload
from benchmarks.core_peers import (
    MODEL_POINTS,
    Open3d,
    SmallGicp,
    SmallGicpArrays,
    model_cloud,
    voxel_cloud,
)
from benchmarks.core_report import markdown, plot
from benchmarks.core_stages import stages
from cellpick.geometry import Floats, difference, invert, transform
from cellpick.perception import register_cells

RESULTS = Path(__file__).parent / "results"
CELLS, POINTS = 32, 1500
CELL_CURVE = (1, 8, 32, 128, 512)
POINT_CURVE = (200, 600, 2000, 6000, 20000)
SEEDS = 6
"""Clouds on which errors are judged."""

Register = Callable[[Workload], Floats]


def ours(work: Workload) -> Floats:
    return register_cells(work.starts, BOX, work.points, work.instance, NOISE_M).Ts_base_cell


def alternating(works: Sequence[Callable[[], Any]], rounds: int) -> list[dict[str, float]]:
    """Milliseconds of each work, one after the other in each round."""
    times = np.empty((rounds, len(works), 2))
    for work in works:
        work()
    for row in times:
        for figures, work in zip(row, works, strict=True):
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            figures[:] = time.perf_counter() - wall, time.process_time() - cpu
    times *= 1e3
    return [
        {
            "median_ms": round(float(np.median(t[:, 0])), 3),
            "p99_ms": round(float(np.quantile(t[:, 0], 0.99)), 3),
            "least_ms": round(float(t[:, 0].min()), 3),
            "cpu_ms": round(float(np.median(t[:, 1])), 3),
        }
        for t in np.swapaxes(times, 0, 1)
    ]


def errors(register: Register, works: Sequence[Workload]) -> dict[str, float]:
    delta = np.concatenate([difference(work.truth, register(work)) for work in works])
    mm = 1e3 * np.linalg.norm(delta[:, :3], axis=1)
    deg = np.degrees(np.linalg.norm(delta[:, 3:], axis=1))
    return {
        f"{name}_{q}": round(float(np.quantile(values, level)), 4)
        for name, values in (("mm", mm), ("deg", deg))
        for q, level in (("median", 0.5), ("p95", 0.95))
    }


def compare(rounds: int) -> dict[str, Any]:
    works = [workload(CELLS, POINTS, np.random.default_rng(seed)) for seed in range(SEEDS)]
    work = works[0]
    rows: dict[str, Register] = {"cellpick": ours}
    even = voxel_cloud(BOX, np.random.default_rng(99))
    rows["Open3D point-to-plane, voxels of 3 mm"] = Open3d(even).register
    rows["small_gicp plane ICP, voxels of 3 mm, tree kept"] = SmallGicp(even).register
    for count in MODEL_POINTS:
        points, normals = model_cloud(BOX, count, np.random.default_rng(99))
        rows[f"Open3D point-to-plane, model of {count}"] = Open3d(points, normals).register
        rows[f"small_gicp plane ICP, model of {count}, tree kept"] = SmallGicp(points).register
    few = model_cloud(BOX, MODEL_POINTS[0], np.random.default_rng(99))[0]
    name = f"small_gicp plane ICP, arrays, model of {MODEL_POINTS[0]}"
    rows[name] = SmallGicpArrays(few).register
    times = alternating([lambda r=r: r(work) for r in rows.values()], rounds)
    table = {
        name: {**figures, **errors(register, works)}
        for (name, register), figures in zip(rows.items(), times, strict=True)
    }
    for figures in table.values():
        for key in ("median_ms", "mm_median", "mm_p95", "deg_median", "deg_p95"):
            figures[f"{key}_ratio"] = round(figures[key] / table["cellpick"][key], 2)
        figures["cpu_ms_ratio"] = round(figures["cpu_ms"] / table["cellpick"]["cpu_ms"], 2)
    return table


def least_turn(work: Workload, rng: np.random.Generator) -> dict[str, float]:
    """The turn that the noise of these points allows an efficient estimate, which knows each
    point's face: quantiles of the Cramer-Rao bound's normal distribution, degrees."""
    back = invert(work.truth)
    q = np.stack([transform(T, cloud) for T, cloud in zip(back, work.clouds, strict=True)])
    normal = np.zeros_like(q)
    top = round(0.6 * q.shape[1])
    normal[:, :top, 2] = normal[:, top:, 1] = 1
    J = np.concatenate([normal[..., 1:], np.cross(q, normal)], axis=-1) / NOISE_M
    turn = np.linalg.inv(np.swapaxes(J, 1, 2) @ J)[:, 2:, 2:]
    drawn = np.linalg.cholesky(turn)[:, None] @ rng.normal(size=(len(q), 500, 3, 1))
    deg = np.degrees(np.linalg.norm(drawn[..., 0], axis=-1))
    return {
        name: round(float(np.quantile(deg, level)), 4)
        for name, level in (("deg_median", 0.5), ("deg_p95", 0.95))
    }


def curve(sizes: Sequence[tuple[int, int]], axis: int, rounds: int) -> dict[str, Any]:
    """Time over cells or points a cell; the slope in logarithms from the second size on."""
    works = [workload(cells, points, np.random.default_rng(1)) for cells, points in sizes]
    times = alternating([lambda w=w: ours(w) for w in works], rounds)
    x = np.log([size[axis] for size in sizes])
    chosen = slice(1, None) if axis == 0 else slice(None)
    slopes = {
        key: round(float(np.polyfit(x[chosen], np.log([t[key] for t in times])[chosen], 1)[0]), 3)
        for key in ("median_ms", "cpu_ms")
    }
    return {
        "rows": [{"number": s[axis], **t} for s, t in zip(sizes, times, strict=True)],
        "slope": slopes,
    }


def memory(work: Workload) -> dict[str, float]:
    """Peak above the input, by tracemalloc, which NumPy reports its arrays to."""
    tracemalloc.start()
    ours(work)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    whole = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"peak_mb": round(peak / 1e6, 2), "process_max_rss_mb": round(whole / 1e3, 1)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.core", description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="times of each (21)")
    parser.add_argument("--curve-rounds", type=int, default=7, help="times a point (7)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    wanted = parser.parse_args(arguments)
    wanted.out.mkdir(parents=True, exist_ok=True)
    work = workload(CELLS, POINTS, np.random.default_rng(0))
    document = {
        "version": version("cellpick"),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
        "threads": os.environ.get("OMP_NUM_THREADS", "not set"),
        "rounds": wanted.rounds,
        "memory": memory(work),
        "compare": compare(wanted.rounds),
        "least": least_turn(work, np.random.default_rng(0)),
        "stages": stages(work, wanted.rounds),
        "cells": curve([(n, POINTS) for n in CELL_CURVE], 0, wanted.curve_rounds),
        "points": curve([(8, n) for n in POINT_CURVE], 1, wanted.curve_rounds),
    }
    (wanted.out / "core.json").write_text(json.dumps(document, indent=2) + "\n")
    (wanted.out / "core.md").write_text(markdown(document))
    plot(document, wanted.out / "core.png")
    print(markdown(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
