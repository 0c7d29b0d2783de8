"""What 2D and 3D evidence is worth, alone and together: `python -m benchmarks.evidence`.

Three tables. Pictures, depth and both, with 4 to 1 cameras, with and without specular holes in the
depth. Recall, merges, splits and polarity by the gap between cells. And how honest the predicted
covariances are, axis by axis. Each look is rendered once; what is poorer is made of it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.evidence_honesty import look_errors, verdicts
from benchmarks.evidence_looks import RIG, SCENE, take_look
from benchmarks.evidence_report import markdown
from benchmarks.evidence_table import judge, not_best, pooled, rows_of
from cellpick.perception import drawing_of

RESULTS = Path(__file__).parent / "results"
GAPS_MM = (0.0, 0.5, 1.0, 3.0)
D435 = f"rig.cameras=[{', '.join(['realsense_d435'] * 4)}]"
MONO = f"rig.cameras=[{', '.join(['industrial_2d_5mp'] * 4)}]"
HONEST: dict[str, tuple[str, tuple[str, ...]]] = {
    "cylindrical_4680": ("cylindrical_4680", ()),
    "cylindrical_tray": ("cylindrical_tray", ()),
    "four stereo cameras": (SCENE, (D435,)),
    "four 2D cameras": (SCENE, (MONO,)),
}
"""Scenes on which only the covariances are judged; the others' looks serve for that too."""


def cases() -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Kind, label, scene and overrides of what is looked at with every seed."""
    yield "table", "four 3D cameras", SCENE, RIG
    for gap in GAPS_MM:
        yield "gap", f"{gap:g} mm", SCENE, (f"tray.gap_mm={gap:g}",)
    for label, (scene, overrides) in HONEST.items():
        yield "honesty", label, scene, overrides


def examine(
    kind: str, label: str, scene: str, overrides: tuple[str, ...], seed: int, keep: Path | None
) -> Any:
    """One look, judged: plain figures, or why it could not be made."""
    try:
        folder = None if keep is None else keep / label.replace(" ", "_") / str(seed)
        stored = take_look(scene, overrides, seed, folder)
        task = stored.captures.task
        drawing = drawing_of(task.cell, task.materials)
        errors = look_errors(stored.captures, stored.state, drawing)
        honest = verdicts(errors, np.random.default_rng((seed, len(label))))
        record: dict[str, Any] = {"honesty": {a: asdict(v) for a, v in honest.items()}}
        if kind == "table":
            record["rows"] = dict(rows_of(stored, seed))
        if kind == "gap":
            record["rows"] = {label: asdict(judge(stored.captures, stored, drawing))}
        return record
    except Exception as error:
        return f"{label}, seed {seed}: {type(error).__name__}: {error}"


def measured(
    seeds: int, others: int, workers: int, keep: Path | None = None
) -> Iterator[dict[str, Any]]:
    """The whole document, anew after each look; one seed after the other: `seeds` looks a gap,
    `others` of every other case.

    Every look of every case has a seed of its own, since equal seeds draw equal calibration errors.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    every = list(cases())
    done: dict[tuple[str, int], Any] = {}
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        jobs = {
            pool.submit(examine, *case, s * len(every) + row, keep): (case[1], s)
            for s in range(max(seeds, others))
            for row, case in enumerate(every)
            if s < (seeds if case[0] == "gap" else others)
        }
        for job in as_completed(jobs):
            done[jobs[job]] = job.result()
            yield document_of(dict(sorted(done.items())))


def document_of(done: Mapping[tuple[str, int], Any]) -> dict[str, Any]:
    """Of the looks that are done, by label and number."""
    looks: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for kind, label, _, _ in cases():
        own = [look for (name, _), look in done.items() if name == label]
        looks[kind, label] = [look for look in own if not isinstance(look, str)]
    table = _rows(looks["table", "four 3D cameras"])
    gaps = [look for (kind, _), own in looks.items() if kind == "gap" for look in own]
    return {
        "version": version("cellpick"),
        "looks": {label: len(own) for (_, label), own in looks.items()},
        "table": table,
        "not_best": not_best(table),
        "gaps": _rows(gaps),
        "honesty": {label: [x["honesty"] for x in own] for (_, label), own in looks.items()},
        "problems": [look for look in done.values() if isinstance(look, str)],
    }


def _rows(looks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The looks' records, pooled row by row."""
    keys = dict.fromkeys(key for look in looks for key in look["rows"])
    return {key: pooled([x["rows"][key] for x in looks if key in x["rows"]]) for key in keys}


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the results after each look; returns 1 when one could not be made."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evidence", description=__doc__)
    parser.add_argument("--seeds", type=int, default=50, help="looks a gap (50)")
    parser.add_argument("--others", type=int, default=15, help="looks of each other case (15)")
    parser.add_argument("--workers", type=int, default=2, help="processes at a time (2)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    parser.add_argument("--looks", type=Path, help="folder to keep looks in and read them again")
    wanted = parser.parse_args(arguments)
    wanted.out.mkdir(parents=True, exist_ok=True)
    for document in measured(wanted.seeds, wanted.others, wanted.workers, wanted.looks):
        (wanted.out / "evidence.json").write_text(json.dumps(document, indent=1) + "\n")
        (wanted.out / "evidence.md").write_text(markdown(document))
    print(markdown(document))
    return int(bool(document["problems"]))


if __name__ == "__main__":
    sys.exit(main())
