"""Faults of cameras, noticed and survived: `python -m benchmarks.faults`.

Simulated readings of marks give the rates (false alarms, looks until a bump or a drift is noticed),
rendered looks the verdict on each fault and what becomes of the cells.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence as Many
from pathlib import Path
from typing import Any, get_args

import numpy as np

from benchmarks.fault_looks import Sequence, sequences
from benchmarks.fault_marks import CAMERAS, looks_until_noticed
from cellpick.perception.health.monitor import FALSE_ALARM_RATE
from cellpick.scene.faults import FaultKind

RESULTS = Path(__file__).parent / "results"
NOISE_PX = 0.1
"""What calibration states of an edge; rendered marks are read to 0.05 px."""
RUN_LOOKS = 10
"""Looks of a simulated run."""
BUMPS, DRIFTS = (0.05, 0.1, 0.25, 1.0), (0.1, 0.3, 1.0)
"""Amounts, as in a scene file."""


def rates(camera: str, looks: int, runs: int) -> dict[str, Any]:
    """False alarms in so many healthy looks, and the delay of changes over so many runs."""
    seen = [
        looks_until_noticed(camera, seed, 0, 0, RUN_LOOKS, NOISE_PX, healthy=RUN_LOOKS)
        for seed in range(looks // RUN_LOOKS)
    ]
    document: dict[str, Any] = {
        "camera": camera,
        "stated_rate": FALSE_ALARM_RATE,
        "healthy_looks": len(seen) * RUN_LOOKS,
        "false_alarms": sum(k != 0 for k in seen),
        "bumps": {},
        "drifts": {},
    }
    for name, amounts, most in (("bumps", BUMPS, 10), ("drifts", DRIFTS, 40)):
        for amount in amounts:
            bump, drift = (amount, 0.0) if name == "bumps" else (0.0, amount)
            delays = [
                looks_until_noticed(camera, 10_000 + k, bump, drift, 3 + most, NOISE_PX)
                for k in range(runs)
            ]
            noticed = sorted(d for d in delays if d > 0)
            document[name][str(amount)] = {
                "runs": runs,
                "noticed": len(noticed),
                "within_looks": most,
                "median_looks": float(np.median(noticed)) if noticed else None,
                "most_looks": noticed[-1] if noticed else None,
            }
    return document


def page(simulated: Many[dict[str, Any]], rendered: Many[Sequence]) -> str:
    """The results as Markdown."""
    lines = ["# Faults of cameras", "", "`python -m benchmarks.faults`", "", "## Marks, simulated"]
    lines += [
        "",
        "| camera | healthy looks | false alarms | stated, at most |",
        "|---|---|---|---|",
    ]
    for r in simulated:
        stated = f"{r['stated_rate']:g} a look"
        lines.append(f"| {r['camera']} | {r['healthy_looks']} | {r['false_alarms']} | {stated} |")
    lines += [
        "",
        "| camera | change | amount | noticed | looks: median, most |",
        "|---|---|---|---|---|",
    ]
    for r in simulated:
        for name in ("bumps", "drifts"):
            for amount, d in r[name].items():
                delay = (
                    "-"
                    if d["median_looks"] is None
                    else f"{d['median_looks']:g}, {d['most_looks']}"
                )
                share = f"{d['noticed']} of {d['runs']} in {d['within_looks']} looks"
                lines.append(f"| {r['camera']} | {name[:-1]} | {amount} | {share} | {delay} |")
    lines += ["", "## Looks, rendered", ""]
    alarms, looks = (
        sum(getattr(s, k) for s in rendered) for k in ("false_alarms", "healthy_looks")
    )
    lines += [f"Healthy cameras: {alarms} false alarms in {looks} looks.", ""]
    lines += [
        "| scene | fault | camera | verdicts | cells ok and right | misplaced |",
        "|---|---|---|---|---|---|",
    ]
    for s in rendered:
        for camera, verdicts in s.verdicts.items():
            cells = f"{s.placed} of {s.cells}"
            told = ", ".join(verdicts)
            lines.append(f"| {s.scene} | {s.kind} | {camera} | {told} | {cells} | {s.misplaced} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Runs it; exit code 1 where a fault went unnoticed or a cell was misplaced."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--looks", type=int, default=5000, help="simulated looks a camera")
    parser.add_argument("--runs", type=int, default=40, help="simulated runs a change")
    parser.add_argument("--seeds", type=int, default=1, help="rendered scenes a fault")
    parser.add_argument("--kinds", nargs="*", default=["healthy", *get_args(FaultKind)])
    given = parser.parse_args(arguments)
    rendered: list[Sequence] = []
    for found in sequences(given.kinds, given.seeds):
        rendered.append(found)
        print(found.scene, found.kind, found.verdicts, found.placed, found.misplaced, flush=True)
    simulated = [rates(camera, given.looks, given.runs) for camera in CAMERAS]
    document = {"simulated": simulated, "rendered": [s.record() for s in rendered]}
    (RESULTS / "faults.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "faults.md").write_text(page(simulated, rendered), encoding="utf-8")
    unnoticed = [s for s in rendered if any(set(v) == {"ok"} for v in s.verdicts.values())]
    return int(bool(unnoticed) or any(s.misplaced for s in rendered))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
