"""What swept keys do: main effects and the importance of keys."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from cellpick.report.record_fields import as_number, count, number, rows, words
from cellpick.report.row_plot import Row, cut, row_plot, ticks
from cellpick.report.svg import label, picture

_WIDTH, _HEIGHT = 460, 232
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 14, 12, 36
_LETTER_PX = 6.4


def importance_plot(effects: Mapping[str, Any]) -> str:
    """The share of the variance that each key explains, the largest first; empty without keys."""
    found = [
        Row(
            words(row, "key"),
            100 * number(row, "share"),
            note=f"{100 * number(row, 'share'):.1f} %   {_chance(number(row, 'p'))}",
        )
        for row in rows(effects, "importance")
    ]
    return row_plot(found, "share of the variance, %", 0.0, 100.0, bars=True) if found else ""


def sobol_plot(effects: Mapping[str, Any], order: str) -> str:
    """Sobol indices of one order, `first` or `total`, with intervals; empty without any."""
    found = []
    for row in rows(effects, "sobol"):
        value, low, high = (100 * number(row, f"{order}{end}") for end in ("", "_low", "_high"))
        note = f"{value:.1f} %  [{low:.1f}, {high:.1f}]"
        found.append(Row(words(row, "key"), value, low, high, note))
    return row_plot(found, f"{order} order, %", 0.0, 100.0) if found else ""


def main_effect_plot(levels: Sequence[Mapping[str, Any]], low: float) -> str:
    """The share placed over one key's values with intervals, from `low` to 100 %."""
    known = [level for level in levels if not math.isnan(number(level, "value"))]
    if not known:
        return picture(_WIDTH, 60, label(_WIDTH / 2, 34, "nothing measured", "middle", "muted"))
    values = [_value_of(words(level, "label")) for level in known]
    to_scale = not any(math.isnan(value) for value in values)
    x = _places(values if to_scale else [float(k) for k in range(len(known))])
    parts = _grid(low)
    if to_scale:
        points = zip(x, (_y(number(level, "value"), low) for level in known), strict=True)
        corners = " ".join(f"{at:.1f},{y:.1f}" for at, y in points)
        parts.append(f'<polyline class="joined" points="{corners}"/>')
    taken = -math.inf
    for at, level in zip(x, known, strict=True):
        parts.append(_whisker(at, level, low))
        name = short(words(level, "label"))
        half = _LETTER_PX * len(name) / 2
        middle = min(max(at, half), _WIDTH - half)
        if middle - half > taken:
            parts.append(label(middle, _HEIGHT - 18, name, "middle", "muted"))
            taken = middle + half + _LETTER_PX
    return picture(_WIDTH, _HEIGHT, "".join(parts))


def least_shown(effects: Mapping[str, Any]) -> float:
    """Where the axis of success begins, for all keys alike: a multiple of 10 %."""
    main = effects.get("main")
    levels = [rows(main, key) for key in main] if isinstance(main, Mapping) else []
    ends = [number(row, end) for many in levels for row in many for end in ("value", "low")]
    return axis_start(ends)


def axis_start(shares: Sequence[float]) -> float:
    """The multiple of 10 % below all of them; 0 where there is none."""
    least = min((share for share in shares if not math.isnan(share)), default=0.0)
    return min(max(math.floor(10 * least + 1e-9) * 10.0, 0.0), 90.0)


def short(name: str) -> str:
    """A value's name, or a range's, as it stands on an axis."""
    return cut(name.replace(" to ", "\u2013"), 18)


def _chance(p: float) -> str:
    return "" if math.isnan(p) else f"p {p:.3f}" if p >= 0.001 else "p < 0.001"


def _grid(low: float) -> list[str]:
    parts, right = [], _WIDTH - _RIGHT
    for tick in ticks(low, 100.0):
        y = _y(tick / 100, low)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
        parts.append(label(_LEFT - 6, y + 4, f"{tick:.4g}", "end", "muted"))
    return parts


def _y(share: float, low: float) -> float:
    height = (100 * share - low) / (100 - low)
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - min(max(height, 0.0), 1.0))


def _whisker(x: float, level: Mapping[str, Any], low: float) -> str:
    value, least, most = (number(level, name) for name in ("value", "low", "high"))
    told = f"{words(level, 'label')}: {100 * value:.1f} %, {count(level, 'episodes')} episodes"
    parts = [f"<g><title>{escape(told)}</title>"]
    if not math.isnan(least + most):
        parts.append(
            f'<line class="span plain" x1="{x:.1f}" y1="{_y(least, low):.1f}" '
            f'x2="{x:.1f}" y2="{_y(most, low):.1f}"/>'
        )
    dot = f'<circle class="dot plain" cx="{x:.1f}" cy="{_y(value, low):.1f}" r="4"/>'
    return "".join(parts) + dot + "</g>"


def _value_of(text: str) -> float:
    try:
        return as_number(float(text))
    except ValueError:
        return math.nan


def _places(values: Sequence[float]) -> list[float]:
    """Values on the axis, to scale."""
    left, span = _LEFT + 28, _WIDTH - _LEFT - _RIGHT - 56
    least, most = min(values), max(values)
    if most == least:
        return [left + span / 2] * len(values)
    return [left + span * (value - least) / (most - least) for value in values]
