"""The committed baseline: ratios to the peers that may not fall."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BASELINE = Path(__file__).parent / "baseline.json"
TOLERANCES = {"time": 0.25, "error": 0.15, "share": 0.0}
"""By how much of its committed value a ratio of each kind may fall: what two noisy cores make of
times, and what other clouds make of errors."""
PEERS = (
    "Open3D point-to-plane, model of 5000",
    "small_gicp plane ICP, model of 5000, tree kept",
)


def ratios(core: Mapping[str, Any], vision: Mapping[str, Any]) -> dict[str, float]:
    """All ratios that are kept, by `kind: name`; more is better in each."""
    kept = {}
    for peer in PEERS:
        figures = core["compare"][peer]
        kept[f"time: core, {peer}"] = figures["median_ms_ratio"]
        for key in ("mm_median", "mm_p95", "deg_median", "deg_p95"):
            kept[f"error: core, {peer}, {key}"] = figures[f"{key}_ratio"]
    ours, stock = vision["ours"], vision["stock"]
    kept["time: vision, stock Open3D pipeline"] = vision["faster"]
    kept["time: vision, four times the pixels"] = round(
        ours["median_ms"] * 4 / vision["double"]["median_ms"], 2
    )
    kept["error: vision, stock Open3D pipeline, mm_median"] = round(
        stock["mm_median"] / ours["mm_median"], 2
    )
    kept["share: vision, cells found"] = ours["found"] / ours["cells"]
    return kept


def shortfalls(found: Mapping[str, float], baseline: Mapping[str, float]) -> list[str]:
    """What fell below its committed value by more than its kind may, in words."""
    words = []
    for name, committed in baseline.items():
        least = committed * (1 - TOLERANCES[name.split(":")[0]])
        value = found.get(name)
        if value is None:
            words.append(f"{name}: no longer measured; committed {committed:.2f}")
        elif value < least:
            words.append(f"{name}: {value:.2f}; committed {committed:.2f}, least {least:.2f}")
    return words


def read_baseline() -> dict[str, float]:
    """The committed ratios."""
    result: dict[str, float] = json.loads(BASELINE.read_text())["ratios"]
    return result


def bless(found: Mapping[str, float]) -> None:
    """Commit to these from now on."""
    BASELINE.write_text(json.dumps({"ratios": dict(found)}, indent=2) + "\n")
