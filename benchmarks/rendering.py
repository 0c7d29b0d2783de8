"""Our renderer against PyBullet's: `python -m benchmarks.rendering [--rounds 11]`.

One look is four views with colour and shadow, depth and (ours) normals, from the bodies' poses on.
Both render the same meshes in one process, in turn. TinyRenderer has one thread and no
anti-aliasing, one light with hard shadows and no reflections; ours has two threads.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.rendering_report import markdown, plot
from benchmarks.rendering_stage import Ours, Tiny, tray_of, views
from cellpick.scene import SceneState

RESULTS = Path(__file__).parent / "results"
VGA = (640, 480)
CELLS = (1, 4, 16, 32, 64, 128, 256)
SIZES = ((320, 240), (640, 480), (1280, 960), (1920, 1200))
SAME_M = 0.002
"""Depths agree within this; TinyRenderer's buffer resolves less at a steep wall."""


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Wall and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def alternating(works: Sequence[Callable[[], Any]], rounds: int) -> list[dict[str, Any]]:
    """Medians of each work's times over `rounds`, one after the other in each round."""
    for work in works:
        work()
    times = np.array([[timed(work) for work in works] for _ in range(rounds)])
    return [
        {
            "wall_s": round(float(np.median(t[:, 0])), 4),
            "wall_p95_s": round(float(np.quantile(t[:, 0], 0.95)), 4),
            "cpu_s": round(float(np.median(t[:, 1])), 4),
        }
        for t in np.swapaxes(times, 0, 1)
    ]


def moved(state: SceneState) -> SceneState:
    """The same with one cell lifted by 20 mm."""
    Ts = state.Ts_world_cell.copy()
    Ts[len(Ts) // 2, 2, 3] += 0.02
    return replace(state, Ts_world_cell=Ts)


def compare(rounds: int, folder: Path) -> dict[str, Any]:
    """32 cells in four VGA views: a first look, a further one, and TinyRenderer's."""
    state = tray_of(32)
    cameras = views(state, VGA)
    ours = Ours(state, cameras)
    meshes, boxes = Tiny(state, cameras), Tiny(state, cameras, meshes=False)
    unshadowed = Tiny(state, cameras, shadow=False)
    seen, peer = ours.look(state), meshes.look(state)
    depth = [np.where(np.isfinite(v.depth), v.depth, 5.0) for v in seen]
    same = [np.abs(a - b.depth) < SAME_M for a, b in zip(depth, peer, strict=True)]
    pair = cv2.hconcat([seen[0].image, peer[0].image])
    cv2.imwrite(str(folder / "rendering.png"), pair[..., ::-1])
    other = [moved(state), state]
    still = Ours(state, cameras)
    turn = iter(range(10**6))
    first, tiny, tiny_boxes, tiny_unshadowed, further = alternating(
        [
            lambda: ours.look(state),
            lambda: meshes.look(state),
            lambda: boxes.look(state),
            lambda: unshadowed.look(state),
            lambda: still.look(other[next(turn) % 2], reuse=True),
        ],
        rounds,
    )
    for peer_renderer in (meshes, boxes, unshadowed):
        peer_renderer.close()
    return {
        "first look, ours": first,
        "further look after a cell moved, ours": further,
        "TinyRenderer, the same meshes": tiny,
        "TinyRenderer, cells as boxes": tiny_boxes,
        "TinyRenderer, the same meshes, without shadows": tiny_unshadowed,
        "ratio": round(tiny["wall_s"] / further["wall_s"], 2),
        "ratio_first": round(tiny["wall_s"] / first["wall_s"], 2),
        "ratio_cpu": round(tiny["cpu_s"] / further["cpu_s"], 2),
        "ratio_cpu_first": round(tiny["cpu_s"] / first["cpu_s"], 2),
        "same_depth": round(float(np.mean(same)), 4),
    }


def curve(states: Sequence[tuple[int, SceneState, tuple[int, int]]], rounds: int) -> dict[str, Any]:
    """Ours and TinyRenderer's over a number, and the slopes of their fits in logarithms."""
    rows = []
    for number, state, size in states:
        cameras = views(state, size)
        ours, tiny = Ours(state, cameras), Tiny(state, cameras)
        a, b = alternating(
            [lambda o=ours, s=state: o.look(s), lambda t=tiny, s=state: t.look(s)], rounds
        )  # type: ignore[misc]
        tiny.close()
        rows.append({"number": number, "ours": a, "TinyRenderer": b})
    x = np.log([row["number"] for row in rows])
    slopes = {
        who: round(float(np.polyfit(x, np.log([row[who]["cpu_s"] for row in rows]), 1)[0]), 3)
        for who in ("ours", "TinyRenderer")
    }
    return {"rows": rows, "slope": slopes}


def main() -> int:
    """Returns 1 when a look takes more than a third of TinyRenderer's time."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rendering", description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="looks of each (11)")
    parser.add_argument("--curve-rounds", type=int, default=3, help="looks a point (3)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    state = tray_of(32)
    few = wanted.curve_rounds
    document = {
        "version": version("cellpick"),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
        "rounds": wanted.rounds,
        "look": compare(wanted.rounds, wanted.out),
        "cells": curve([(n, tray_of(n), VGA) for n in CELLS], few),
        "pixels": curve([(4 * w * h, state, (w, h)) for w, h in SIZES], few),
    }
    (wanted.out / "rendering.json").write_text(json.dumps(document, indent=2) + "\n")
    (wanted.out / "rendering.md").write_text(markdown(document))
    plot(document, wanted.out / "rendering.svg")
    print(markdown(document))
    return 0 if document["look"]["ratio"] >= 3 else 1


if __name__ == "__main__":
    sys.exit(main())
