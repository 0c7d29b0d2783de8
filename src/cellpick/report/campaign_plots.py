"""The plots of a campaign that need no swept keys."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np

from cellpick.report.campaign_tally import CaseTally, Tally
from cellpick.report.figure_words import amount
from cellpick.report.record_fields import mapping, number, rows, words
from cellpick.report.row_plot import Row, Tone, row_plot
from cellpick.report.stage_plot import stage_plot
from cellpick.report.svg import histogram, nice_above

MOST_ROWS = 60
"""Cases in one plot; the worst ones stay."""


def success_plot(results: Mapping[str, Any], tally: Tally) -> str:
    """The share placed right (found, in looks) by case, cases of one scene together."""
    by_scene: dict[str, list[Row]] = {}
    for name, case in tally.cases.items():
        row = _success_row(name, case, results)
        if not math.isnan(row.value):
            by_scene.setdefault(", ".join(sorted(case.scenes)), []).append(row)
    kept = sorted((row for many in by_scene.values() for row in many), key=lambda row: row.value)
    kept = kept[:MOST_ROWS]
    lines: list[Row] = []
    for scene, many in by_scene.items():
        shown = [row for row in many if row in kept]
        if shown and [row.name for row in shown] != [scene]:
            lines.append(Row(scene))
        lines += shown
    ends = [x for row in kept for x in (row.value, row.low, row.limit) if not math.isnan(x)]
    low = 10.0 * math.floor(min(ends, default=0.0) / 10.0)
    return row_plot(lines, "%", min(low, 90.0), 100.0) if lines else ""


def error_rows(tally: Tally, name: str, unit: str) -> str:
    """Median, the 5 to 95 % range and the largest of an error, by case, worst 95 % last kept."""
    lines = [
        _spread_row(case_name, case.errors.get(name, array("f")), unit)
        for case_name, case in tally.cases.items()
    ]
    known = [row for row in lines if not math.isnan(row.value)]
    kept = sorted(known, key=lambda row: -row.high)[:MOST_ROWS]
    if not kept:
        return ""
    end = nice_above(max(row.high for row in kept) * 1.15)
    return row_plot([row for row in known if row in kept], unit, 0.0, end)


def error_plot(tally: Tally, name: str, unit: str, results: Mapping[str, Any]) -> dict[str, str]:
    """A histogram of all values up to four times their 95 % quantile, what lies beyond, and the
    limit where all cases have the same."""
    values = np.frombuffer(tally.pooled(name), dtype=np.float32).astype(np.float64)
    if not len(values):
        return {"svg": histogram((), unit), "beyond": ""}
    end = 4 * float(np.percentile(values, 95))
    beyond = values[values > end]
    told = f"{len(values)} values"
    if len(beyond):
        told += f"; {len(beyond)} beyond this plot, the largest {amount(beyond.max(), unit)}"
    limit = _limit(results, f"{name}_p95", float(values.max()))
    return {"svg": histogram(values[values <= end], unit, limit), "beyond": told}


def cycle_plot(tally: Tally, results: Mapping[str, Any]) -> str:
    """A histogram of the cycle times of placed cells; empty where none was placed."""
    times_s = tally.pooled("cycle_s")
    return (
        histogram(times_s, "s", _limit(results, "cycle_time_s_p95", max(times_s)))
        if times_s
        else ""
    )


def time_plot(tally: Tally) -> str:
    """Station seconds a placed cell, by stage and case."""
    bars = [
        (name, {stage: seconds / case.placed for stage, seconds in case.station_s.items()})
        for name, case in tally.cases.items()
        if case.placed and case.station_s
    ]
    bars.sort(key=lambda bar: -sum(bar[1].values()))
    return stage_plot(bars[:MOST_ROWS]) if bars else ""


def _limit(results: Mapping[str, Any], figure: str, largest: float) -> float | None:
    """The limit that all cases share, unless it would press the values into a corner."""
    found = {
        number(verdict, "limit")
        for verdict in rows(results, "verdicts")
        if words(verdict, "figure") == figure
    }
    limit = found.pop() if len(found) == 1 else math.nan
    return limit if limit <= 4 * largest else None


def _success_row(name: str, case: CaseTally, results: Mapping[str, Any]) -> Row:
    judged = mapping(results, "figures", name, "success_rate").get("value") is not None
    key = "success_rate" if judged else "found_rate"
    figure = mapping(results, "figures", name, key)
    value, low, high = (100 * number(figure, end) for end in ("value", "low", "high"))
    if math.isnan(value):
        value = 100 * case.placed / case.cells if case.cells else math.nan
        return Row(name, value, note=f"{value:.1f} %   {case.placed} of {case.cells}")
    told = [
        v
        for v in rows(results, "verdicts")
        if words(v, "case") == name and words(v, "figure") == key
    ]
    tone: Tone = "plain"
    for verdict in told:
        tone = "good" if words(verdict, "status") == "pass" else "bad"
    note = f"{value:.1f} %"
    if not math.isnan(low + high):
        note += f"   [{low:.1f}, {high:.1f}]"
    limit = 100 * number(told[0], "limit") if told else math.nan
    return Row(name, value, low, high, note, tone, limit)


def _spread_row(name: str, errors: array[float], unit: str) -> Row:
    values = np.frombuffer(errors, dtype=np.float32).astype(np.float64)
    if not len(values):
        return Row(name)
    low, middle, high = np.percentile(values, (5, 50, 95)).tolist()
    note = f"{middle:.3g}, p95 {high:.3g}, max {values.max():.3g} {unit}"
    return Row(name, middle, low, high, note, "plain", math.nan, float(values.max()))
