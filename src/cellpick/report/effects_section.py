"""The part of a campaign's page that says what swept keys do, figure by figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cellpick.report.effect_plots import (
    Axis,
    importance_plot,
    main_effect_plot,
    sobol_plot,
)
from cellpick.report.effect_words import (
    ALPHA,
    Effect,
    constant_words,
    effects_on,
    left_out_words,
    varies,
)
from cellpick.report.figure_words import amount, bare_amount, title, unit_words
from cellpick.report.heat_map import heat_map, range_of_pairs
from cellpick.report.record_fields import count, mapping, number, rows, words

ORDERS = {
    "first": "what a key explains alone",
    "total": "what it explains with all others that it acts on, chance included",
}
"""Of Sobol indices."""
MOST_PLOTS = 12
"""Of one sort and figure."""
INTERVALS = {
    "seeds": "Student's over {n} seeds: the combinations are laid out, chance is in the seeds",
    "combinations": "Student's over {n} combinations of inputs; the seeds of one count together",
    "base points": "Student's over {n} base points of the design, whose mixtures count together",
}


def effects_section(effects: Mapping[str, Any]) -> dict[str, Any]:
    """The plots and words of swept keys; empty where none were swept."""
    figures = rows(effects, "figures")
    if not figures:
        return {}
    shown = [figure for figure in figures if varies(figure)]
    runs = count(effects, "runs")
    return {
        "overview": _overview(shown),
        "totals": any(rows(figure, "sobol") for figure in shown),
        "parts": [_part(figure, runs) for figure in shown],
        "constant": [constant_words(figure) for figure in figures if not varies(figure)],
        "multiplicity": _multiplicity(count(effects, "tests")),
        "intervals": _intervals(effects),
    }


def _part(figure: Mapping[str, Any], runs: int) -> dict[str, Any]:
    unit, main, pairs = words(figure, "unit"), mapping(figure, "main"), rows(figure, "pairs")
    axis = Axis.of([row for key in main for row in rows(main, key)], unit)
    low, high = range_of_pairs(pairs)
    least, most = (amount(number(figure, end), unit) for end in ("least", "most"))
    return {
        "name": words(figure, "figure"),
        "title": title(words(figure, "figure")),
        "unit": unit_words(unit) or "number a run",
        "about": f"{words(figure, 'meaning').capitalize()}. {count(figure, 'runs')} runs, from "
        f"{least} to {most}, mean {amount(number(figure, 'mean'), unit)}.",
        "left_out": left_out_words(figure, runs),
        "importance": "" if rows(figure, "sobol") else importance_plot(figure),
        "sobol": [(told, sobol_plot(figure, order)) for order, told in ORDERS.items()],
        "no_sobol": words(figure, "no_sobol"),
        "main": [(key, main_effect_plot(rows(main, key), axis)) for key in list(main)[:MOST_PLOTS]],
        "pairs": [
            (words(pair, "x"), words(pair, "y"), heat_map(pair, low, high, unit))
            for pair in pairs[:MOST_PLOTS]
        ],
        "shades": (amount(low, unit), amount(high, unit)),
        "cut": max(len(main) - MOST_PLOTS, 0),
        "pairs_cut": count(figure, "pairs_left_out") + max(len(pairs) - MOST_PLOTS, 0),
    }


def _overview(figures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Keys down, figures across: the share of the variance that is each key's."""
    found = [{effect.key: effect for effect in effects_on(figure)} for figure in figures]
    keys = dict.fromkeys(key for effects in found for key in effects)
    ranked = sorted(keys, key=lambda key: -_strongest(found, key))
    return {
        "titles": [title(words(figure, "figure")) for figure in figures],
        "rows": [(key, [_field(effects.get(key)) for effects in found]) for key in ranked],
    }


def _strongest(found: Sequence[Mapping[str, Effect]], key: str) -> float:
    shares = [effects[key].share for effects in found if key in effects and effects[key].held]
    return max((share for share in shares if share == share), default=0.0)


def _field(effect: Effect | None) -> dict[str, Any]:
    if effect is None:
        return {"value": "", "shade": 0.0, "held": False, "told": ""}
    known = effect.share == effect.share
    value = f"{100 * effect.share:.0f}" if known else "?"
    told = f"{effect.chance}; {effect.change}" if known else "its interval is too wide to say"
    shade = min(max(effect.share, 0.0), 1.0) if known and effect.held else 0.0
    return {"value": value, "shade": round(0.6 * shade, 3), "held": effect.held, "told": told}


def _multiplicity(tests: int) -> str:
    expected = bare_amount(ALPHA * tests, "")
    return (
        f"{tests} tests stand behind this page, a key and figure each; were nothing true, about "
        f"{expected} of them would come out below p = {ALPHA:g} by chance. Every p here is "
        "therefore adjusted for all of them (Holm), and only what stays below is called an effect. "
        "Intervals are not adjusted: each holds by itself in 95 of 100 sweeps, not all together."
    )


def _intervals(effects: Mapping[str, Any]) -> str:
    unit, n, seeds = words(effects, "unit"), count(effects, "units"), count(effects, "seeds")
    told = INTERVALS.get(unit, "").format(n=n)
    if n < 2:
        return "No intervals: a single seed does not show what chance does. Sweep more seeds."
    if seeds == 1:
        told += "; with one seed all of it is of that seed's draws alone"
    return f"Intervals at 95 %, {told}." if told else ""
