"""The full vision cycle: `python -m benchmarks.vision [--rounds 21]`.

From four cameras' pictures and depth to verified poses with polarity of 32 prismatic cells, beside
the pipeline that Open3D's tutorials lead to, in one process and in turn. What depends on the cell
model alone is prepared beforehand for both: drawing here, model cloud there. Codes are not read: a
station reads them while the arm moves; what that would add is in the table.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.core import alternating
from benchmarks.vision_looks import Stored, take_look
from benchmarks.vision_report import markdown, plot
from benchmarks.vision_stages import stages
from benchmarks.vision_stock import box_model, stock_pipeline
from cellpick.evaluate import match_estimates, pose_recall
from cellpick.geometry import Floats, invert
from cellpick.perception import drawing_of, perceive
from cellpick.structures import CellEstimates

RESULTS = Path(__file__).parent / "results"
VGA, DOUBLE = (640, 480), (1280, 960)
SIZES = ((320, 240), VGA, (960, 720), DOUBLE, (2448, 2048))
CELLS = (1, 2, 4, 8, 16, 32)
FROM_CELLS = 8
"""The slope over cells is taken from here on: below, what a look costs without any cell rules."""
SEEDS = 6
"""Looks on which errors are judged."""
NEAR_M = 5e-3
"""A pose of the stock pipeline within this of a cell's has found it."""


def cycle(stored: Stored, codes: bool = False) -> Callable[[], CellEstimates]:
    """Our vision on one look, as a station runs it but for the cameras' earlier looks."""
    task = stored.captures.task
    drawing = drawing_of(task.cell, task.materials)
    return lambda: perceive(stored.captures, drawing=drawing, codes=codes)


def accuracy(looks: list[Stored]) -> dict[str, float]:
    """Errors, cells found, merges and splits over looks."""
    mm, deg, found, cells, false, merges, splits, wrong, unsure = [], [], 0, 0, 0, 0, 0, 0, 0
    for look in looks:
        estimates = cycle(look)()
        matches = match_estimates(estimates, look.state, look.captures.task)
        belief = look.captures.captures[0].calibration
        T_base_camera = look.captures.captures[0].T_base_camera
        cover = pose_recall(
            estimates, look.state, T_base_camera, belief.K, belief.width_px, look.captures.task
        )
        mm += list(1e3 * matches.position_error_m)
        deg += list(np.degrees(matches.angle_error_rad))
        found, cells = found + len(matches), cells + len(look.state.Ts_world_cell)
        false += len(matches.false_rows)
        merges, splits = merges + cover.merges, splits + cover.splits
        wrong += matches.polarity.count("wrong")
        unsure += matches.polarity.count("unknown")
    return {
        "cells": cells,
        "found": found,
        "false": false,
        "merges": merges,
        "splits": splits,
        "polarity_wrong": wrong,
        "polarity_unknown": unsure,
        "mm_median": round(float(np.median(mm)), 3),
        "mm_p95": round(float(np.quantile(mm, 0.95)), 3),
        "deg_median": round(float(np.median(deg)), 3),
        "deg_p95": round(float(np.quantile(deg, 0.95)), 3),
    }


def stock_accuracy(Ts: Floats, look: Stored) -> dict[str, float]:
    """What the stock pipeline's poses are worth."""
    p_true = (invert(look.state.T_world_base) @ look.state.Ts_world_cell)[:, :3, 3]
    apart = np.linalg.norm(Ts[:, None, :3, 3] - p_true, axis=-1)
    near = apart.min(axis=0, initial=np.inf) < NEAR_M
    return {
        "cells": len(p_true),
        "clusters": len(Ts),
        "found": int(near.sum()),
        "mm_median": round(1e3 * float(np.median(apart.min(axis=0, initial=1.0))), 1),
    }


def compare(rounds: int) -> dict[str, Any]:
    """The cycle beside the stock pipeline's, and at four times the pixels."""
    small = [take_look(*VGA, seed=seed) for seed in range(SEEDS)]
    large = take_look(*DOUBLE)
    model = box_model(small[0].captures.task.cell.size_m, np.random.default_rng(0))
    stock = partial(stock_pipeline, small[0].captures, model)
    works = [cycle(small[0]), stock, cycle(large), cycle(small[0], codes=True)]
    ours, theirs, double, coded = alternating(works, rounds)
    return {
        "ours": ours | accuracy(small),
        "stock": theirs | stock_accuracy(stock(), small[0]),
        "double": double | accuracy([large]),
        "with_codes": coded,
        "faster": round(theirs["median_ms"] / ours["median_ms"], 2),
        "tail": round(ours["p99_ms"] / ours["median_ms"], 2),
        "peak_mb": {"vga": peak_mb(small[0]), "double": peak_mb(large)},
        "stages": stages(small[0], rounds),
    }


def peak_mb(look: Stored) -> float:
    """Peak above the pictures by tracemalloc, which NumPy tells of its arrays; OpenCV's are not."""
    work = cycle(look)
    work()
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(peak / 1e6, 1)


def curve(looks: dict[int, Stored], start: int, rounds: int) -> dict[str, Any]:
    """Times over a number, and the slope in logarithms from `start` on."""
    times = alternating([cycle(look) for look in looks.values()], rounds)
    x = np.array(list(looks))
    chosen = x >= start
    slope = np.polyfit(np.log(x[chosen]), np.log([t["cpu_ms"] for t in times])[chosen], 1)[0]
    rows = [{"number": n, **t} for n, t in zip(looks, times, strict=True)]
    return {"rows": rows, "slope": round(float(slope), 3)}


def measured(rounds: int, curve_rounds: int) -> dict[str, Any]:
    """The whole document."""
    by_cells = {n: take_look(*VGA, cells=n) for n in CELLS}
    by_pixels = {4 * w * h: take_look(w, h) for w, h in SIZES}
    return {
        "version": version("cellpick"),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
        "rounds": rounds,
        **compare(rounds),
        "cells": curve(by_cells, FROM_CELLS, curve_rounds),
        "pixels": curve(by_pixels, 0, curve_rounds),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vision", description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="times of each (21)")
    parser.add_argument("--curve-rounds", type=int, default=7, help="times a point (7)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    wanted = parser.parse_args(arguments)
    wanted.out.mkdir(parents=True, exist_ok=True)
    document = measured(wanted.rounds, wanted.curve_rounds)
    (wanted.out / "vision.json").write_text(json.dumps(document, indent=2) + "\n")
    (wanted.out / "vision.md").write_text(markdown(document))
    plot(document, wanted.out / "vision.png")
    print(markdown(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
