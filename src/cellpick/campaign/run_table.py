"""A sweep's runs in numbers: inputs, what is independent of what, and the figures of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellpick.campaign.run_figures import RUN_FIGURES
from cellpick.campaign.sample import Sample
from cellpick.geometry import Floats

Numbers = NDArray[np.int64]


class Measured(NamedTuple):
    """One figure of all runs."""

    value: Floats
    """(n,), NaN where a run has none."""
    trials: Floats
    """(n,) what each is made from: cells, values, or 1."""


class RunTable:
    """Gone through the records once, one after the other."""

    def __init__(self, keys: Sequence[str], figures: Sequence[str]) -> None:
        self.inputs: dict[str, list[Any]] = {key: [] for key in keys}
        """Swept key -> a value a run."""
        self.looks_only = False
        """Whether the scene is only looked at."""
        self._seeds: list[int] = []
        self._ended: list[bool] = []
        self._numbers: dict[str, int] = {}
        self._combination: list[int] = []
        self._values: dict[str, list[tuple[float, float]]] = {name: [] for name in figures}

    def add(self, record: Mapping[str, Any], sample: Sample) -> None:
        """A run more."""
        for key, values in self.inputs.items():
            values.append(record["inputs"].get(key))
        self.looks_only |= sample.kind == "look"
        self._seeds.append(sample.seed)
        self._ended.append(sample.ended)
        self._combination.append(
            self._numbers.setdefault(as_text(record["inputs"]), len(self._numbers))
        )
        for name, pairs in self._values.items():
            pairs.append(RUN_FIGURES[name].value(record, sample))

    def __len__(self) -> int:
        return len(self._seeds)

    @property
    def seed(self) -> Numbers:
        """(n,) the seed of each run."""
        return np.array(self._seeds, np.int64)

    @property
    def ended(self) -> NDArray[np.bool_]:
        """(n,) whether each ended by itself."""
        return np.array(self._ended, np.bool_)

    @property
    def combination(self) -> Numbers:
        """(n,) number of each run's combination of inputs."""
        return np.array(self._combination, np.int64)

    @property
    def number_of(self) -> Mapping[str, int]:
        """Combination, as `as_text` writes it -> its number."""
        return self._numbers

    def measured(self, name: str) -> Measured:
        """A figure of all runs."""
        table = np.array(self._values[name], np.float64).reshape(-1, 2)
        return Measured(table[:, 0], table[:, 1])


def as_text(inputs: Mapping[str, Any]) -> str:
    """A combination of inputs as one word, whatever order its keys have."""
    return json.dumps(dict(inputs), sort_keys=True)
