"""The headline table: every shipped demand on the chain, over many seeds."""

from __future__ import annotations

from typing import Any

from benchmarks.episodes import Case

CASES = (
    Case("prismatic_tray", "prismatic_tray"),
    Case("cylindrical_tray", "cylindrical_tray"),
    Case("prismatic_tray, gap 0 mm", "prismatic_tray", ("tray.gap_mm=0",)),
    Case("prismatic_tray, gap 1 mm", "prismatic_tray", ("tray.gap_mm=1",)),
    Case("prismatic_tray, gap 3 mm", "prismatic_tray", ("tray.gap_mm=3",)),
)

LIMITS = {
    "placed_share": 0.995,
    "place_mm": 1.0,
    "place_deg": 1.0,
    "pose_mm": 0.5,
    "pose_deg": 0.3,
}
"""Least share of cells placed; largest 95th percentiles."""


def misses(figures: dict[str, Any]) -> list[str]:
    """Which demands a case's figures miss, in words."""
    found = []
    share = figures["placed_ok"] / figures["cells_total"]
    if share < LIMITS["placed_share"]:
        found.append(f"placed {share:.4f} < {LIMITS['placed_share']}")
    for name in ("place_mm", "place_deg", "pose_mm", "pose_deg"):
        p95 = figures[name]["p95"]
        if p95 is None or p95 > LIMITS[name]:
            found.append(f"{name} p95 {p95} > {LIMITS[name]}")
    for name in ("polarity_errors", "drops", "safety_violations", "cells_missed", "false_cells"):
        if figures[name]:
            found.append(f"{name} {figures[name]}")
    return found


def markdown(results: dict[str, dict[str, Any]]) -> str:
    """The table, a row a case."""
    head = (
        "| scene | seeds | cells placed | place error p95 | pose error p95 | missed / false |"
        " polarity errors | drops | cycle | real time |"
    )
    rows = [head, "|---" * 10 + "|"]
    for label, f in results.items():
        rows.append(
            f"| {label} | {len(f['seeds'])} | {f['placed_ok']} of {f['cells_total']} "
            f"| {_two(f['place_mm'], f['place_deg'])} | {_two(f['pose_mm'], f['pose_deg'])} "
            f"| {f['cells_missed']} / {f['false_cells']} | {f['polarity_errors']} | {f['drops']} "
            f"| {f['cycle_time_s']:.2f} s | {f['real_time_factor']:.1f} x |"
        )
    return "\n".join(rows) + "\n"


def _two(mm: dict[str, float], deg: dict[str, float]) -> str:
    if mm["p95"] is None:
        return "-"
    return f"{mm['p95']:.2f} mm, {deg['p95']:.2f}°"
