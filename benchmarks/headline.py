"""The headline table: `python -m benchmarks.headline [--seeds 20] [--cases PATTERN]`.

Cases that are not run keep the figures of the last time.
"""

from __future__ import annotations

import argparse
import json
import sys
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path

from benchmarks.acceptance import CASES, markdown, misses
from benchmarks.episodes import pooled, run_case

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Returns 1 when a demand is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.headline", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="seeds 0 to N-1 (20)")
    parser.add_argument("--cases", default="*", help="only cases whose label fits this pattern")
    parser.add_argument("--workers", type=int, default=2, help="processes at a time (2)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    wanted = parser.parse_args()
    document = wanted.out / "acceptance.json"
    known = json.loads(document.read_text())["cases"] if document.exists() else {}
    results = {}
    for case in CASES:
        if case.label in known:
            results[case.label] = known[case.label]
        if not fnmatch(case.label, wanted.cases):
            continue
        episodes = run_case(case, range(wanted.seeds), wanted.workers, print)
        results[case.label] = pooled(case, episodes)
    missed = [f"{label}: {miss}" for label, f in results.items() for miss in misses(f)]
    wanted.out.mkdir(parents=True, exist_ok=True)
    content = {"version": version("cellpick"), "cases": results, "missed": missed}
    document.write_text(json.dumps(content, indent=2) + "\n")
    (wanted.out / "acceptance.md").write_text(markdown(results))
    print(markdown(results), *missed, sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
