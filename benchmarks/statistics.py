"""How often the statistics of campaigns are right: `python -m benchmarks.statistics`.

Random campaigns with a known truth, with cells of one episode that fail together. Writes
results/statistics.json and results/statistics.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from benchmarks import statistics_rates as rates
from benchmarks.statistics_page import markdown

RESULTS = Path(__file__).parent / "results"
SEED = 20240901


def main() -> int:
    """Runs it; exit code 1 where a stated rate is broken beyond the simulation's own chance."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.statistics", description=__doc__)
    parser.add_argument(
        "--effort", type=float, default=1.0, help="share of the simulated campaigns"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    wanted = parser.parse_args()
    streams = np.random.default_rng(SEED).spawn(6)
    simulations = (
        ("coverage", rates.coverage, 1000),
        ("rare_events", rates.rare_events, 2000),
        ("unchanged", rates.unchanged, 300),
        ("ten_reruns", rates.ten_reruns, 100),
        ("power", rates.power, 60),
        ("sequential", rates.sequential, 4000),
    )
    document = {}
    for rng, (name, simulate, runs) in zip(streams, simulations, strict=True):
        count = max(1, round(runs * wanted.effort))
        document[name] = {"runs": count, "rows": simulate(rng, count)}
        print(name, flush=True)
    wanted.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=1) + "\n"
    (wanted.out / "statistics.json").write_text(text, encoding="utf-8")
    (wanted.out / "statistics.md").write_text(markdown(document), encoding="utf-8")
    broken = rates.broken(document)
    print(*broken, sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
