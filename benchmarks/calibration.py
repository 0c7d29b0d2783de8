"""Hand-eye over many seeds: `python -m benchmarks.calibration [--seeds 100] [--rendered 5]`.

Rendered seeds are `cellpick calibrate` as it is. Simulated ones replace rendering and detection of
the board by true projections with the noise that the rendered corners were measured to have. What
is done is kept: a further call goes on where the last one ended.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.calibration_cases import (
    CASES,
    POSES,
    corner_noise,
    figures,
    p95s,
    residuals,
    simulated,
)
from benchmarks.calibration_page import markdown
from cellpick.scene import load_scene, resolve_scene
from cellpick.station import calibrate_rig
from cellpick.station.calibration_scene import calibration_scene
from cellpick.station.calibration_tour import planned_poses
from cellpick.station.streams import streams

RESULTS = Path(__file__).parent / "results"
SCENE = "prismatic_tray"


def main() -> int:
    """Returns 1 when a demand is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="simulated seeds 0 to N-1 (100)")
    parser.add_argument("--rendered", type=int, default=5, help="rendered seeds 0 to N-1 (5)")
    parser.add_argument("--cases", type=int, default=3, help="simulated seeds of a wrong case (3)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    path = wanted.out / "calibration.json"
    done: dict[str, Any] = {"rendered": {}, "simulated": {}, "cases": {}}
    if path.exists():
        done |= json.loads(path.read_text())
    done |= {"version": version("cellpick"), "scene": SCENE, "poses": POSES}
    models = resolve_scene(load_scene(SCENE))

    def keep() -> None:
        path.write_text(json.dumps(done, indent=1) + "\n")
        (wanted.out / "calibration.md").write_text(markdown(done))

    for seed in range(wanted.rendered):
        if str(seed) not in done["rendered"]:
            run = calibrate_rig(models, seed, POSES, "solve", lambda line: None)
            noise = corner_noise(models, run.tour).tolist()
            found = {**figures(run.touch), **residuals(run.solution, run.calibration)}
            found["touch_before"] = p95s(run.touch_before)
            found["touch_by_method"] = {m: p95s(t) for m, t in run.touch_by_method.items()}
            done["rendered"][str(seed)] = {**found, "noise_px": noise}
            keep()
            print(f"rendered seed {seed}", flush=True)
    if "noise_px" not in done:
        measured = [np.array(r["noise_px"]) for r in done["rendered"].values()]
        done["noise_px"] = np.mean(measured, axis=0).tolist()
    noise = np.array(done["noise_px"])
    source = streams(0)
    scene = calibration_scene(models, source.scene, source.belief)
    q, _ = planned_poses(scene, models, POSES, lambda line: None)
    for seed in range(wanted.seeds):
        if str(seed) not in done["simulated"]:
            done["simulated"][str(seed)] = simulated(models, q, seed, noise, CASES[0])
            keep()
            print(f"simulated seed {seed}", flush=True)
    for case in CASES if wanted.cases else ():
        for seed in range(wanted.cases):
            if str(seed) not in done["cases"].setdefault(case.label, {}):
                done["cases"][case.label][str(seed)] = simulated(models, q, seed, noise, case)
                keep()
                print(f"{case.label}, seed {seed}", flush=True)
    keep()
    text = markdown(done)
    print(text)
    return 1 if "missed" in text else 0


if __name__ == "__main__":
    sys.exit(main())
