"""Where the time of a cycle goes: a stacked bar a row, all on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from cellpick.report.row_plot import ROW, WIDTH, cut
from cellpick.report.svg import label, nice_above, picture

_NAME, _NOTE, _TOP = 300, 90, 34


def stage_plot(bars: Sequence[tuple[str, Mapping[str, float]]]) -> str:
    """`bars`: name and seconds by stage; stages keep one colour over all rows."""
    stages = list(dict.fromkeys(stage for _, shares in bars for stage in shares))
    longest = max((sum(shares.values()) for _, shares in bars), default=0.0)
    if longest <= 0:
        return picture(WIDTH, 60, label(WIDTH / 2, 34, "nothing measured", "middle", "muted"))
    scale = (WIDTH - _NAME - _NOTE) / nice_above(longest)
    parts, at = [], 0.0
    for k, stage in enumerate(stages):
        name = stage.replace("_", " ")
        parts.append(f'<rect class="s{k % 8}" x="{at:.0f}" y="4" width="11" height="11"/>')
        parts.append(label(at + 17, 14, name, "start", "label"))
        at += 40 + 6.6 * len(name)
    for row, (name, shares) in enumerate(bars):
        parts.append(_bar(name, shares, stages, scale, _TOP + ROW * row))
    return picture(WIDTH, _TOP + ROW * len(bars) + 4, "".join(parts), "rows")


def _bar(
    name: str, shares: Mapping[str, float], stages: Sequence[str], scale: float, y: float
) -> str:
    parts = [f"<g><title>{escape(name)}</title>{label(0, y + 13, cut(name), 'start', 'label')}"]
    at = float(_NAME)
    for k, stage in enumerate(stages):
        width = scale * shares.get(stage, 0.0)
        words = f"{stage.replace('_', ' ')}: {shares.get(stage, 0.0):.2f} s"
        parts.append(
            f'<rect class="s{k % 8}" x="{at:.1f}" y="{y:.1f}" width="{width:.1f}" height="16">'
            f"<title>{escape(words)}</title></rect>"
        )
        at += width
    total = f"{sum(shares.values()):.2f} s"
    return "".join(parts) + label(at + 8, y + 13, total, "start", "muted") + "</g>"
