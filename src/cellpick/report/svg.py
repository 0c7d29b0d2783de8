"""Plots as inline SVG text, coloured by the page's own style so that they follow light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from cellpick.geometry import Floats

_WIDTH, _HEIGHT = 460, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 36, 12, 34, 36
_BINS = 24


def histogram(values: Sequence[float] | Floats, unit: str, limit: float | None = None) -> str:
    """Counts of the finite values with median, 95th percentile and an optional limit as lines."""
    array = np.asarray(values, dtype=np.float64).ravel()
    kept = array[np.isfinite(array)]
    if not len(kept):
        return picture(_WIDTH, 60, label(_WIDTH / 2, 34, "nothing measured", "middle", "muted"))
    top = nice_above(max(float(kept.max()), limit or 0.0))
    counts, edges = np.histogram(kept, bins=_BINS, range=(0.0, top))
    x, y = _scales(top, float(counts.max()))
    parts = [
        f'<rect class="bar" x="{x(low) + 0.5:.1f}" y="{y(count):.1f}" '
        f'width="{max(x(high) - x(low) - 1, 0.5):.1f}" height="{y(0) - y(count):.1f}"/>'
        for count, low, high in zip(counts, edges[:-1], edges[1:], strict=True)
        if count
    ]
    marks = {"p50": float(np.percentile(kept, 50)), "p95": float(np.percentile(kept, 95))}
    parts += [
        _mark(x(value), f"{name} {value:.3f}", "mark", k)
        for k, (name, value) in enumerate(marks.items())
    ]
    if limit is not None:
        parts.append(_mark(x(limit), f"limit {limit:.3g}", "limit", 0))
    parts += _x_axis(x, top, unit)
    parts.append(label(_LEFT - 6, y(counts.max()) + 4, str(int(counts.max())), "end", "muted"))
    return picture(_WIDTH, _HEIGHT, "".join(parts))


def stacked_bar(shares: Mapping[str, float], unit: str = "s") -> str:
    """One bar of the shares of a whole, each with its name and amount in a legend beneath."""
    total = sum(shares.values())
    if total <= 0:
        return picture(_WIDTH, 60, label(_WIDTH / 2, 34, "nothing measured", "middle", "muted"))
    parts, at = [], 0.0
    width = _WIDTH - 2
    for k, (name, seconds) in enumerate(shares.items()):
        w = width * seconds / total
        share = 100 * seconds / total
        parts.append(
            f'<rect class="s{k % 8}" x="{1 + at:.1f}" y="4" width="{max(w, 0.5):.1f}" height="30">'
            f"<title>{escape(name)}: {seconds:.2f} {unit}, {share:.1f} %</title></rect>"
        )
        at += w
        row_y = 58 + 20 * k
        parts.append(f'<rect class="s{k % 8}" x="1" y="{row_y - 10}" width="12" height="12"/>')
        parts.append(label(22, row_y, name.replace("_", " "), "start", "label"))
        parts.append(label(_WIDTH - 70, row_y, f"{seconds:.2f} {unit}", "end", "label"))
        parts.append(label(_WIDTH - 4, row_y, f"{share:.1f} %", "end", "muted"))
    return picture(_WIDTH, 58 + 20 * len(shares), "".join(parts))


class _Scale:
    """Maps a value to a place on the page."""

    def __init__(self, end: float, start_px: float, end_px: float) -> None:
        self._end, self._start_px, self._end_px = end, start_px, end_px

    def __call__(self, value: float) -> float:
        return self._start_px + (self._end_px - self._start_px) * float(value) / self._end


def _scales(top: float, count: float) -> tuple[_Scale, _Scale]:
    return _Scale(top, _LEFT, _WIDTH - _RIGHT), _Scale(count, _HEIGHT - _BOTTOM, _TOP)


def _x_axis(x: _Scale, top: float, unit: str) -> list[str]:
    base = _HEIGHT - _BOTTOM
    parts = [f'<line class="axis" x1="{_LEFT}" y1="{base}" x2="{_WIDTH - _RIGHT}" y2="{base}"/>']
    for value in np.linspace(0.0, top, 5).tolist():
        parts.append(label(x(value), base + 15, f"{value:.3g}", "middle", "muted"))
    parts.append(label(_WIDTH - _RIGHT, base + 31, unit, "end", "muted"))
    return parts


def _mark(x: float, name: str, kind: str, row: int) -> str:
    # the median's name stands at its left, out of the way of the others
    anchor = (
        "end" if x > 0.75 * _WIDTH or (name.startswith("p50") and x > 0.3 * _WIDTH) else "start"
    )
    shift = -4 if anchor == "end" else 4
    y = 10 + 12 * row
    line = f'<line class="{kind}" x1="{x:.1f}" y1="{y - 8}" x2="{x:.1f}" y2="{_HEIGHT - _BOTTOM}"/>'
    return line + label(x + shift, y, name, anchor, kind)


def label(x: float, y: float, text: str, anchor: str, kind: str) -> str:
    """Text at a point, `anchor` one of start, middle, end; escaped."""
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def picture(width: float, height: float, body: str, kind: str = "plot") -> str:
    """One `<svg>` element of a class round what is drawn."""
    return f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" role="img">{body}</svg>'


def nice_above(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten; never less than the value."""
    if value <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    steps = np.array([1, 1.5, 2, 3, 4, 5, 6, 8, 10])
    return max(float(steps[np.searchsorted(steps, value / power - 1e-9)] * power), value)
