"""Errors in words, for the tables on the terminal."""

from __future__ import annotations

from collections.abc import Mapping

QUANTILES = ("p50", "p95", "max")
TITLE = "error p50 / p95 / max"
"""Of a row with `error_words`."""


def error_words(mm: Mapping[str, float | None], deg: Mapping[str, float | None]) -> str:
    """`0.30 / 0.38 / 0.39 mm, 0.04 / 0.09 / 0.13 deg`."""
    return f"{figures_words(mm, QUANTILES, 'mm')}, {figures_words(deg, QUANTILES, 'deg')}"


def figures_words(values: Mapping[str, float | None], names: tuple[str, ...], unit: str) -> str:
    """The named figures, one after the other."""
    return " / ".join(figure_words(values[name]) for name in names) + f" {unit}"


def figure_words(value: float | None, digits: int = 2) -> str:
    """A figure; a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"
