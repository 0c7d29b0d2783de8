"""Which episodes could as well have been the other campaign's, if nothing has changed.

All exchanges where they are few, else random ones. A design is a table of rows with a column an
episode, the baseline's before the current ones': 1 where the episode counts as current.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations, product
from math import comb, prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellpick.campaign.statistics.pooled import Pooled, portions
from cellpick.geometry import Floats

_TIE = 1e-9
"""Differences that only rounding parts are equal; relative to the one found."""


class Exchanges(NamedTuple):
    """Ways in which the episodes could have fallen to the two campaigns."""

    designs: Iterator[Floats]
    """Some of the rows at a time, each (rows, n)."""
    ways: int
    """How many there are."""
    complete: bool
    """The designs are all of them, the one found included; else random ones, without it."""


class Chance(NamedTuple):
    """The outcome of an exchange test, two-sided."""

    p: float
    """Share of the ways that part the two figures at least as far as they are."""
    least: float
    """Share of those that part them farthest: no outcome could have given less."""


def paired_exchanges(
    differs: NDArray[np.bool_], resamples: int, rng: np.random.Generator
) -> Exchanges:
    """Within pairs; `differs` (m,) says which pairs have anything to exchange."""
    where = np.flatnonzero(differs)
    ways = 2 ** len(where)
    if ways <= resamples:
        table = np.array(list(product((0, 1), repeat=len(where))), dtype=np.float64)
        return Exchanges(iter([_swapped(table, where, len(differs))]), ways, complete=True)
    designs = (
        _swapped(rng.integers(0, 2, (rows, len(where))).astype(np.float64), where, len(differs))
        for rows in portions(resamples, 2 * len(differs))
    )
    return Exchanges(designs, ways, complete=False)


def free_exchanges(
    baseline: NDArray[np.str_], current: NDArray[np.str_], resamples: int, rng: np.random.Generator
) -> Exchanges:
    """Among the episodes of one stratum; `baseline` (a,) and `current` (b,) name theirs."""
    strata = np.concatenate([baseline, current])
    columns = [np.flatnonzero(strata == name) for name in np.unique(strata)]
    taken = [int((at >= len(baseline)).sum()) for at in columns]
    ways = prod(comb(len(at), k) for at, k in zip(columns, taken, strict=True))
    if ways > resamples:
        sizes = portions(resamples, len(strata))
        designs = (_random_design(columns, taken, rows, rng) for rows in sizes)
        return Exchanges(designs, ways, complete=False)
    chosen = product(*(combinations(at, k) for at, k in zip(columns, taken, strict=True)))
    design = np.zeros((ways, len(strata)))
    for row, parts in zip(design, chosen, strict=True):
        row[list(chain(*parts))] = 1
    return Exchanges(iter([design]), ways, complete=True)


def chance(pooled: Pooled, exchanges: Exchanges, found: Floats) -> Chance:
    """How often the exchanges part the two figures as far as membership `found` (n,) does.

    Random ways have the one found added, so that p is never too small (Phipson and Smyth 2010,
    "Permutation p-values should never be zero").
    """
    here = abs(float(difference(pooled, found[None])[0]))
    apart = np.concatenate([np.abs(difference(pooled, rows)) for rows in exchanges.designs])
    if not exchanges.complete:
        apart = np.append(apart, here)
    p, least = (float((apart >= far * (1 - _TIE)).mean()) for far in (here, apart.max()))
    return Chance(p, least)


def difference(pooled: Pooled, current: Floats) -> Floats:
    """(r,) current figure less the baseline's, for membership rows (r, n)."""
    return pooled.figure(current) - pooled.figure(1 - current)


def _swapped(swaps: Floats, where: NDArray[np.intp], pairs: int) -> Floats:
    swapped = np.zeros((len(swaps), pairs))
    swapped[:, where] = swaps
    return np.hstack([swapped, 1 - swapped])


def _random_design(
    columns: Sequence[NDArray[np.intp]], taken: Sequence[int], rows: int, rng: np.random.Generator
) -> Floats:
    design = np.zeros((rows, sum(map(len, columns))))
    for at, k in zip(columns, taken, strict=True):
        marks = np.tile((np.arange(len(at)) < k).astype(np.float64), (rows, 1))
        design[:, at] = rng.permuted(marks, axis=1)
    return design
