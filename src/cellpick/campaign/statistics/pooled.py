"""A figure of the pooled values of many episodes, for many ways of weighting the episodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellpick.errors import InputError
from cellpick.geometry import Floats

Statistic = Literal["mean", "p50", "p95"]
"""Of all values together: their mean (a rate, where the values are 0 and 1) or a percentile."""
_SHARES = {"p50": 0.5, "p95": 0.95}
_BLOCK = 50_000
"""Weights that are worked on at a time, for the processor's cache."""
_HELD = 4_000_000
"""Weights that are held at a time."""


def portions(rows: int, columns: int) -> list[int]:
    """So many rows of weights, in portions that fit the memory."""
    most = max(1, _HELD // max(1, columns))
    whole, rest = divmod(rows, most)
    return [most] * whole + [rest] * (rest > 0)


class Pooled:
    """The values of n episodes, each any number of them."""

    def __init__(self, values: Sequence[Floats], statistic: Statistic) -> None:
        if statistic != "mean" and statistic not in _SHARES:
            accepted = ", ".join(("mean", *_SHARES))
            raise InputError("no such figure", key="statistic", got=statistic, accepted=accepted)
        self._statistic = statistic
        self.counts = np.array([len(v) for v in values], dtype=np.float64)
        """(n,) values an episode."""
        self.sums = np.array([v.sum() for v in values], dtype=np.float64)
        """(n,)"""
        flat = np.concatenate([np.empty(0), *values])
        self.binary = bool(np.isin(flat, (0, 1)).all())
        """Every value is 0 or 1."""
        order = np.argsort(flat, kind="stable")
        self._sorted = flat[order]
        self._owner = np.repeat(np.arange(len(values)), self.counts.astype(np.int64))[order]

    def figure(self, weights: Floats) -> Floats:
        """(r,) figure of the episodes taken `weights` (r, n) whole times; NaN for no values."""
        if self._statistic == "mean":
            number = weights @ self.counts
            with np.errstate(invalid="ignore"):
                return np.asarray(weights @ self.sums / number)
        rows = max(32, _BLOCK // max(1, len(self._sorted)))
        blocks = [weights[i : i + rows] for i in range(0, len(weights), rows)]
        return np.concatenate([np.empty(0), *(self._percentile(block) for block in blocks)])

    def _percentile(self, weights: Floats) -> Floats:
        """As `numpy.percentile` of the values so repeated: linear between neighbours."""
        # rows of values, columns of weightings: the running sum goes over whole rows at a time
        taken = np.ascontiguousarray(weights.T, dtype=np.float32)[self._owner]
        reached = np.cumsum(taken, axis=0, out=taken)
        number = weights @ self.counts
        place = (number - 1) * _SHARES[self._statistic]
        floor = np.floor(place)
        low = self._value_at(reached, floor)
        high = self._value_at(reached, np.minimum(floor + 1, number - 1))
        return np.where(number > 0, low + (high - low) * (place - floor), np.nan)

    def _value_at(self, reached: NDArray[np.float32], rank: Floats) -> Floats:
        """Values at ranks counted from 0, where `reached` values lie at or before each."""
        if len(self._sorted) == 0:
            return np.full(len(rank), np.nan)
        index = np.count_nonzero(reached <= rank.astype(np.float32), axis=0)
        return np.asarray(self._sorted[np.minimum(index, len(self._sorted) - 1)])
