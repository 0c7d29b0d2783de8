"""A plot of many rows on one axis: a value with its interval in each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from cellpick.report.svg import label, picture

WIDTH, ROW = 1000, 24
_NAME, _NOTE, _TOP, _BOTTOM = 280, 236, 8, 42
_LETTERS = 38

Tone = Literal["good", "bad", "plain"]


@dataclass(frozen=True)
class Row:
    """One row; a heading where the value is NaN and no note is given."""

    name: str
    """At the left; cut where it is too long."""
    value: float = math.nan
    """A dot; none where NaN."""
    low: float = math.nan
    """The line's left end; no line where NaN."""
    high: float = math.nan
    """Its right end."""
    note: str = ""
    """At the right."""
    tone: Tone = "plain"
    """Of dot and line."""
    limit: float = math.nan
    """A mark for what is wanted; none where NaN."""
    far: float = math.nan
    """A small mark such as for the largest; none where NaN."""
    faint: bool = False
    """Whether it is drawn as what means nothing."""


def row_plot(rows: Sequence[Row], unit: str, low: float, high: float, *, bars: bool = False) -> str:
    """Rows from the top down on an axis from `low` to `high`; what lies beyond stops at its end.

    With `bars`, a bar from the axis' start stands for each value in place of a dot.
    """
    x = _Axis(low, high)
    bottom = _TOP + ROW * len(rows)
    parts = []
    for tick in ticks(low, high):
        at = x(tick)
        parts.append(f'<line class="grid" x1="{at:.1f}" y1="{_TOP}" x2="{at:.1f}" y2="{bottom}"/>')
        parts.append(label(at, bottom + 16, f"{tick:.4g}", "middle", "muted"))
    parts.append(label(WIDTH - _NOTE, bottom + 34, unit, "end", "muted"))
    parts += [_drawn(row, x, _TOP + ROW * (k + 0.5), bars) for k, row in enumerate(rows)]
    return picture(WIDTH, bottom + _BOTTOM, "".join(parts), "rows")


def ticks(low: float, high: float) -> list[float]:
    """Round values from `low` to `high`, six at most where the ends are round."""
    raw = (high - low) / 5 or 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next(k for k in (1, 2, 2.5, 5, 10) if k * power >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [step * k for k in range(first, last + 1)]


def cut(text: str, letters: int = _LETTERS) -> str:
    """The text, its middle left out where it is too long."""
    if len(text) <= letters:
        return text
    tail = (letters - 1) // 2
    return f"{text[: letters - 1 - tail]}\u2026{text[len(text) - tail :]}"


class _Axis:
    def __init__(self, low: float, high: float) -> None:
        self._low, self._span = low, (high - low) or 1.0

    def __call__(self, value: float) -> float:
        share = min(max((value - self._low) / self._span, 0.0), 1.0)
        return _NAME + 12 + share * (WIDTH - _NAME - _NOTE - 24)


def _drawn(row: Row, x: _Axis, y: float, bars: bool) -> str:
    heading = math.isnan(row.value) and not row.note
    name = label(0, y + 4, cut(row.name), "start", "heading" if heading else "label")
    faint = ' class="faint"' if row.faint else ""
    parts = [f"<g{faint}><title>{escape(row.name)}</title>{name}"]
    if not math.isnan(row.limit):
        parts.append(_upright("limit", x(row.limit), y, 9))
    if bars and not math.isnan(row.value):
        wide = max(x(row.value) - x(-math.inf), 1.0)
        box = f'x="{x(-math.inf):.1f}" y="{y - 7:.1f}" width="{wide:.1f}" height="14"'
        parts.append(f'<rect class="bar" {box}/>')
    if not math.isnan(row.low + row.high):
        parts.append(
            f'<line class="span {row.tone}" x1="{x(row.low):.1f}" y1="{y:.1f}" '
            f'x2="{x(row.high):.1f}" y2="{y:.1f}"/>'
        )
    if not math.isnan(row.far):
        parts.append(_upright("far", x(row.far), y, 4))
    if not bars and not math.isnan(row.value):
        parts.append(f'<circle class="dot {row.tone}" cx="{x(row.value):.1f}" cy="{y:.1f}" r="4"/>')
    parts.append(label(WIDTH, y + 4, row.note, "end", "muted"))
    return "".join(parts) + "</g>"


def _upright(kind: str, x: float, y: float, half: float) -> str:
    return (
        f'<line class="{kind}" x1="{x:.1f}" y1="{y - half:.1f}" x2="{x:.1f}" y2="{y + half:.1f}"/>'
    )
