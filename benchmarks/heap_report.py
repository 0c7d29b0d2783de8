"""The heap benchmark's page, and what it demands."""

from __future__ import annotations

from typing import Any

import numpy as np

LEAST_RECALL = 0.99
MOST_AMBIGUOUS = 0.01
MOST_CPU_S = 0.5


def markdown(document: dict[str, Any]) -> str:
    """The page `heap.md`."""
    total = pooled(document)
    lines = [
        "# Sixty cylindrical cells in a bin",
        "",
        f"cellpick {document['version']}, OMP_NUM_THREADS {document['threads']}: `python -m "
        "benchmarks.heap`. Scene `bulk_bin`, two 3D and two 2D cameras. A cell counts as graspable "
        "where more than 40 % of its silhouette is seen: by the camera that sees it best, or on "
        "average over the cameras. Found: MSSD below 2 mm, whichever end is up. Loose: not ok, and "
        "off by more. Polarity known and ambiguous: of the found by the best camera; wrong: of all "
        "estimates. Processor time is of the whole of `perceive`, least of three runs.",
        "",
        "| seed | found, best camera | found, mean | estimates | ok | ok but off | loose "
        "| of no cell | polarity known | ambiguous | wrong | MSSD p50 mm | p95 mm | max mm "
        "| processor s |",
        "|---" * 15 + "|",
    ]
    rows = [*sorted(document["seeds"].items(), key=lambda item: int(item[0])), ("all", total)]
    lines += [_row(name, figures) for name, figures in rows]
    return "\n".join(lines) + "\n"


def pooled(document: dict[str, Any]) -> dict[str, Any]:
    """All seeds as one; the time is the median."""
    seeds = list(document["seeds"].values())
    total: dict[str, Any] = {}
    for key in ("estimates", "ok", "ok_wrong", "loose", "of_no_cell", "polarity_wrong", "foreign"):
        total[key] = sum(f[key] for f in seeds)
    for key in ("recall_best", "recall_mean", "polarity_known", "ambiguous"):
        total[key] = [sum(f[key][k] for f in seeds) for k in (0, 1)]
    total["mssd_mm"] = [e for f in seeds for e in f["mssd_mm"]]
    total["cpu_s"] = float(np.median([f["cpu_s"] for f in seeds]))
    return total


def misses(document: dict[str, Any]) -> list[str]:
    """What is demanded and not met."""
    total = pooled(document)
    best, mean = (total[key][0] / max(total[key][1], 1) for key in ("recall_best", "recall_mean"))
    ambiguous = total["ambiguous"][0] / max(total["ambiguous"][1], 1)
    demands = {
        f"recall by the best camera {best:.4f} < {LEAST_RECALL}": best < LEAST_RECALL,
        f"recall by the mean share {mean:.4f} < {LEAST_RECALL}": mean < LEAST_RECALL,
        f"{total['ok_wrong']} wrong cells called ok": total["ok_wrong"] > 0,
        f"{total['of_no_cell']} estimates of no cell": total["of_no_cell"] > 0,
        f"share called ambiguous {ambiguous:.4f} >= {MOST_AMBIGUOUS}": ambiguous >= MOST_AMBIGUOUS,
        f"{total['polarity_wrong']} wrong polarities": total["polarity_wrong"] > 0,
        f"processor time {total['cpu_s']} s > {MOST_CPU_S} s": total["cpu_s"] > MOST_CPU_S,
    }
    return [words for words, missed in demands.items() if missed]


def _row(name: str, f: dict[str, Any]) -> str:
    mssd = np.quantile(f["mssd_mm"], [0.5, 0.95, 1.0]) if f["mssd_mm"] else [np.nan] * 3
    of = [f"{f[key][0]} of {f[key][1]}" for key in ("recall_best", "recall_mean", "polarity_known")]
    counts = [f[key] for key in ("estimates", "ok", "ok_wrong", "loose", "of_no_cell")]
    cells = [name, of[0], of[1], *counts, of[2], f["ambiguous"][0], f["polarity_wrong"]]
    cells += [f"{e:.2f}" for e in mssd]
    return "| " + " | ".join(map(str, cells)) + f" | {f['cpu_s']:.2f} |"
