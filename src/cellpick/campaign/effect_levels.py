"""Means of a figure at the levels of one key, and of two keys together."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from cellpick.campaign.intervals import ratio_bounds
from cellpick.campaign.run_figures import RunFigure
from cellpick.campaign.run_table import Measured, Numbers
from cellpick.campaign.statistics import clustered_interval
from cellpick.geometry import Floats

MOST_LEVELS = 8
"""A key with more values than these is shown in so many parts of equal count."""
CONFIDENCE = 0.95


class Levels(NamedTuple):
    """The values of a key."""

    of: Numbers
    """(n,) which level a run has."""
    labels: list[str]
    """A value, or a range of many numbers."""


def levels_of(values: Sequence[Any], parts: int = MOST_LEVELS) -> Levels:
    """The level of each value: the values themselves, or so many ranges of many numbers."""
    if not are_numbers(values):
        texts = [v if isinstance(v, str) else json.dumps(v) for v in values]
        number = {text: k for k, text in enumerate(dict.fromkeys(texts))}
        return Levels(np.array([number[text] for text in texts], np.int64), list(number))
    x = np.array(values, dtype=np.float64)
    distinct, row = np.unique(x, return_inverse=True)
    if len(distinct) <= MOST_LEVELS:
        return Levels(row.astype(np.int64), [f"{value:g}" for value in distinct])
    ends = np.unique(np.quantile(distinct, np.linspace(0, 1, parts + 1)))
    row = np.clip(np.searchsorted(ends, x, side="right") - 1, 0, len(ends) - 2)
    labels = [f"{a:.3g} to {b:.3g}" for a, b in pairwise(ends)]
    return Levels(row.astype(np.int64), labels)


def are_numbers(values: Sequence[Any]) -> bool:
    """Whether all of a key's values lie on an axis."""
    return all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)


def main_effect(
    figure: RunFigure, levels: Levels, measured: Measured, unit: Numbers
) -> list[dict[str, Any]]:
    """Mean at each level with its interval; runs that share a `unit` are not independent."""
    known = np.isfinite(measured.value)
    rows = []
    for k, label in enumerate(levels.labels):
        there = levels.of == k
        kept = there & known
        low, high = _interval(figure, measured.value[kept], measured.trials[kept], unit[kept])
        rows.append(
            {
                "label": label,
                "value": rounded(measured.value[kept].mean() if kept.any() else math.nan),
                "low": rounded(low),
                "high": rounded(high),
                "runs": int(kept.sum()),
                "left_out": int((there & ~known).sum()),
            }
        )
    return rows


def pair_means(x: str, z: str, levels: Mapping[str, Levels], y: Floats) -> dict[str, Any]:
    """Means over two keys, those of the second from row to row."""
    across, down = levels[x], levels[z]
    shape = len(down.labels), len(across.labels)
    place, known = down.of * shape[1] + across.of, np.isfinite(y)
    n = np.bincount(place[known], minlength=shape[0] * shape[1])
    sums = np.bincount(place[known], y[known], shape[0] * shape[1])
    mean = np.divide(sums, n, out=np.full(len(n), np.nan), where=n > 0)
    return {
        "x": x,
        "y": z,
        "x_labels": across.labels,
        "y_labels": down.labels,
        "value": [[rounded(v) for v in line] for line in mean.reshape(shape)],
        "runs": n.reshape(shape).tolist(),
    }


def _interval(
    figure: RunFigure, y: Floats, trials: Floats, unit: Numbers
) -> tuple[float | None, float | None]:
    """Student's of the units' means; where nothing differs, what could still have been unseen."""
    units, of = np.unique(unit, return_inverse=True)
    if len(units) < 2:
        return None, None
    if figure.form == "share" and (np.all(y == 0) or np.all(y == 1)):
        low, high = clustered_interval(np.round(y * trials), trials, CONFIDENCE)
        return low, high
    if figure.form == "count" and np.all(y == 0):
        # no event in n runs: Garwood 1936, exact for a Poisson count
        return 0.0, -math.log((1 - CONFIDENCE) / 2) / len(y)
    sums, counts = np.bincount(of, y).astype(np.float64), np.bincount(of).astype(np.float64)
    found = ratio_bounds(sums, counts, CONFIDENCE)
    most = 1.0 if figure.form == "share" else math.inf
    return found.low, None if found.high is None else min(found.high, most)


def rounded(value: float | None) -> float | None:
    """To six significant digits; None for what is not finite."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.6g}")
