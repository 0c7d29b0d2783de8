"""The vision benchmark's page and plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

DEMANDS = (
    ("four 640 x 480 pictures, ms", "ours", 100.0),
    ("four 1280 x 960 pictures, ms", "double", 300.0),
)
FASTER, TAIL, MEMORY_MB, STEEPEST = 15.0, 2.0, 300.0, 1.05


def verdict(met: bool) -> str:
    return "met" if met else "missed"


def markdown(document: dict[str, Any]) -> str:
    """The page `vision.md`."""
    ours, stock, double = document["ours"], document["stock"], document["double"]
    lines = [
        "# The vision cycle, beside a stock pipeline",
        "",
        f"cellpick {document['version']}, {document['cores']} cores (load {document['load']}), "
        f"{document['rounds']} rounds in turn. Scene `prismatic_32`: 32 prismatic cells, gaps of "
        "2 mm, a third turned; four structured-light cameras.",
        "",
        "| | median ms | p99 ms | processor ms | found | mm, median / p95 | polarity |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, f in (("cellpick, 4 x 640 x 480", ours), ("cellpick, 4 x 1280 x 960", double)):
        lines.append(
            f"| {name} | {f['median_ms']:.0f} | {f['p99_ms']:.0f} | {f['cpu_ms']:.0f} "
            f"| {f['found']} of {f['cells']}, {f['false']} false, {f['merges']} merged, "
            f"{f['splits']} split | {f['mm_median']:.2f} / {f['mm_p95']:.2f} "
            f"| {f['polarity_wrong']} wrong, {f['polarity_unknown']} unknown |"
        )
    lines.append(
        f"| stock Open3D, 4 x 640 x 480 | {stock['median_ms']:.0f} | {stock['p99_ms']:.0f} "
        f"| {stock['cpu_ms']:.0f} | {stock['found']} of {stock['cells']} within 5 mm, "
        f"{stock['clusters']} clusters | {stock['mm_median']:.0f} / - | none |"
    )
    lines += [
        "",
        f"With the codes read: {document['with_codes']['median_ms']:.0f} ms.",
        "",
        "| demanded | figure | |",
        "|---|---|---|",
    ]
    for name, key, most in DEMANDS:
        ms = document[key]["median_ms"]
        lines.append(f"| {name}: at most {most:.0f} | {ms:.0f} | {verdict(ms <= most)} |")
    peak = max(document["peak_mb"].values())
    rows = (
        ("times faster than the stock pipeline: 15", document["faster"], FASTER, False),
        ("p99 over median: at most 2", document["tail"], TAIL, True),
        ("peak memory above the pictures, MB: at most 300", peak, MEMORY_MB, True),
        ("slope over cells, from 8 on: at most 1.05", document["cells"]["slope"], STEEPEST, True),
        ("slope over pixels: at most 1.05", document["pixels"]["slope"], STEEPEST, True),
    )
    for name, figure, limit, at_most in rows:
        met = figure <= limit if at_most else figure >= limit
        lines.append(f"| {name} | {figure:.2f} | {verdict(met)} |")
    stages = document["stages"]
    lines += [
        "",
        f"Stages at 640 x 480; the limit is reading a stage's pictures once at the "
        f"{stages['copy_gb_s']} GB/s that a copy of 64 MB reaches:",
        "",
        "| stage | ms | share of the limit |",
        "|---|---|---|",
    ]
    for name, row in stages["rows"].items():
        share = f"{100 * row['bandwidth_share']:.1f} %" if "bandwidth_share" in row else "-"
        lines.append(f"| {name} | {row['ms']:.1f} | {share} |")
    for key, title in (("cells", "cells, 4 x 640 x 480"), ("pixels", "pixels, 32 cells")):
        lines += ["", f"| {title} | median ms | p99 ms | processor ms |", "|---|---|---|---|"]
        lines += [
            f"| {r['number']} | {r['median_ms']:.0f} | {r['p99_ms']:.0f} | {r['cpu_ms']:.0f} |"
            for r in document[key]["rows"]
        ]
    lines += ["", "![times over cells and pixels](vision.png)"]
    return "\n".join(lines) + "\n"


def plot(document: dict[str, Any], path: Path) -> None:
    """Both curves."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for axis, (key, label) in zip(
        axes, (("cells", "cells"), ("pixels", "pixels of four cameras")), strict=True
    ):
        rows = document[key]["rows"]
        x = [r["number"] for r in rows]
        axis.loglog(x, [r["median_ms"] for r in rows], "o-", label="wall")
        axis.loglog(x, [r["cpu_ms"] for r in rows], "s--", label="processor")
        axis.set(xlabel=label, ylabel="ms", title=f"slope {document[key]['slope']:.2f}")
        axis.grid(visible=True, which="both", alpha=0.3)
        axis.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)
