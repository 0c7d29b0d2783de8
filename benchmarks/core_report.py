"""The registration benchmark's page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

FASTER = {"Open3D": 20.0, "small_gicp": 15.0}
MORE_ACCURATE = 3.0
STEEPEST = 1.05


def plot(document: dict[str, Any], path: Path) -> None:
    """Median error over median time of each row."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.5), layout="constrained")
    for axes, key, unit in zip(
        figure.subplots(1, 2, sharex=True), ("mm", "deg"), ("mm", "degrees"), strict=True
    ):
        for row, f in document["compare"].items():
            marker = {"c": "*", "O": "o", "s": "s"}[row[0]]
            axes.loglog(f["cpu_ms"], f[f"{key}_median"], marker, label=row, markersize=9)
        axes.set_xlabel("processor time of 32 cells, ms")
        axes.set_ylabel(f"median error, {unit}")
        axes.grid(visible=True, which="both", alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.savefig(path, dpi=100)


def markdown(document: dict[str, Any]) -> str:
    """The page `core.md`."""
    lines = [
        "# Registration of cells, beside ICP",
        "",
        f"cellpick {document['version']}, {document['cores']} cores (load {document['load']}), "
        f"OMP_NUM_THREADS {document['threads']}, {document['rounds']} rounds in turn. 32 prismatic "
        "cells of 148 x 26 x 91 mm, 1,500 points each: 60 % on the top, 40 % on one large side, "
        "0.3 mm noise in every direction; starts 3 mm and 3 degrees off. Lower is better.",
        "",
        "Open3D on voxels of 3 mm is the most accurate peer for its time; small_gicp is fastest "
        "with its model's tree kept, which its call on plain arrays does not do. Wall times are "
        "those of whatever else ran beside; processor times suffer less.",
        "",
        "| | median ms | p99 ms | processor ms | mm, median | mm, p95 | deg, median | deg, p95 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, f in document["compare"].items():
        lines.append(
            f"| {name} | {f['median_ms']:.1f} | {f['p99_ms']:.1f} | {f['cpu_ms']:.1f} "
            f"| {f['mm_median']:.3f} | {f['mm_p95']:.3f} "
            f"| {f['deg_median']:.4f} | {f['deg_p95']:.4f} |"
        )
    least = document["least"]
    lines += [
        "",
        f"The noise of these points allows no smaller turn than {least['deg_median']:.4f} degrees "
        f"(median; {least['deg_p95']:.4f} at p95) to any estimate without bias.",
        "",
        "| theirs over ours | time | processor | mm, median | mm, p95 | deg, median | deg, p95 | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, f in document["compare"].items():
        if name == "cellpick":
            continue
        accuracy = [f[f"{k}_ratio"] for k in ("mm_median", "mm_p95", "deg_median", "deg_p95")]
        fast = f["median_ms_ratio"] >= FASTER[name.split()[0]]
        met = fast and min(accuracy) >= MORE_ACCURATE
        times = [f["median_ms_ratio"], f["cpu_ms_ratio"]]
        cells = " | ".join(f"{r:.2f}" for r in [*times, *accuracy])
        lines.append(f"| {name} | {cells} | {'met' if met else 'missed'} |")
    memory = document["memory"]
    lines += [
        "",
        "Demanded: 20 times Open3D's speed, 15 times small_gicp's, a third of each error.",
        "",
        f"Peak memory above the input: {memory['peak_mb']} MB (tracemalloc).",
    ]
    stages = document["stages"]
    lines += [
        "",
        f"Stages, against a copy bandwidth of {stages['copy_gb_s']} GB/s (64 MB, read and written; "
        "a stage measured by itself finds its input in the cache and may exceed the limit):",
        "",
        "| stage | ms | MB that must move | share of the limit |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {r['ms']:.3f} | {r['mb']:.2f} | {100 * r['bandwidth_share']:.1f} % |"
        for name, r in stages["rows"].items()
    ]
    for key, title in (("cells", "cells of 1,500 points"), ("points", "points a cell, 8 cells")):
        slope = document[key]["slope"]
        verdict = "met" if slope["cpu_ms"] <= STEEPEST else "missed"
        lines += ["", f"| {title} | median ms | p99 ms | processor ms |", "|---|---|---|---|"]
        lines += [
            f"| {r['number']} | {r['median_ms']:.2f} | {r['p99_ms']:.2f} | {r['cpu_ms']:.2f} |"
            for r in document[key]["rows"]
        ]
        lines += [
            "",
            f"Slope in logarithms {slope['median_ms']:.3f} (processor time {slope['cpu_ms']:.3f}); "
            f"at most {STEEPEST} demanded: {verdict}.",
        ]
    return "\n".join(lines) + "\n"
