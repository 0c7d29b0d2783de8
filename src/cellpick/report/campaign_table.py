"""The headline table of a campaign: cases by figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cellpick.report.campaign_verdict import TONES, wanted
from cellpick.report.figure_words import (
    RATE_OF,
    TITLES,
    bare_amount,
    in_order,
    interval,
    title,
    unit_words,
)
from cellpick.report.record_fields import mapping, number, rows, words

MOST_ROWS = 200
CORE = (
    *("success_rate", "found_rate", "errors", "polarity_errors", "drops", "safety_violations"),
    "collisions",
    *("place_error_mm_p95", "pose_error_mm_p95", "cycle_time_s_p95", "picks_per_hour"),
)
"""Columns of the table, beside those that have a threshold."""


def headline(results: Mapping[str, Any]) -> dict[str, Any]:
    """`columns` and `rows` of cases by figures; the last row is of all cases together."""
    figures, overall = mapping(results, "figures"), mapping(results, "overall")
    verdicts = {(words(v, "case"), words(v, "figure")): v for v in rows(results, "verdicts")}
    keys = {key for case in figures for key in mapping(figures, case)} | set(overall)
    measured = {key for key in keys if _measured(figures, overall, key)}
    judged = {key for _, key in verdicts}
    columns = in_order(measured & (set(CORE) | judged | (keys - set(TITLES))))
    failing = {case for (case, _), v in verdicts.items() if words(v, "status") != "pass"}
    shown = set(sorted(figures, key=lambda case: case not in failing)[:MOST_ROWS])
    table = [
        {
            "name": case,
            "cells": [
                _cell(mapping(figures, case), key, verdicts.get((case, key))) for key in columns
            ],
        }
        for case in figures
        if case in shown
    ]
    if overall and len(figures) != 1:
        cells = [_cell(overall, key, None) for key in columns]
        table.append({"name": "all", "cells": cells})
    return {
        "columns": [{"title": title(key), "unit": _unit(figures, overall, key)} for key in columns],
        "rows": table if columns else [],
        "judged": bool(verdicts),
        "left_out": len(figures) - len(shown),
    }


def _cell(
    figures: Mapping[str, Any], key: str, verdict: Mapping[str, Any] | None
) -> dict[str, str]:
    figure = mapping(figures, key)
    rate = mapping(figures, RATE_OF.get(key, ""))
    doubt = f"{interval(rate)} %" if interval(rate) else interval(figure)
    cell = {"value": bare_amount(number(figure, "value"), words(figure, "unit")), "interval": doubt}
    if verdict is None:
        return {**cell, "tone": "", "mark": "", "rule": ""}
    status = words(verdict, "status")
    return {
        **cell,
        "tone": TONES.get(status, "warn"),
        "mark": {"pass": "\u2713", "fail": "\u2717"}.get(status, "?"),
        "rule": f"{status.replace('_', ' ')}: {wanted(verdict)}",
    }


def _measured(figures: Mapping[str, Any], overall: Mapping[str, Any], key: str) -> bool:
    values = [number(figures, case, key, "value") for case in figures]
    return any(not math.isnan(value) for value in [number(overall, key, "value"), *values])


def _unit(figures: Mapping[str, Any], overall: Mapping[str, Any], key: str) -> str:
    """For the head of a column; what is an hour already has it in its name."""
    units = [words(overall, key, "unit"), *(words(figures, case, key, "unit") for case in figures)]
    unit = unit_words(next((u for u in units if u), ""))
    return "" if unit == "an hour" else unit
