"""Measures every shipped camera on virtual targets: `python -m benchmarks.sensors [--seed 0]`.

Writes `results/sensors.md` and `results/sensors.json`; `cellpick sensor-report all` gives the page
with the plots.
"""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from cellpick.metrology import measure_camera, sensors_document
from cellpick.report import json_text
from cellpick.report.sensor_table import markdown
from cellpick.scene import data_folder, load_camera

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Returns 1 when a camera's noise misses the published figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sensors", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="all chance is drawn from it (0)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    wanted = parser.parse_args()
    reports = []
    for path in sorted((data_folder("models") / "cameras").glob("*.yaml")):
        print(f"measuring {path.stem}", file=sys.stderr)
        rng = np.random.default_rng(wanted.seed)
        reports.append(measure_camera(load_camera(path), load_camera(path, subsample=1), rng))
    document = sensors_document(reports, seed=wanted.seed, version=version("cellpick"))
    wanted.out.mkdir(parents=True, exist_ok=True)
    (wanted.out / "sensors.json").write_text(json_text(document, indent=1) + "\n")
    (wanted.out / "sensors.md").write_text(markdown(document))
    print(markdown(document))
    return 1 if any(camera["missed"] for camera in document["cameras"]) else 0


if __name__ == "__main__":
    sys.exit(main())
