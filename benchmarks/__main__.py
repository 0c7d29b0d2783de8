"""Pose core and vision cycle beside their peers: `python -m benchmarks [--gate] [--bless]`.

Needs the extra `bench`. `--gate` exits with 1 when a ratio to a peer falls below the committed
one by more than its tolerance; `--bless` commits to the ratios just measured. Other measurements
are modules of their own: rendering, sensors, calibration, faults, presets, dropouts, heap,
evidence, statistics, regression, campaign. The headline table is `cellpick bench standard`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import core, vision
from benchmarks.gate import bless, ratios, read_baseline, shortfalls

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Returns 1 when a gated ratio fell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="times of each (21)")
    parser.add_argument("--gate", action="store_true", help="compare with the committed baseline")
    parser.add_argument("--bless", action="store_true", help="make the result the baseline")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    rounds = ["--rounds", str(wanted.rounds), "--out", str(wanted.out)]
    core.main(rounds)
    vision.main(rounds)
    documents = [json.loads((wanted.out / f"{n}.json").read_text()) for n in ("core", "vision")]
    found = ratios(*documents)
    if wanted.bless:
        bless(found)
    fallen = shortfalls(found, read_baseline()) if wanted.gate else []
    print(*fallen, sep="\n")
    return 1 if fallen else 0


if __name__ == "__main__":
    sys.exit(main())
