"""The rendering benchmark's tables and curves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot


def markdown(document: dict[str, Any]) -> str:
    """The page `rendering.md`."""
    look = document["look"]
    lines = [
        "# Rendering: four views against PyBullet's TinyRenderer",
        "",
        f"cellpick {document['version']}, {document['cores']} cores (load {document['load']}), "
        f"median of {document['rounds']} looks in turn. Ours is the full quality: anti-aliased, "
        "soft shadows of two lamps, sky, reflections in metal; colour, depth and normals. "
        "Seconds a look, lower is better.",
        "",
        "| 32 cells, 4 x 640 x 480 | wall s | p95 s | processor s |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {t['wall_s']:.3f} | {t['wall_p95_s']:.3f} | {t['cpu_s']:.3f} |"
        for name, t in look.items()
        if isinstance(t, dict)
    ]
    lines += [
        "",
        f"TinyRenderer's time over ours: {look['ratio']:.2f} for a further look of still cameras "
        f"({look['ratio_cpu']:.2f} in processor time), {look['ratio_first']:.2f} for a first look "
        f"({look['ratio_cpu_first']:.2f} in processor time). "
        f"Depth agrees within 2 mm in {100 * look['same_depth']:.1f} % of the pixels.",
    ]
    for title, key in (
        ("cells at 4 x 640 x 480", "cells"),
        ("pixels at 32 cells", "pixels"),
    ):
        slope = document[key]["slope"]
        lines += [
            "",
            f"| {title} | ours wall s | ours processor s | TinyRenderer s | ratio |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {row['number']} | {row['ours']['wall_s']:.3f} | {row['ours']['cpu_s']:.3f} "
            f"| {row['TinyRenderer']['wall_s']:.3f} "
            f"| {row['TinyRenderer']['wall_s'] / row['ours']['wall_s']:.2f} |"
            for row in document[key]["rows"]
        ]
        lines += [
            "",
            f"Processor time grows as the number to the power of {slope['ours']:.2f} "
            f"(TinyRenderer {slope['TinyRenderer']:.2f}).",
        ]
    return "\n".join(lines) + "\n"


def plot(document: dict[str, Any], path: Path) -> None:
    """Both curves."""
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for axis, key in zip(axes, ("cells", "pixels"), strict=True):
        rows = document[key]["rows"]
        for who in ("ours", "TinyRenderer"):
            slope = document[key]["slope"][who]
            x, y = [r["number"] for r in rows], [r[who]["wall_s"] for r in rows]
            axis.loglog(x, y, "o-", label=f"{who}, processor time ~ n^{slope:.2f}")
        axis.set(xlabel=key, ylabel="seconds a look")
        axis.legend()
        axis.grid(visible=True, which="both", alpha=0.3)
    figure.savefig(path)
    pyplot.close(figure)
