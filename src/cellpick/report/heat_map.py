"""A figure over a pair of swept keys."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from cellpick.report.effect_plots import short
from cellpick.report.figure_words import amount, bare_amount
from cellpick.report.record_fields import NONE, as_number, part
from cellpick.report.svg import label, picture

_WIDTH, _LEFT, _WIDEST, _TALLEST = 460, 104, 110.0, 34.0
_TALL = 420
"""Of all rows together, at most."""
_LETTER_PX = 6.2


def heat_map(pair: Mapping[str, Any], low: float, high: float, unit: str) -> str:
    """A figure over two keys, from `low` to `high`, the darker the more; blank where there is no
    value."""
    across, down = _texts(pair, "x_labels"), _texts(pair, "y_labels")
    width = min((_WIDTH - _LEFT - 4) / max(len(across), 1), _WIDEST)
    tall = min(_TALLEST, _TALL / max(len(down), 1))
    bottom = 6 + tall * len(down)
    parts = []
    for row, name in enumerate(down):
        # the last value is at the top, as on a graph
        top = bottom - tall * (row + 1)
        if row % max(1, math.ceil(12 / tall)) == 0:
            parts.append(label(_LEFT - 8, top + tall / 2 + 4, short(name), "end", "muted"))
        for column, other in enumerate(across):
            told = f"{part(pair, 'x')} = {other}, {part(pair, 'y')} = {name}"
            place = (_LEFT + width * column, top, width, tall)
            parts.append(_field(pair, row, column, place, told, (low, high, unit)))
    names = [short(name) for name in across]
    widest = min(max((len(name) for name in names), default=1) + 2, 20) * _LETTER_PX
    for column in range(0, len(across), max(1, math.ceil(widest / width))):
        at = _LEFT + width * (column + 0.5)
        parts.append(label(at, bottom + 15, names[column], "middle", "muted"))
    return picture(_WIDTH, bottom + 24, "".join(parts), "heat")


def range_of_pairs(pairs: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Least and largest value, between which the colours of all pairs lie."""
    values = [
        value
        for pair in pairs
        for row in range(len(_texts(pair, "y_labels")))
        for column in range(len(_texts(pair, "x_labels")))
        if not math.isnan(value := _at(pair, "value", row, column))
    ]
    return min(values, default=0.0), max(values, default=0.0)


def _field(
    pair: Mapping[str, Any],
    row: int,
    column: int,
    place: tuple[float, float, float, float],
    told: str,
    scale: tuple[float, float, str],
) -> str:
    x, y, width, height = place
    low, high, unit = scale
    value = _at(pair, "value", row, column)
    box = f'x="{x:.1f}" y="{y:.1f}" width="{width - 1.5:.1f}" height="{height - 1.5:.1f}"'
    if math.isnan(value):
        dash = label(x + width / 2, y + height / 2 + 4, NONE, "middle", "muted")
        return f'<rect class="blank" {box}><title>{escape(told)}: no value</title></rect>{dash}'
    share = min(max((value - low) / ((high - low) or 1.0), 0.0), 1.0)
    told += f": {amount(value, unit)}, {bare_amount(_at(pair, 'runs', row, column), '')} runs"
    field = (
        f'<rect class="field" fill-opacity="{0.05 + 0.95 * share:.2f}" {box}>'
        f"<title>{escape(told)}</title></rect>"
    )
    if width < 30 or height < 14:
        return field
    kind = "on" if share > 0.65 else "label"
    return field + label(
        x + width / 2, y + height / 2 + 4, bare_amount(value, unit), "middle", kind
    )


def _texts(pair: Mapping[str, Any], name: str) -> list[str]:
    found = part(pair, name)
    return [str(text) for text in found] if isinstance(found, list) else []


def _at(pair: Mapping[str, Any], name: str, row: int, column: int) -> float:
    """The table's number there; NaN where the table is too small."""
    try:
        return as_number(pair[name][row][column])
    except (KeyError, IndexError, TypeError):
        return math.nan
