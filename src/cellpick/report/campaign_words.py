"""Figures of a suite in words, the same in every file that people read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cellpick.report.figure_words import amount, interval

NOTHING = "-"
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f]")
"""Control characters: an error's text may have what moves a terminal's cursor."""
_COLUMNS = (
    ("placed well", "success_rate"),
    ("polarity errors", "polarity_errors"),
    ("drops", "drops"),
    ("place error p95", "place_error_mm_p95"),
    ("pose error p95", "pose_error_mm_p95"),
    ("cycle p95", "cycle_time_s_p95"),
    ("cells an hour", "picks_per_hour"),
    ("found", "found_rate"),
)
HEADER = ("case", "episodes", *(title for title, _ in _COLUMNS), "limits")


def exact(value: float | None, unit: str) -> str:
    """A value with digits enough to tell it from its limit, shares in per cent."""
    if value is None:
        return NOTHING
    if unit == "share":
        return f"{100 * value:.4g} %"
    return f"{value:.4g} {unit}".rstrip()


def with_interval(value: str, figure: Mapping[str, Any]) -> str:
    """`98.3 % (96.1 to 99.2)`; without an interval where the figure has none."""
    span = interval(figure)
    return f"{value} ({span})" if span else value


def case_rows(results: Mapping[str, Any]) -> list[list[str]]:
    """A row a case, under `HEADER`, and one of all of them."""
    rows = []
    for case, figures in results["figures"].items():
        verdicts = [v for v in results["verdicts"] if v["case"] == case]
        missed = sum(v["status"] != "pass" for v in verdicts)
        limits = f"{missed} of {len(verdicts)} missed" if missed else "hold"
        rows.append([case, *_cells(figures), limits])
    if len(rows) > 1:
        rows.append(["all", *_cells(results["overall"]), ""])
    return rows


SHORT_HEADER = (
    *("case", "runs", "placed %", "bad", "place mm", "pose mm", "cycle s", "per hour"),
    "limits",
)
_SHORT = ("place_error_mm_p95", "pose_error_mm_p95", "cycle_time_s_p95", "picks_per_hour")


def short_rows(results: Mapping[str, Any]) -> list[list[str]]:
    """As `case_rows`, under `SHORT_HEADER`, narrow enough for a terminal.

    `bad`: polarity errors and drops.
    """
    shown = [*results["figures"].values(), results["overall"]]
    rows = []
    for figures, row in zip(shown, case_rows(results), strict=False):
        errors = (figures.get(name) for name in ("polarity_errors", "drops"))
        counts = "/".join(_bare(figure, 0) for figure in errors)
        amounts = [
            _bare(figures.get(name), digits)
            for name, digits in zip(_SHORT, (2, 2, 1, 0), strict=True)
        ]
        rows.append([row[0], row[1], _placed(figures), counts, *amounts, row[-1]])
    return rows


def _placed(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """The rate in per cent with its interval; of cells found where none are placed."""
    placed = figures.get("success_rate")
    rate = placed or figures.get("found_rate")
    if rate is None or rate["value"] is None:
        return NOTHING
    value, low, high = (f"{100 * rate[key]:.3g}" for key in ("value", "low", "high"))
    return f"{value} ({low}-{high})" + ("" if placed else " found")


def _bare(figure: Mapping[str, Any] | None, digits: int) -> str:
    if figure is None or figure["value"] is None:
        return NOTHING
    return f"{figure['value']:.{digits}f}"


def _cells(figures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    episodes = str(figures["errors"]["count"]) if figures else "0"
    shown = (figures.get(name) for _, name in _COLUMNS)
    return [episodes, *map(_shown, shown)]


def _shown(figure: Mapping[str, Any] | None) -> str:
    if figure is None or figure["value"] is None:
        return NOTHING
    return with_interval(amount(figure["value"], figure["unit"]), figure)


def verdict_line(verdict: Mapping[str, Any]) -> str:
    """What a limit that does not hold asks and what came instead, in one line."""
    reason = " ".join(_UNSEEN.sub(" ", verdict["reason"]).split())
    return (
        f"{verdict['case']}: {verdict['rule']}, but {verdict['figure']} is "
        f"{with_interval(exact(verdict['value'], verdict['unit']), verdict)}"
        + (f" ({reason})" if reason else "")
    )


def change_words(name: str, change: Mapping[str, Any]) -> str:
    """What became of one figure since the baseline."""
    unit = change["unit"]
    before, now = exact(change["baseline"], unit), exact(change["current"], unit)
    low, high = change["interval"]
    scale = 100 if unit == "share" else 1
    span = f", change {low * scale:+.3g} to {high * scale:+.3g}" if low is not None else ""
    why = f", {change['reason']}" if change["reason"] else f", p = {change['p_adjusted']:.2g}"
    return f"{name}: {change['verdict']}, {before} before, {now} now{span}{why}"


def sequential_words(test: Mapping[str, Any]) -> str:
    """How the sequential test ended, and what it saved."""
    told = f"{100 * test['good']:g} % from {100 * test['bad']:g} %"
    rates = f"false alarms {100 * test['alpha']:g} %, misses {100 * test['beta']:g} %"
    end = {
        "pass": "passes",
        "fail": "fails",
        "continue": "has not ended",
        "undecided": "is undecided",
    }[test["verdict"]]
    saved = f"; {test['saved']} episodes saved" if test["saved"] else ""
    return f"sequential test of {told} ({rates}): {end} after {test['used']} episodes{saved}"
