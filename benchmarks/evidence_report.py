"""The evidence benchmark as a page of tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from benchmarks.evidence_honesty import ALIKE, AXES, BAND
from benchmarks.evidence_table import by_row
from cellpick.evaluate import wilson_interval


def markdown(document: dict[str, Any]) -> str:
    """The page."""
    worse = document["not_best"] or ["nowhere"]
    parts = [
        f"{sum(document['looks'].values())} looks. Four 3D cameras with colour, and the first of "
        f"them, {document['looks']['four 3D cameras']} looks; 2D: pictures without depth; 3D: "
        "cells are looked for in the pictures, but their poses "
        "come from the depth alone, without polarity, so that no status can be ok; fused: both. "
        "Holes: share of the tops' pixels without depth.\n\n",
        _table(document["table"]),
        "\nWhere fused is not best: " + "; ".join(worse) + ".\n\n",
        "The default rig, by the gap between the cells:\n\n",
        _gaps(document["gaps"]),
        "\nCovariance: looks whose mean square of normalised errors lies within the 95 % band, "
        "axis by axis of the cell frame; in brackets below and above it. The band is that of a "
        "sum of squares correlated as the cells' errors are by what they share: the cameras' "
        "calibration errors, scale and warp of their depth, the height of the support, and "
        f"{ALIKE:.0%} of the variance of a camera's edges.\n\n",
        _honesty(document["honesty"]),
    ]
    parts += [f"\n{problem}\n" for problem in document["problems"]]
    return "".join(parts)


def _lines(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _table(rows: dict[str, Any]) -> str:
    head = (
        "holes",
        "cameras",
        "evidence",
        "found",
        "false",
        "position p50, p95",
        "angle p50, p95",
        "polarity wrong, unknown",
        "status ok",
    )
    return _lines(
        head,
        (
            (
                f"{holes:.0%}",
                str(count),
                source,
                f"{r['found']} of {r['cells']}",
                str(r["false"]),
                *_errors(r),
                f"{r['wrong']}, {r['unknown']}",
                "-" if source == "3D" else f"{r['ok'] / max(r['cells'], 1):.0%}",
            )
            for source, count, holes, r in by_row(rows)
        ),
    )


def _errors(r: dict[str, Any]) -> tuple[str, str]:
    if not r["found"]:
        return "-", "-"
    return (
        f"{r['mm_p50']:.2f}, {r['mm_p95']:.2f} mm",
        f"{r['deg_p50']:.2f}, {r['deg_p95']:.2f}°",
    )


def _gaps(rows: dict[str, Any]) -> str:
    head = (
        "gap",
        "found",
        "at least (95 %)",
        "false",
        "merges",
        "splits",
        "position p50, p95",
        "angle p50, p95",
        "polarity wrong",
        "wrong but ok",
        "ambiguous",
    )
    return _lines(
        head,
        (
            (
                gap,
                f"{r['found']} of {r['cells']}",
                f"{wilson_interval(r['found'], r['cells'])[0]:.1%}",
                *(str(r[name]) for name in ("false", "merges", "splits")),
                *_errors(r),
                *(str(r[name]) for name in ("wrong", "wrong_ok", "ambiguous")),
            )
            for gap, r in rows.items()
        ),
    )


def _honesty(looks: dict[str, list[dict[str, Any]]]) -> str:
    every = [look for own in looks.values() for look in own]
    rows = [(label, *(_share(own, axis) for axis in AXES)) for label, own in looks.items()]
    rows.append(("all", *(_share(every, axis) for axis in AXES)))
    rows.append(("cells within 1.96 sigma", *(_mean(every, axis) for axis in AXES)))
    rows.append(("mean square", *(_mean(every, axis, "square") for axis in AXES)))
    return _lines(("looks", *AXES), rows)


def _share(looks: list[dict[str, Any]], axis: str) -> str:
    """Looks within the band, below and above it."""
    places = np.array([look[axis]["place"] for look in looks if axis in look])
    if not len(places):
        return "-"
    low, high = int((places < BAND[0]).sum()), int((places > BAND[1]).sum())
    return f"{len(places) - low - high} of {len(places)} ({low}, {high})"


def _mean(looks: list[dict[str, Any]], axis: str, name: str = "inside") -> str:
    values = [look[axis][name] for look in looks if axis in look]
    if not values:
        return "-"
    mean = float(np.mean(values))
    return f"{mean:.0%}" if name == "inside" else f"{mean:.2f}"
