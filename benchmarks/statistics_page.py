"""The page of `benchmarks.statistics`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.statistics_rates import SIZES

HEAD = """# Statistics of campaigns

Made by `python -m benchmarks.statistics`, from random campaigns with a known truth. Cells of one
episode fail together: their successes are beta-binomial with the correlation named.
docs/statistics.md says what follows for a campaign.
"""


def markdown(document: dict[str, Any]) -> str:
    """All tables."""
    sections = (
        ("coverage", "Intervals of a rate at 95 %: how often they hold the true one", _COVERAGE),
        ("rare_events", "Upper 95 % limit of a rare event: how often it holds", _RARE),
        ("unchanged", "Nothing changed but the noise: how often p is small all the same", _NULL),
        ("ten_reruns", "Ten reruns with other seeds against one baseline", _TEN),
        ("power", "A real change: how often it is called worse", _power_columns()),
        ("sequential", "Sequential test, alpha 1 %, beta 5 %", _SPRT),
    )
    parts = [HEAD]
    for name, title, columns in sections:
        found = document[name]
        parts.append(f"\n## {title}\n\n{NOTES[name].format(runs=found['runs'])}\n\n")
        parts.append(_table(columns, found["rows"]))
    return "".join(parts)


NOTES = {
    "coverage": "{runs} campaigns a row. *Too good*: the true rate lies below the clustered "
    "interval, which flatters; 2.5 % would be due.",
    "rare_events": "{runs} campaigns of 20 episodes of 12 cells a row.",
    "unchanged": "{runs} comparisons a row; success 98 %, correlation 0.1. *Held*: the interval of "
    "the effect holds 0, which is true.",
    "ten_reruns": "{runs} times ten; six figures in a family, judged by Holm's method at 1 %.",
    "power": "{runs} comparisons a figure. Columns: episodes on each side, alone and (in brackets) "
    "as the smallest p of six comparisons.",
    "sequential": "{runs} campaigns a row; in brackets exactly, where trials are independent. The "
    "rows of 12 cells take a correlation of 0.1 for granted.",
}
_COVERAGE = (
    ("cells", "{cells}"),
    ("episodes", "{episodes}"),
    ("true rate", "{rate:.1%}"),
    ("correlation", "{correlation}"),
    ("Wilson, cells independent", "{wilson:.1%}"),
    ("bootstrap over episodes", "{bootstrap:.1%}"),
    ("clustered", "{clustered:.1%}"),
    ("too good", "{too_good:.1%}"),
)
_RARE = (
    ("true rate", "{rate:.2%}"),
    ("correlation", "{correlation}"),
    ("cells independent", "{plain:.1%}"),
    ("with design effect", "{clustered:.1%}"),
)
_NULL = (
    ("figure", "{figure}"),
    ("seeds", "{pairing}"),
    ("episodes a side", "{episodes}"),
    ("p <= 5 %", "{p_05:.1%}"),
    ("p <= 1 %", "{p_01:.1%}"),
    ("interval held", "{interval:.1%}"),
)
_TEN = (
    ("figures", "{figures}"),
    ("episodes a side", "{episodes}"),
    ("reruns with an alarm", "{rerun_alarms:.2%}"),
    ("tens without any", "{ten_without:.0%}"),
)
_SPRT = (
    ("p0", "{p0:.0%}"),
    ("p1", "{p1:.0%}"),
    ("a trial is", "{trial}"),
    ("correlation", "{correlation}"),
    ("true rate", "{true:.0%}"),
    ("planned", "{planned}"),
    ("fail", "{fail:.1%}{exact_fail}"),
    ("pass", "{pass:.1%}{exact_pass}"),
    ("episodes used", "{used:.1f}{exact_used}"),
    ("saved", "{saved:.1f}"),
)


def _power_columns() -> tuple[tuple[str, str], ...]:
    shares = [(f"{n}", f"{{{n}/1:.0%}} ({{{n}/6:.0%}})") for n in SIZES]
    return (("change", "{change}"), ("seeds", "{pairing}"), *shares)


def _table(columns: Iterable[tuple[str, str]], rows: list[dict[str, Any]]) -> str:
    columns = list(columns)
    lines = ["| " + " | ".join(name for name, _ in columns) + " |", "|---" * len(columns) + "|"]
    for row in rows:
        exact = {
            "exact_fail": f" ({row['exact_fail']:.1%})" if "exact_fail" in row else "",
            "exact_pass": f" ({row['exact_pass']:.1%})" if "exact_pass" in row else "",
            "exact_used": f" ({row['exact_used']:.1f})" if "exact_used" in row else "",
        }
        cells = (text.format(**(row | exact)) for _, text in columns)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
