"""Which episodes could as well have been the other campaign's, if nothing has changed.

All exchanges where they are few, else random ones. A design is a table of rows with a column an
episode, the baseline's before the current ones': 1 where the episode counts as current.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, combinations, product
from math import comb, prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellpick.campaign.statistics.pooled import Pooled
from cellpick.geometry import Floats

_TIE = 1e-9
"""Differences that only rounding parts are equal; relative to the one found."""


class Exchanges(NamedTuple):
    """Ways in which the episodes could have fallen to the two campaigns."""

    current: Floats
    """(r, n) 1 where the episode counts as current, 0 where as the baseline's."""
    complete: bool
    """All ways, the one found included; else as many random ones, without it."""
    least: float
    """No test on these episodes can give a smaller p."""


def paired_exchanges(
    differs: NDArray[np.bool_], resamples: int, rng: np.random.Generator
) -> Exchanges:
    """Within pairs; `differs` (m,) says which pairs have anything to exchange."""
    m, where = len(differs), np.flatnonzero(differs)
    complete = 2 ** len(where) <= resamples
    if complete:
        swaps = np.array(list(product((0, 1), repeat=len(where))), dtype=np.float64)
    else:
        swaps = rng.integers(0, 2, (resamples, len(where))).astype(np.float64)
    swapped = np.zeros((len(swaps), m))
    swapped[:, where] = swaps
    # a swap of all pairs parts the campaigns exactly as far
    least = min(1.0, 2.0 ** (1 - len(where)))
    return Exchanges(
        np.hstack([swapped, 1 - swapped]), complete, _reachable(least, complete, resamples)
    )


def free_exchanges(
    baseline: NDArray[np.str_], current: NDArray[np.str_], resamples: int, rng: np.random.Generator
) -> Exchanges:
    """Among the episodes of one stratum; `baseline` (a,) and `current` (b,) name theirs."""
    strata = np.concatenate([baseline, current])
    columns = [np.flatnonzero(strata == name) for name in np.unique(strata)]
    taken = [int((at >= len(baseline)).sum()) for at in columns]
    ways = prod(comb(len(at), k) for at, k in zip(columns, taken, strict=True))
    complete = ways <= resamples
    if complete:
        chosen = product(*(combinations(at, k) for at, k in zip(columns, taken, strict=True)))
        design = np.zeros((ways, len(strata)))
        for row, parts in zip(design, chosen, strict=True):
            row[list(chain(*parts))] = 1
    else:
        design = _random_design(columns, taken, resamples, rng)
    return Exchanges(design, complete, _reachable(1 / ways, complete, resamples))


def chance(pooled: Pooled, exchanges: Exchanges, found: Floats) -> float:
    """Two-sided p: share of the ways that part the two figures as far as `found` (n,) does.

    Random ways have the one found added, so that p is never too small (Phipson and Smyth 2010,
    "Permutation p-values should never be zero").
    """
    here = abs(float(difference(pooled, found[None])[0]))
    apart = np.abs(difference(pooled, exchanges.current))
    hits = int((apart >= here * (1 - _TIE)).sum())
    if exchanges.complete:
        return hits / len(apart)
    return (hits + 1) / (len(apart) + 1)


def difference(pooled: Pooled, current: Floats) -> Floats:
    """(r,) current figure less the baseline's, for membership rows (r, n)."""
    return pooled.figure(current) - pooled.figure(1 - current)


def _random_design(
    columns: Sequence[NDArray[np.intp]], taken: Sequence[int], rows: int, rng: np.random.Generator
) -> Floats:
    design = np.zeros((rows, sum(map(len, columns))))
    for at, k in zip(columns, taken, strict=True):
        marks = np.tile((np.arange(len(at)) < k).astype(np.float64), (rows, 1))
        design[:, at] = rng.permuted(marks, axis=1)
    return design


def _reachable(least: float, complete: bool, resamples: int) -> float:
    return least if complete else max(least, 1 / (resamples + 1))
