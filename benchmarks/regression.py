"""Is a planted regression found, and does an unchanged station raise no alarm?

`python -m benchmarks.regression [--seeds 10] [--reruns 10] [--changes ...] [--looks]`

Runs one small tray with the same seeds before and after each planted change, and with other seeds
and no change; each is compared with the first as `cellpick bench --baseline` does.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cellpick.campaign import Episode, LocalEngine, Plan, run_campaign
from cellpick.campaign.regression import COMPARED, regressions
from cellpick.campaign.sample import Sample, sample_of
from cellpick.report.campaign_words import change_words

RESULTS = Path(__file__).parent / "results"
TRAY = ("tray.rows=1", "tray.columns=2", "tray.turned_share=0.5")
CHANGES = {
    "module 2 mm off": ("module.belief_error_mm=2",),
    "noise x3": ("noise.image=3", "noise.depth=3"),
}
UNCHANGED = "unchanged"


def main() -> int:
    """Returns 1 where a planted change is missed or an unchanged rerun raises an alarm."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regression", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="episodes a side (10)")
    parser.add_argument("--reruns", type=int, default=10, help="unchanged reruns (10)")
    parser.add_argument("--changes", nargs="*", default=list(CHANGES), help="which (all)")
    parser.add_argument("--looks", action="store_true", help="first looks alone: cheap, no placing")
    parser.add_argument("--workers", type=int, default=2, help="processes at a time (2)")
    parser.add_argument("--folder", type=Path, default=Path("runs/regression"), help="of episodes")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    wanted = parser.parse_args()
    rows = [_row(what, samples) for what, samples in _sides(wanted)]
    before = rows[0]["samples"]
    for row in rows[1:]:
        found = regressions(before, row.pop("samples"))
        row["worse"] = [name for name, c in found.items() if c.verdict == "worse"]
        row["pairing"] = found["errors"].pairing
        row["told"] = [
            change_words(name, {**vars(c), "unit": COMPARED[name].unit})
            for name, c in found.items()
            if c.verdict != "no evidence"
        ]
    del rows[0]
    missed = [r["what"] for r in rows if r["changed"] and not r["worse"]]
    alarms = [r["what"] for r in rows if not r["changed"] and r["worse"]]
    document = {
        "command": f"python -m benchmarks.regression {shlex.join(sys.argv[1:])}".rstrip(),
        "seeds": wanted.seeds,
        "looks": wanted.looks,
        "rows": rows,
    }
    wanted.out.mkdir(parents=True, exist_ok=True)
    stem = "regression_looks" if wanted.looks else "regression"
    (wanted.out / f"{stem}.json").write_text(json.dumps(document, indent=1) + "\n")
    (wanted.out / f"{stem}.md").write_text(markdown(document))
    print(markdown(document), f"missed: {missed}, false alarms: {alarms}", sep="\n")
    return 1 if missed or alarms else 0


def markdown(document: dict[str, Any]) -> str:
    """A row a comparison."""
    what = "first looks" if document["looks"] else "runs"
    lines = [
        "# A planted regression, and unchanged reruns",
        "",
        f"`{document['command']}`: {document['seeds']} {what} a side, on a tray of two",
        "prismatic cells; `paired` with the same seeds, `unpaired` with others.",
        "",
        "| change | episodes | worse | verdicts |",
        "|---|---|---|---|",
    ]
    for row in document["rows"]:
        told = "; ".join(row["told"]) or "no evidence"
        worse = ", ".join(row["worse"]) or "-"
        lines.append(f"| {row['what']} | {row['pairing']} | {worse} | {told} |")
    return "\n".join(lines) + "\n"


def _sides(wanted: argparse.Namespace) -> list[tuple[str, list[Sample]]]:
    """What is compared, the baseline first."""
    n = wanted.seeds
    kind = ("purpose=look",) if wanted.looks else ()
    planned = [
        ("", range(n), ()),
        *((what, range(n), change) for what, change in CHANGES.items() if what in wanted.changes),
        *(
            (f"{UNCHANGED}, seeds {k * n} to {k * n + n - 1}", range(k * n, k * n + n), ())
            for k in range(1, wanted.reruns + 1)
        ),
    ]
    episodes = tuple(
        Episode("prismatic_tray", seed, (*TRAY, *kind, *change), what)
        for what, seeds, change in planned
        for seed in seeds
    )
    plan = Plan("suite", "regression", {"seeds": n, "looks": wanted.looks}, episodes)
    records = run_campaign(plan, wanted.folder, LocalEngine(wanted.workers))
    samples = [sample_of(record) for record in records]
    return [(what, _as_one_case([s for s in samples if s.case == what])) for what, *_ in planned]


def _as_one_case(samples: Sequence[Sample]) -> list[Sample]:
    """As a change of code would leave them: the same episodes, with other results."""
    return [replace(s, case="tray", id=str(s.seed)) for s in samples]


def _row(what: str, samples: list[Sample]) -> dict[str, Any]:
    return {"what": what, "changed": not what.startswith(UNCHANGED), "samples": samples}


if __name__ == "__main__":
    sys.exit(main())
