"""What swept keys do: main effects and the importance of keys."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from cellpick.report.effect_words import ALPHA, chance_words
from cellpick.report.figure_words import amount, bare_amount
from cellpick.report.record_fields import as_number, count, number, part, rows, words
from cellpick.report.row_plot import Row, cut, row_plot, ticks
from cellpick.report.svg import label, picture

_WIDTH, _HEIGHT = 460, 232
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 14, 12, 36
_LETTER_PX = 6.4


@dataclass(frozen=True)
class Axis:
    """The upright axis of a figure, alike for all keys."""

    low: float
    """Its lower end."""
    high: float
    """Its upper end."""
    unit: str
    """The figure's; of a share the axis is in per cent."""

    @classmethod
    def of(cls, levels: Sequence[Mapping[str, Any]], unit: str) -> Axis:
        """Round the levels' means and, as far as they leave the means room, their intervals."""
        means = [x for level in levels if not math.isnan(x := _scaled(level, "value", unit))]
        least, most = min(means, default=0.0), max(means, default=1.0)
        span = (most - least) or abs(most) or 1.0
        lows = [x for level in levels if not math.isnan(x := _scaled(level, "low", unit))]
        highs = [x for level in levels if not math.isnan(x := _scaled(level, "high", unit))]
        low = max(min([least, *lows]), least - span)
        high = min(max([most, *highs]), most + span)
        low = 0.0 if 0 <= low < 0.4 * high else low
        room = 0.04 * ((high - low) or 1.0)
        return cls(max(low - room, 0.0) if low >= 0 else low - room, high + room, unit)

    def __call__(self, value: float) -> float:
        """Its height on the page; what lies beyond stops at the axis' end."""
        share = (value - self.low) / (self.high - self.low)
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - min(max(share, 0.0), 1.0))


def importance_plot(figure: Mapping[str, Any]) -> str:
    """The share of a figure's variance that each key explains; pale where chance may do as much."""
    found = []
    for row in rows(figure, "importance"):
        value, p = 100 * number(row, "share"), number(row, "p_adjusted")
        held = p < ALPHA
        told = chance_words(p) if held else f"not beyond chance, {chance_words(p)}"
        note = f"{value:.1f} %   {told}"
        found.append(Row(words(row, "key"), value, note=note, faint=not held))
    return row_plot(found, "share of the variance, %", 0.0, 100.0, bars=True) if found else ""


def sobol_plot(figure: Mapping[str, Any], order: str) -> str:
    """Sobol indices of one order, `first` or `total`, with intervals; of those whose interval is
    too wide to mean anything, the interval alone. Empty without any."""
    found = []
    for row in rows(figure, "sobol"):
        value, low, high = (100 * number(row, f"{order}{end}") for end in ("", "_low", "_high"))
        known = part(row, f"{order}_known") is True
        note = f"{value:.1f} %" if known else "not known"
        note += f"  [{low:.0f}, {high:.0f}]"
        shown = value if known else math.nan
        found.append(Row(words(row, "key"), shown, low, high, note, faint=not known))
    return row_plot(found, f"{order} order, %", 0.0, 100.0) if found else ""


def main_effect_plot(levels: Sequence[Mapping[str, Any]], axis: Axis) -> str:
    """A figure's mean over one key's values, with intervals."""
    known = [level for level in levels if not math.isnan(number(level, "value"))]
    if not known:
        return picture(_WIDTH, 60, label(_WIDTH / 2, 34, "nothing measured", "middle", "muted"))
    values = [_value_of(words(level, "label")) for level in known]
    to_scale = not any(math.isnan(value) for value in values)
    x = _places(values if to_scale else [float(k) for k in range(len(known))])
    parts = _grid(axis)
    if to_scale:
        heights = [axis(_scaled(level, "value", axis.unit)) for level in known]
        corners = " ".join(f"{at:.1f},{y:.1f}" for at, y in zip(x, heights, strict=True))
        parts.append(f'<polyline class="joined" points="{corners}"/>')
    taken = -math.inf
    for at, level in zip(x, known, strict=True):
        parts.append(_whisker(at, level, axis))
        name = short(words(level, "label"))
        half = _LETTER_PX * len(name) / 2
        middle = min(max(at, half), _WIDTH - half)
        if middle - half > taken:
            parts.append(label(middle, _HEIGHT - 18, name, "middle", "muted"))
            taken = middle + half + _LETTER_PX
    return picture(_WIDTH, _HEIGHT, "".join(parts))


def short(name: str) -> str:
    """A value's name, or a range's, as it stands on an axis."""
    return cut(name.replace(" to ", "\u2013"), 18)


def _grid(axis: Axis) -> list[str]:
    parts, right = [], _WIDTH - _RIGHT
    for tick in ticks(axis.low, axis.high):
        y = axis(tick)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
        parts.append(label(_LEFT - 6, y + 4, f"{tick:.4g}", "end", "muted"))
    return parts


def _scaled(level: Mapping[str, Any], name: str, unit: str) -> float:
    return number(level, name) * (100 if unit == "share" else 1)


def _whisker(x: float, level: Mapping[str, Any], axis: Axis) -> str:
    value, least, most = (_scaled(level, name, axis.unit) for name in ("value", "low", "high"))
    told = f"{words(level, 'label')}: {amount(number(level, 'value'), axis.unit)}"
    if not math.isnan(least + most):
        ends = (bare_amount(number(level, name), axis.unit) for name in ("low", "high"))
        told += f" ({' to '.join(ends)})"
    told += f", {count(level, 'runs')} runs"
    told += f", {count(level, 'left_out')} left out" if count(level, "left_out") else ""
    parts = [f"<g><title>{escape(told)}</title>"]
    if not math.isnan(least + most):
        parts.append(
            f'<line class="span plain" x1="{x:.1f}" y1="{axis(least):.1f}" '
            f'x2="{x:.1f}" y2="{axis(most):.1f}"/>'
        )
    dot = f'<circle class="dot plain" cx="{x:.1f}" cy="{axis(value):.1f}" r="4"/>'
    return "".join(parts) + dot + "</g>"


def _value_of(text: str) -> float:
    try:
        return as_number(float(text))
    except ValueError:
        return math.nan


def _places(values: Sequence[float]) -> list[float]:
    """Values on the axis, to scale; a geometric progression by its ratios."""
    left, span = _LEFT + 28, _WIDTH - _LEFT - _RIGHT - 56
    if len(values) > 2 and min(values) > 0:
        steps = [math.log(b / a) for a, b in pairwise(values)]
        if max(steps) - min(steps) < 0.01 * abs(max(steps)):
            values = [math.log(value) for value in values]
    least, most = min(values), max(values)
    if most == least:
        return [left + span / 2] * len(values)
    return [left + span * (value - least) / (most - least) for value in values]
