"""The head of a campaign's page: the verdict, the figures of each case, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cellpick.report.campaign_tally import Tally
from cellpick.report.figure_words import amount, bare_amount, in_order, interval, title
from cellpick.report.record_fields import mapping, number, rows, words

MOST_ROWS = 200
_TONES = {"pass": "good", "fail": "bad"}


def verdict_words(results: Mapping[str, Any], tally: Tally) -> dict[str, str]:
    """The first thing on the page: `tone`, `word`, `text`."""
    verdicts = rows(results, "verdicts")
    failed = sum(words(v, "status") == "fail" for v in verdicts)
    silent = sum(words(v, "status") == "no_data" for v in verdicts)
    if not tally.episodes:
        return {"tone": "plain", "word": "No episodes", "text": "Nothing has been run yet."}
    if not verdicts:
        ended = tally.statuses["done"]
        text = f"{ended} of {tally.episodes} episodes ended by themselves; no thresholds were set."
        return {"tone": "plain", "word": "Done", "text": text}
    of = f"of {len(verdicts)} threshold{'s' if len(verdicts) != 1 else ''}"
    if failed or silent:
        parts = [f"{failed} {of} missed"] if failed else []
        parts += [f"{silent} {of} without data"] if silent else []
        word = "Fails" if failed else "No verdict"
        return {"tone": "bad" if failed else "warn", "word": word, "text": ", ".join(parts) + "."}
    return {"tone": "good", "word": "Passes", "text": f"All {len(verdicts)} thresholds hold."}


def missed(results: Mapping[str, Any]) -> list[dict[str, str]]:
    """Thresholds that do not hold, or cannot be told, in words."""
    found = []
    for verdict in rows(results, "verdicts"):
        if words(verdict, "status") == "pass":
            continue
        unit = words(verdict, "unit") or _unit_of(results, verdict)
        found.append(
            {
                "tone": _TONES.get(words(verdict, "status"), "warn"),
                "case": words(verdict, "case"),
                "figure": title(words(verdict, "figure")),
                "value": amount(number(verdict, "value"), unit),
                "interval": interval({**verdict, "unit": unit}),
                "limit": amount(number(verdict, "limit"), unit),
                "seed": words(verdict, "seed"),
                "command": words(verdict, "command"),
            }
        )
    return found


def headline(results: Mapping[str, Any]) -> dict[str, Any]:
    """`columns` and `rows` of cases by figures; the last row is of all cases together."""
    figures, overall = mapping(results, "figures"), mapping(results, "overall")
    keys = {key for case in figures for key in mapping(figures, case)} | set(overall)
    columns = in_order(keys)
    verdicts = {(words(v, "case"), words(v, "figure")): v for v in rows(results, "verdicts")}
    failing = {case for (case, _), v in verdicts.items() if words(v, "status") != "pass"}
    ordered = sorted(figures, key=lambda case: case not in failing)
    shown = ordered if len(ordered) <= MOST_ROWS else ordered[:MOST_ROWS]
    table = [
        {
            "name": case,
            "cells": [
                _cell(mapping(figures, case, key), verdicts.get((case, key))) for key in columns
            ],
        }
        for case in sorted(shown, key=list(figures).index)
    ]
    if overall and len(figures) != 1:
        cells = [_cell(mapping(overall, key), None) for key in columns]
        table.append({"name": "all", "cells": cells})
    return {
        "columns": [{"title": title(key), "unit": _unit(figures, overall, key)} for key in columns],
        "rows": table,
        "left_out": len(ordered) - len(shown),
    }


def _cell(figure: Mapping[str, Any], verdict: Mapping[str, Any] | None) -> dict[str, str]:
    unit = words(figure, "unit")
    cell = {"value": bare_amount(number(figure, "value"), unit), "interval": interval(figure)}
    if verdict is None:
        return {**cell, "tone": "", "mark": "", "limit": ""}
    status = words(verdict, "status")
    return {
        **cell,
        "tone": _TONES.get(status, "warn"),
        "mark": {"pass": "\u2713", "fail": "\u2717"}.get(status, "?"),
        "limit": f"{status.replace('_', ' ')}: limit {amount(number(verdict, 'limit'), unit)}",
    }


def _unit(figures: Mapping[str, Any], overall: Mapping[str, Any], key: str) -> str:
    units = [words(figures, case, key, "unit") for case in figures]
    unit = next((u for u in [words(overall, key, "unit"), *units] if u), "")
    return "%" if unit == "share" else unit


def _unit_of(results: Mapping[str, Any], verdict: Mapping[str, Any]) -> str:
    return words(results, "figures", words(verdict, "case"), words(verdict, "figure"), "unit")
