"""What pictures, depth and both together are worth, with fewer cameras and with holes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.evidence_looks import (
    CAMERAS,
    HOLES,
    Stored,
    with_cameras,
    with_holes,
    without_depth,
)
from cellpick.evaluate import match_estimates, pose_recall
from cellpick.perception import Drawing, drawing_of, perceive
from cellpick.perception.core import RefineOptions
from cellpick.structures import CaptureSet

SOURCES = ("2D", "3D", "fused")


@dataclass(frozen=True)
class Judged:
    """What became of one look."""

    cells: int
    """In the region."""
    mm: list[float]
    """Position errors of the cells found."""
    deg: list[float]
    """Their angles, a swapped polarity not counted."""
    false: int
    """Estimates that match no cell."""
    merges: int
    """Estimates that cover more than one cell."""
    splits: int
    """Cells that more than one estimate covers."""
    wrong: int
    """Polarities."""
    unknown: int
    """Polarities."""
    ambiguous: int
    """Cells with that status."""
    wrong_ok: int
    """Wrong polarities among estimates whose status is ok."""
    ok: int
    """Estimates of cells whose status is ok."""


def judge(
    look: CaptureSet, stored: Stored, drawing: Drawing, options: RefineOptions | None = None
) -> Judged:
    """The estimates of a look against the truth."""
    estimates = perceive(look, drawing=drawing, codes=False, options=options)
    matches = match_estimates(estimates, stored.state, look.task)
    first = look.captures[0]
    cover = pose_recall(
        estimates,
        stored.state,
        first.T_base_camera,
        first.calibration.K,
        first.calibration.width_px,
        look.task,
    )
    wrong = [p == "wrong" for p in matches.polarity]
    ok = [s == "ok" for s in matches.status]
    return Judged(
        cells=len(matches) + len(matches.missed),
        mm=(1e3 * matches.position_error_m).tolist(),
        deg=np.degrees(matches.angle_error_rad).tolist(),
        false=len(matches.false_rows),
        merges=cover.merges,
        splits=cover.splits,
        wrong=sum(wrong),
        unknown=matches.polarity.count("unknown"),
        ambiguous=matches.status.count("ambiguous"),
        wrong_ok=sum(w and o for w, o in zip(wrong, ok, strict=True)),
        ok=sum(ok),
    )


def rows_of(stored: Stored, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row's key and its record of this look: `source|cameras|holes`."""
    task = stored.captures.task
    drawing = drawing_of(task.cell, task.materials)
    for holes in HOLES:
        # the same holes whatever the source and the number of cameras
        rng = np.random.default_rng((seed, round(100 * holes)))
        holed = with_holes(stored, holes, rng)
        for count in CAMERAS:
            look = with_cameras(holed.captures, count)
            sources = {"3D": (look, RefineOptions(edges=False)), "fused": (look, None)}
            if holes == 0:
                sources["2D"] = (without_depth(look), None)
            for source, (seen, options) in sources.items():
                yield f"{source}|{count}|{holes:g}", asdict(judge(seen, stored, drawing, options))


def pooled(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All looks of a row as one."""
    mm, deg = (np.concatenate([r[name] for r in records] or [[]]) for name in ("mm", "deg"))
    counts = ("cells", "false", "merges", "splits", "wrong", "unknown", "ambiguous", "wrong_ok")
    out: dict[str, Any] = {name: sum(r[name] for r in records) for name in (*counts, "ok")}
    out["found"] = len(mm)
    for name, values in (("mm", mm), ("deg", deg)):
        for q in (50, 95):
            figure = round(float(np.percentile(values, q)), 3) if len(values) else None
            out[f"{name}_p{q}"] = figure
    return out


def by_row(rows: dict[str, dict[str, Any]]) -> Iterator[tuple[str, int, float, dict[str, Any]]]:
    """Holes by cameras by source; what sees no depth is the same with and without holes."""
    for holes in HOLES:
        for count in CAMERAS:
            for source in SOURCES:
                key = f"{source}|{count}|{0.0 if source == '2D' else holes:g}"
                if key in rows:
                    yield source, count, holes, rows[key]


def not_best(rows: dict[str, dict[str, Any]]) -> list[str]:
    """Where fused is worse than a single source: fewer cells, or more than a hundredth of a
    millimetre or degree, and a twentieth, more error."""
    out = []
    found = {(s, n, h): r for s, n, h, r in by_row(rows)}
    for (source, count, holes), other in found.items():
        fused = found.get(("fused", count, holes))
        if source == "fused" or fused is None:
            continue
        where = f"{count} cameras, {holes:.0%} holes, against {source} alone"
        if fused["found"] < other["found"]:
            out.append(f"{where}: {fused['found']} cells found, not {other['found']}")
        for name in ("mm_p50", "mm_p95", "deg_p50", "deg_p95"):
            ours, theirs = fused[name], other[name]
            if ours is not None and theirs is not None and ours > theirs + max(0.01, 0.05 * theirs):
                out.append(f"{where}: {name} {ours:.2f}, not {theirs:.2f}")
    return out
