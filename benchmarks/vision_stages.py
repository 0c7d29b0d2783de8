"""Where the time of one look goes, beside what the memory alone would take."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.core_stages import copy_bandwidth
from benchmarks.vision_looks import Stored
from cellpick.perception import CameraMonitor, drawing_of
from cellpick.perception.perceive import locate

MODULES = [sys.modules[f"cellpick.perception.{name}"] for name in ("perceive", "passes")]
STAGES = {
    "depth to points": ("to_scale", "fuse", "at_top"),
    "top map": ("map_tops", "focused"),
    "picture mosaic": ("mosaic_edges",),
    "search": ("search", "contenders"),
    "climb": ("climb", "without_conflicts"),
    "first poses": ("seat",),
    "refinement": ("refine",),
    "polarity": ("orient",),
    "verification": ("weigh", "verify"),
    "what is left": ("what_is_left",),
}
"""Stages by the functions of `MODULES` that do them."""


def stages(look: Stored, rounds: int) -> dict[str, Any]:
    """Median milliseconds of each, and the share of the limit that reading its input once sets."""
    task, captures = look.captures.task, look.captures.captures
    drawing = drawing_of(task.cell, task.materials)
    depth = sum(c.depth.nbytes for c in captures if c.depth is not None)
    images = sum(c.image.nbytes for c in captures)
    read = {"depth to points": depth, "picture mosaic": images, "refinement": depth + images}
    bandwidth = copy_bandwidth(rounds)
    names = [name for functions in STAGES.values() for name in functions]
    table = []
    for _ in range(rounds + 1):
        with timed(names) as spent:
            start = time.perf_counter()
            locate(look.captures, drawing)
            whole = time.perf_counter() - start
        start = time.perf_counter()
        CameraMonitor().examine(look.captures)
        health = time.perf_counter() - start
        row = [sum(spent[name] for name in functions) for functions in STAGES.values()]
        table.append([health, *row, whole - sum(row)])
    medians = 1e3 * np.median(table[1:], axis=0)
    rows = {}
    for name, ms in zip(["camera health", *STAGES, "all else"], medians, strict=True):
        rows[name] = {"ms": round(float(ms), 2)}
        if name in read:
            rows[name]["bandwidth_share"] = round(1e3 * read[name] / bandwidth / ms, 4)
    return {"copy_gb_s": round(bandwidth / 1e9, 2), "rows": rows}


@contextmanager
def timed(names: list[str]) -> Iterator[dict[str, float]]:
    """Seconds spent in functions of `MODULES` while it lasts."""
    spent = dict.fromkeys(names, 0.0)
    where = {name: next(m for m in MODULES if hasattr(m, name)) for name in names}
    known = {name: getattr(where[name], name) for name in names}

    def watched(name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            start = time.perf_counter()
            result = known[name](*arguments)
            spent[name] += time.perf_counter() - start
            return result

        return call

    for name in names:
        setattr(where[name], name, watched(name))
    try:
        yield spent
    finally:
        for name, function in known.items():
            setattr(where[name], name, function)
