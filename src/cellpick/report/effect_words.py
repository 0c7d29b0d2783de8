"""What swept keys do to a figure, in words: which keys, by how much, and how surely."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cellpick.report.figure_words import amount, bare_amount, title
from cellpick.report.record_fields import NONE, count, mapping, number, part, rows, words

ALPHA = 0.05
"""Chance of any false word at all among the effects of a sweep."""
TOLD = 2
"""Keys of a figure that a short list names."""


@dataclass(frozen=True)
class Effect:
    """One key's on one figure."""

    key: str
    """The swept key."""
    share: float
    """Of the variance that it explains: its total Sobol index where there are indices, else by
    itself; NaN where it is not known."""
    p: float
    """How often chance explains as much by itself, among all tests of the sweep."""
    change: str
    """From the level of the least mean to that of the most."""

    @property
    def held(self) -> bool:
        """Whether it is beyond chance."""
        return self.p < ALPHA

    @property
    def chance(self) -> str:
        """`p` in words."""
        return chance_words(self.p)


def effects_on(figure: Mapping[str, Any]) -> list[Effect]:
    """All keys' effects, the strongest first."""
    totals = {words(row, "key"): row for row in rows(figure, "sobol")}
    found = []
    for row in rows(figure, "importance"):
        key = words(row, "key")
        share = number(row, "share")
        if totals:
            known = part(totals.get(key), "total_known") is True
            share = number(totals.get(key), "total") if known else math.nan
        found.append(Effect(key, share, number(row, "p_adjusted"), _change(figure, key)))
    return found


def varies(figure: Mapping[str, Any]) -> bool:
    """Whether there is anything that a key could have done."""
    return bool(rows(figure, "importance"))


def constant_words(figure: Mapping[str, Any]) -> str:
    """What a figure is that does not vary."""
    name, runs = title(words(figure, "figure")), count(figure, "runs")
    if not runs:
        why = words(figure, "why_left_out")
        return f"{name}: no run has it" + (f" ({why})" if why else "")
    value = amount(number(figure, "mean"), words(figure, "unit"))
    return f"{name}: {value} in {'its one run' if runs == 1 else f'all {runs} runs'}"


def left_out_words(figure: Mapping[str, Any], runs: int) -> str:
    """How many runs lack the figure, why, and where most of them are; empty where none does."""
    lost = count(figure, "left_out")
    if not lost:
        return ""
    why = words(figure, "why_left_out")
    told = f"{lost} of {runs} runs are left out" + (f" ({why})" if why else "")
    return f"{told}{_most_lost(figure)}. What is left may flatter the station."


def effect_lines(
    effects: Mapping[str, Any],
) -> tuple[list[tuple[str, str, str, str, str]], list[str]]:
    """Figure, key, change, share and chance of the strongest effects on each figure that varies,
    for a table; and what figures are that do not vary."""
    table, still = [], []
    for figure in rows(effects, "figures"):
        name = title(words(figure, "figure"))
        held = [effect for effect in effects_on(figure) if effect.held][:TOLD]
        if not varies(figure):
            still.append(constant_words(figure))
        elif not held:
            table.append((name, "nothing beyond chance", NONE, NONE, NONE))
        for k, effect in enumerate(held):
            share = f"{bare_amount(effect.share, 'share')} %".replace(f"{NONE} %", "not known")
            table.append(("" if k else name, effect.key, effect.change, share, effect.chance))
    return table, still


def chance_words(p: float) -> str:
    """A p-value."""
    return "" if math.isnan(p) else f"p {p:.3f}" if p >= 0.001 else "p < 0.001"


def _change(figure: Mapping[str, Any], key: str) -> str:
    known = [
        level
        for level in rows(mapping(figure, "main"), key)
        if not math.isnan(number(level, "value"))
    ]
    if len(known) < 2:
        return NONE
    ends = sorted(known, key=lambda level: number(level, "value"))
    # as on the axis of the key, not by size: which way it goes is what matters
    first, last = sorted((ends[0], ends[-1]), key=known.index)
    unit = words(figure, "unit")
    values = [bare_amount(number(first, "value"), unit), amount(number(last, "value"), unit)]
    places = [words(level, "label").replace(" to ", "\u2013") for level in (first, last)]
    return f"{values[0]} at {places[0]}, {values[1]} at {places[1]}"


def _most_lost(figure: Mapping[str, Any]) -> str:
    """The level that lost the largest share of its runs, where it is more than elsewhere."""
    levels = [
        (count(row, "left_out") / (count(row, "left_out") + count(row, "runs")), key, row)
        for key in mapping(figure, "main")
        for row in rows(mapping(figure, "main"), key)
        if count(row, "left_out")
    ]
    if not levels:
        return ""
    _, key, row = max(levels, key=lambda level: level[0])
    of = count(row, "left_out") + count(row, "runs")
    return f"; most at {key} {words(row, 'label')}: {count(row, 'left_out')} of {of}"
