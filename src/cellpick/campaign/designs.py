"""Designs of experiments: tables of values, a row an experiment, a column a factor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Literal

import numpy as np
from scipy.stats import qmc

from cellpick.geometry import Floats

Design = Literal["grid", "one_at_a_time", "random", "sobol", "saltelli"]
Table = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Axis:
    """One factor."""

    levels: tuple[Any, ...]
    """Its values in a grid; the first is the usual one."""
    low: float | None = None
    """Least value of a continuous factor; none where only the levels exist."""
    high: float | None = None
    """Greatest value."""
    log: bool = False
    """Whether ratios count, not differences."""

    @classmethod
    def of_levels(cls, levels: Sequence[Any]) -> Axis:
        """A factor that has these values alone."""
        return cls(tuple(levels))

    @classmethod
    def of_range(cls, low: float, high: float, steps: int, scale: str) -> Axis:
        """A continuous factor."""
        axis = cls((), low, high, scale == "log")
        return cls(tuple(axis.at(u) for u in np.linspace(0, 1, steps)), low, high, axis.log)

    def at(self, u: float) -> Any:
        """Its value at a share `u` of the way, 0 to 1; of levels, each has an equal part of it."""
        if self.low is None or self.high is None:
            return self.levels[min(int(u * len(self.levels)), len(self.levels) - 1)]
        if self.log:
            value = self.low * (self.high / self.low) ** float(u)
        else:
            value = self.low + (self.high - self.low) * float(u)
        # more digits would make commands that nobody can read
        return float(f"{value:.6g}")


def grid(axes: Sequence[Axis], points: int, seed: int) -> Table:
    """All combinations of levels; the last factor changes fastest."""
    return list(product(*(axis.levels for axis in axes)))


def one_at_a_time(axes: Sequence[Axis], points: int, seed: int) -> Table:
    """All factors at their first level, and each alone at each of its others."""
    usual = [axis.levels[0] for axis in axes]
    rows = [tuple(usual)]
    for k, axis in enumerate(axes):
        rows += [(*usual[:k], level, *usual[k + 1 :]) for level in axis.levels[1:]]
    return rows


def random(axes: Sequence[Axis], points: int, seed: int) -> Table:
    """Independent uniform draws."""
    return _table(axes, np.random.default_rng(seed).random((points, len(axes))))


def sobol(axes: Sequence[Axis], points: int, seed: int) -> Table:
    """Scrambled Sobol points (Owen 1998), which cover the space evenly at any number; best at a
    power of two."""
    return _table(axes, _sobol(len(axes), points, seed))


def saltelli(axes: Sequence[Axis], points: int, seed: int) -> Table:
    """Two samples A and B of `points` rows, rounded up to a power of two, then A with each factor
    taken from B (Saltelli et al. 2010): what Sobol indices are computed from."""
    count = _power_of_two(points)
    both = _sobol(2 * len(axes), count, seed)
    first, second = both[:, : len(axes)], both[:, len(axes) :]
    mixed = []
    for k in range(len(axes)):
        one = first.copy()
        one[:, k] = second[:, k]
        mixed.append(one)
    return _table(axes, np.concatenate([first, second, *mixed]))


def count_of(design: Design, axes: Sequence[Axis], points: int) -> int:
    """Rows of a design's table, before that is made: a slip of the pen may ask for billions."""
    if design == "grid":
        return prod(len(axis.levels) for axis in axes)
    if design == "one_at_a_time":
        return 1 + sum(len(axis.levels) - 1 for axis in axes)
    if design == "saltelli":
        return _power_of_two(points) * (len(axes) + 2)
    return points


def _power_of_two(points: int) -> int:
    return 1 << int(np.ceil(np.log2(max(points, 2))))


def _sobol(dimensions: int, points: int, seed: int) -> Floats:
    engine = qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(seed))
    # a whole power of two is drawn, as a part of one unbalances the sample
    drawn = engine.random_base2(int(np.ceil(np.log2(max(points, 2)))))
    result: Floats = np.asarray(drawn)[:points]
    return result


def _table(axes: Sequence[Axis], shares: Floats) -> Table:
    return [tuple(axis.at(u) for axis, u in zip(axes, row, strict=True)) for row in shares]


DESIGNS: dict[str, Callable[[Sequence[Axis], int, int], Table]] = {
    "grid": grid,
    "one_at_a_time": one_at_a_time,
    "random": random,
    "sobol": sobol,
    "saltelli": saltelli,
}
"""By the name that a sweep file gives."""
