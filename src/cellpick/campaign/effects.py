"""What swept keys do to each figure: main effects, pairs, and how much of the variance is whose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellpick.campaign.designs import Design
from cellpick.campaign.effect_importance import (
    Exchange,
    exchange_drawn,
    exchange_fixed,
    explained,
)
from cellpick.campaign.effect_levels import levels_of, main_effect, pair_means, rounded
from cellpick.campaign.effect_sobol import sobol_table
from cellpick.campaign.run_figures import RUN_FIGURES, figures_of_kind
from cellpick.campaign.run_table import Measured, Numbers, RunTable, as_text
from cellpick.geometry import Floats

SCHEMA = "cellpick.effects/1"
MOST_PAIRS = 6
"""Pairs of one figure that are shown, those of its most important keys first."""
COARSE, FINE_RUNS = 4, 640
"""A pair's ranges of a key, up to so many runs: a field of the map shall hold some."""
FIXED: tuple[Design, ...] = ("grid", "one_at_a_time")
"""Designs whose combinations are laid out: in them chance comes from the seeds alone."""


def shown_figures(named: Sequence[str]) -> list[str]:
    """The figures to measure: those named, else all that are shown where none are."""
    return list(named) or [name for name, figure in RUN_FIGURES.items() if figure.shown]


def effects_of(
    runs: RunTable,
    figures: Sequence[str],
    design: Design,
    mixtures: Sequence[Mapping[str, Any]],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """`effects.json`, plain values; docs/formats.md has its keys.

    `figures` are those that were asked for; none: all that the scene's kind has. `mixtures` are the
    combinations of inputs of a saltelli design, in its order; Sobol indices need all of them.
    """
    kind = figures_of_kind(runs.looks_only)
    wanted = list(figures) or [name for name in shown_figures(()) if name in kind]
    fixed = design in FIXED
    unit, per = (runs.seed, "seeds") if fixed else _drawn_units(runs, mixtures)
    effects = _Effects(runs, unit, fixed, mixtures)
    told = [effects.of(name, rng) for name in wanted]
    return {
        "schema": SCHEMA,
        "design": design,
        "runs": len(runs),
        "seeds": len(np.unique(runs.seed)),
        "unit": per,
        "units": len(np.unique(unit)),
        "tests": _adjust([row for figure in told for row in figure["importance"]]),
        "figures": told,
    }


class _Effects:
    """What all figures have in common."""

    def __init__(
        self, runs: RunTable, unit: Numbers, fixed: bool, mixtures: Sequence[Mapping[str, Any]]
    ) -> None:
        self._runs, self._unit, self._fixed, self._mixtures = runs, unit, fixed, mixtures
        parts = COARSE if len(runs) < FINE_RUNS else None
        self._levels = {key: levels_of(values) for key, values in runs.inputs.items()}
        self._coarse = (
            {key: levels_of(values, parts) for key, values in runs.inputs.items()}
            if parts
            else self._levels
        )

    def of(self, name: str, rng: np.random.Generator) -> dict[str, Any]:
        """All of one figure."""
        figure, measured = RUN_FIGURES[name], self._runs.measured(name)
        known = np.isfinite(measured.value)
        y = measured.value[known]
        told: dict[str, Any] = {
            "figure": name,
            "unit": figure.unit,
            "better": "more" if figure.more_is_better else "less",
            "meaning": figure.meaning,
            "runs": len(y),
            "left_out": int((~known).sum()),
            "why_left_out": self._why_left_out(figure.lacks, known),
            "mean": rounded(float(y.mean())) if len(y) else None,
            "least": rounded(float(y.min())) if len(y) else None,
            "most": rounded(float(y.max())) if len(y) else None,
            "main": {},
            "pairs": [],
            "pairs_left_out": 0,
            "importance": [],
            "sobol": [],
            "no_sobol": "",
        }
        if len(y) and float(np.ptp(y)) > 1e-9 * float(np.abs(y).max()):
            told |= self._varying(name, measured, known, rng)
        return told

    def _why_left_out(self, lacks: str, known: NDArray[np.bool_]) -> str:
        broken = int((~known & ~self._runs.ended).sum())
        others = int((~known & self._runs.ended).sum())
        told = [(broken, "without a result"), (others, lacks)]
        return ", ".join(f"{number} {words}" for number, words in told if number)

    def _varying(
        self, name: str, measured: Measured, known: NDArray[np.bool_], rng: np.random.Generator
    ) -> dict[str, Any]:
        figure, y = RUN_FIGURES[name], measured.value
        sobol, why = self._sobol(y, rng)
        importance = [
            {"key": key, **explained(levels.of[known], y[known], exchange, rng)}
            for key, levels in self._levels.items()
            for exchange in [self._exchange(key, known)]
        ]
        rank = {row["key"]: float(row["total"]) for row in sobol} or {
            row["key"]: float(row["share"]) for row in importance
        }
        importance.sort(key=lambda row: -rank[row["key"]])
        sobol.sort(key=lambda row: -rank[row["key"]])
        keys = [str(row["key"]) for row in importance]
        pairs = list(combinations(keys, 2))
        return {
            "main": {
                key: main_effect(figure, self._levels[key], measured, self._unit) for key in keys
            },
            "pairs": [pair_means(x, z, self._coarse, y) for x, z in pairs[:MOST_PAIRS]],
            "pairs_left_out": max(len(pairs) - MOST_PAIRS, 0),
            "importance": importance,
            "sobol": sobol,
            "no_sobol": why,
        }

    def _exchange(self, key: str, known: NDArray[np.bool_]) -> Exchange:
        """Of the runs that have the figure."""
        if not self._fixed:
            values = [v for v, k in zip(self._runs.inputs[key], known, strict=True) if k]
            return exchange_drawn(values, self._runs.combination[known])
        others = [levels.of for other, levels in self._levels.items() if other != key]
        table = np.column_stack([np.zeros(len(self._runs), np.int64), *others])
        alike = np.unique(table, axis=0, return_inverse=True)[1].ravel()
        return exchange_fixed(alike[known], self._runs.seed[known])

    def _sobol(self, y: Floats, rng: np.random.Generator) -> tuple[list[dict[str, Any]], str]:
        if not self._mixtures:
            return [], ""
        numbers = self._runs.number_of
        rows = [numbers.get(as_text(mixture)) for mixture in self._mixtures]
        missing = sum(row is None for row in rows)
        if missing:
            return [], f"{missing} of the design's {len(rows)} combinations have not been run"
        known = np.isfinite(y)
        of = self._runs.combination[known]
        n = np.bincount(of, minlength=len(numbers))
        sums = np.bincount(of, y[known], len(numbers))
        mean = np.divide(sums, n, out=np.full(len(n), np.nan), where=n > 0)
        keys = list(self._mixtures[0])
        table = mean[np.array(rows, np.int64)].reshape(len(keys) + 2, -1)
        return sobol_table(keys, table, rng)


def _drawn_units(runs: RunTable, mixtures: Sequence[Mapping[str, Any]]) -> tuple[Numbers, str]:
    """The mixtures of one base point share its inputs, the seeds of a combination all of them."""
    if not mixtures:
        return runs.combination, "combinations"
    count = len(mixtures) // (len(mixtures[0]) + 2)
    base: dict[int, int] = {}
    for k, mixture in enumerate(mixtures):
        number = runs.number_of.get(as_text(mixture))
        if number is not None:
            base.setdefault(number, k % count)
    return np.array([base[number] for number in runs.combination], np.int64), "base points"


def _adjust(tests: Sequence[dict[str, Any]]) -> int:
    """Give each its p among all of them (Holm 1979); how many they are."""
    reached = 0.0
    for rank, row in enumerate(sorted(tests, key=lambda row: float(row["p"]))):
        reached = max(reached, min(1.0, (len(tests) - rank) * float(row["p"])))
        row["p_adjusted"] = rounded(reached)
    return len(tests)
