"""How much of a figure's variance a key explains by itself, and how often chance does as much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import f as f_distribution

from cellpick.campaign.effect_levels import MOST_LEVELS, are_numbers, rounded
from cellpick.campaign.run_table import Numbers
from cellpick.geometry import Floats

MOST_DRAWN = 2_000
"""Units up to this many are exchanged by lot; of more, the F distribution tells the same."""
EXCEEDED = 20
"""So many exchanges that explain as much end the lot: p is then known well enough."""
MOST_DRAWS = 4_000


class Exchange(NamedTuple):
    """What may be exchanged if a key does nothing."""

    unit: Numbers
    """(n,) runs that travel together."""
    block: Numbers
    """(n,) units change places within a block alone."""


def exchange_drawn(values: Sequence[Any], combination: Numbers) -> Exchange:
    """Of a design drawn by lot: the key's values among the combinations, seeds together.

    Where nearly each combination has a value of its own, runs of equal value travel together: the
    mixtures of a saltelli design share theirs.
    """
    unit = combination
    if are_numbers(values):
        distinct, row = np.unique(np.array(values, dtype=np.float64), return_inverse=True)
        if len(distinct) > MOST_LEVELS:
            unit = row.astype(np.int64)
    return Exchange(unit, np.zeros(len(unit), np.int64))


def exchange_fixed(others: Numbers, seed: Numbers) -> Exchange:
    """Of a design that is laid out: results of one seed, where all other keys (n,) are alike."""
    _, block = np.unique(np.column_stack([others, seed]), axis=0, return_inverse=True)
    return Exchange(np.arange(len(seed)), block.ravel().astype(np.int64))


def explained(
    level: Numbers, y: Floats, exchange: Exchange, rng: np.random.Generator
) -> dict[str, Any]:
    """`share`: the correlation ratio (Pearson 1905), less what chance alone would explain.

    `p`: how often an exchange explains as much (Besag and Clifford 1991, "Sequential Monte Carlo
    p-values"); 1 where nothing can be exchanged or nothing differs.
    """
    y = y - y.mean()
    total = float(y @ y)
    units, first, of = np.unique(exchange.unit, return_index=True, return_inverse=True)
    sums, n = np.bincount(of, y).astype(np.float64), np.bincount(of).astype(np.float64)
    own, block = level[first], exchange.block[first]
    blocks = int(block.max(initial=-1)) + 1
    free = len(units) - len(np.unique(block))
    if total <= 0 or free <= 0 or len(np.unique(own)) < 2:
        return {"share": 0.0, "p": 1.0}
    plain = _between(own, sums, n) / total
    mean = np.bincount(block, sums, blocks) / np.maximum(np.bincount(block, n, blocks), 1)
    within = float(np.sum((sums - mean[block] * n) ** 2 / n))
    steps = len(np.unique(own)) - 1
    chance = min(steps * within / free / total, 1.0)
    share = max(0.0, (plain - chance) / (1 - chance)) if chance < 1 else 0.0
    if len(units) > MOST_DRAWN:
        p = _by_formula(own, sums - mean[block] * n, n, steps, free, within)
    else:
        p = _by_lot(own, block, sums, n, rng)
    return {"share": rounded(share), "p": rounded(p)}


def _between(level: Numbers, sums: Floats, n: Floats) -> float:
    """Sum of squares between levels; `sums` (units,) of what has the mean 0."""
    counts = np.bincount(level, n)
    there = counts > 0
    return float(np.sum(np.bincount(level, sums)[there] ** 2 / counts[there]))


def _by_lot(
    level: Numbers, block: Numbers, sums: Floats, n: Floats, rng: np.random.Generator
) -> float:
    order = np.argsort(block, kind="stable")
    level, block, sums, n = level[order], block[order], sums[order], n[order]
    least = _between(level, sums, n) * (1 - 1e-12)
    single, exceeded = len(np.unique(block)) == 1, 0
    for draw in range(1, MOST_DRAWS + 1):
        lot = rng.random(len(block))
        place = np.argsort(lot) if single else np.lexsort((lot, block))
        exceeded += _between(level[place], sums, n) >= least
        if exceeded == EXCEEDED:
            return exceeded / draw
    return (1 + exceeded) / (1 + MOST_DRAWS)


def _by_formula(
    level: Numbers, sums: Floats, n: Floats, steps: int, free: int, within: float
) -> float:
    between = _between(level, sums, n)
    left = max(within - between, 0.0)
    if left <= 1e-12 * within or free <= steps:
        return 0.0 if free > steps else 1.0
    return float(f_distribution.sf(between / steps / (left / (free - steps)), steps, free - steps))
