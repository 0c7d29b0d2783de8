"""Sobol indices of a saltelli design, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cellpick.campaign.effect_levels import rounded
from cellpick.geometry import Floats

DRAWS = 1_000
BAND = (0.025, 0.975)
"""Quantiles of an interval's ends."""
AT_ONCE = 1_000_000
"""Numbers drawn at a time."""
MOST_LOST = 0.1
"""Share of the base points without a value above which the indices are those of another sample."""
MOST_INDEX = 10.0
WIDEST = 0.5
"""An index whose interval is wider is not known."""


def sobol_table(
    keys: Sequence[str], y: Floats, rng: np.random.Generator
) -> tuple[list[dict[str, Any]], str]:
    """The indices of each key, and in words why there are none.

    `y` (k + 2, n): the figure at the n base points of A, of B, and of A with key k taken from B.
    First order as Saltelli et al. 2010 ("Variance based sensitivity analysis of model output",
    table 2 b), total as Jansen 1999 (table 2 f there); intervals from resamples of base points.
    """
    whole = np.isfinite(y).all(axis=0)
    lost, n = int((~whole).sum()), y.shape[1]
    if lost > MOST_LOST * n:
        return [], f"{lost} of {n} base points have a run without this figure"
    y = y[:, whole]
    if n - lost < 2 or float(np.ptp(y)) == 0:
        return [], "the figure is the same in all of them"
    terms = _terms(y - y[:2].mean())
    values = _indices(terms.mean(axis=0)[None])[0]
    low, high = np.quantile(_resampled(terms, rng), BAND, axis=0)
    table = []
    for k, key in enumerate(keys):
        row: dict[str, Any] = {"key": key}
        for order, name in enumerate(("first", "total")):
            row[name] = rounded(values[order, k])
            row[f"{name}_low"], row[f"{name}_high"] = (
                rounded(low[order, k]),
                rounded(high[order, k]),
            )
            row[f"{name}_known"] = bool(high[order, k] - low[order, k] <= WIDEST)
        table.append(row)
    return table, ""


def _terms(y: Floats) -> Floats:
    """(n, 2 + 3 keys) whose means are all that the indices are made of."""
    a, b, mixed = y[0], y[1], y[2:]
    change = mixed - a
    halves = [(a + b) / 2, (a**2 + b**2) / 2]
    terms: Floats = np.vstack([*halves, b * change, change, change**2 / 2]).T
    return terms


def _indices(means: Floats) -> Floats:
    """(draws, 2, keys) first and total order out of means (draws, 2 + 3 keys)."""
    middle, square = means[:, :1], means[:, 1:2]
    product, change, half = np.split(means[:, 2:], 3, axis=1)
    # a resample in which nothing differs says nothing: as wide as can be
    variance = np.maximum(square - middle**2, 1e-300)
    found = np.stack([(product - middle * change) / variance, half / variance], axis=1)
    clipped: Floats = np.clip(found, -MOST_INDEX, MOST_INDEX)
    return clipped


def _resampled(terms: Floats, rng: np.random.Generator) -> Floats:
    n, found = len(terms), []
    step = max(1, AT_ONCE // n)
    for start in range(0, DRAWS, step):
        rows = rng.integers(n, size=(min(step, DRAWS - start), n))
        weight = np.stack([np.bincount(row, minlength=n) for row in rows])
        found.append(_indices(weight @ terms / n))
    return np.concatenate(found)
