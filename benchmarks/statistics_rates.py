"""How often each verdict and interval is right, measured on random campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, Literal

import numpy as np

from benchmarks.statistics_models import (
    Episodes,
    Truth,
    draw_counts,
    draw_episodes,
    draw_place_errors,
    draw_successes,
)
from cellpick.campaign.statistics import (
    ALPHA,
    Comparison,
    Sprt,
    clustered_interval,
    compare,
    design_effect,
    holm,
    sprt_rates,
    upper_limit,
    wilson,
)

Row = dict[str, Any]
Figure = Literal["rate", "mean", "p95"]
"""Success rate, or mean or 95th percentile of the place error."""
FIGURES: tuple[Figure, ...] = ("rate", "mean", "p95")
RESAMPLES, MANY_RESAMPLES = 999, 4999
"""Of a comparison; many where they are then all the exchanges of up to 12 pairs."""


def coverage(rng: np.random.Generator, campaigns: int) -> list[Row]:
    """How often 95 % intervals hold the true rate: Wilson's, and two that know of episodes."""
    rows = []
    for cells, episodes in ((12, 5), (12, 20), (12, 60), (2, 20)):
        for rate, correlation in product((0.9, 0.98, 0.995), (0.0, 0.1, 0.3)):
            truth = Truth(rate, correlation, cells)
            counts, n = draw_counts(campaigns, episodes, truth, rng), np.full(episodes, cells)
            ends = {
                "wilson": [wilson(int(k.sum()), int(n.sum())) for k in counts],
                "bootstrap": [_bootstrap(k / cells, rng) for k in counts],
                "clustered": [clustered_interval(k, n) for k in counts],
            }
            held = {name: share(lo <= rate <= hi for lo, hi in e) for name, e in ends.items()}
            above = share(rate < lo for lo, _ in ends["clustered"])
            setting = {"cells": cells, "episodes": episodes, "rate": rate}
            rows.append(setting | {"correlation": correlation} | held | {"too_good": above})
    return rows


def rare_events(rng: np.random.Generator, campaigns: int) -> list[Row]:
    """How often the true rate of a rare event lies below its upper 95 % limit."""
    rows = []
    for rate, correlation in product((0.015, 0.02, 0.05), (0.0, 0.1)):
        counts = 12 - draw_counts(campaigns, 20, Truth(1 - rate, correlation), rng)
        n = np.full(20, 12)
        plain = [upper_limit(int(k.sum()), 240) for k in counts]
        wide = [upper_limit(int(k.sum()), 240, design_effect=design_effect(k, n)) for k in counts]
        held = {
            "plain": share(u >= rate for u in plain),
            "clustered": share(u >= rate for u in wide),
        }
        rows.append({"rate": rate, "correlation": correlation} | held)
    return rows


def verdicts(
    figure: Figure, paired: bool, episodes: int, change: Truth, rng: np.random.Generator, runs: int
) -> list[Comparison]:
    """Baselines and campaigns of the changed code, compared on one figure."""
    return [_compared(figure, paired, episodes, change, rng) for _ in range(runs)]


def unchanged(rng: np.random.Generator, runs: int) -> list[Row]:
    """Verdicts on a change that changes nothing but the noise, and intervals around no effect."""
    rows = []
    for figure, paired, episodes in product(FIGURES, (True, False), (4, 20)):
        found = verdicts(figure, paired, episodes, Truth(), rng, runs)
        rows.append(
            {
                "figure": figure,
                "pairing": found[0].pairing,
                "episodes": episodes,
                "p_05": share(c.p <= 0.05 for c in found),
                "p_01": share(c.p <= ALPHA for c in found),
                "interval": share(c.interval.low <= 0 <= c.interval.high for c in found),
            }
        )
    return rows


def ten_reruns(rng: np.random.Generator, runs: int, episodes: int = 20) -> list[Row]:
    """One baseline and ten reruns with other seeds, six figures each: any alarm at all."""
    campaigns, reruns = 0, 0
    for _ in range(runs):
        first = _six_figures(draw_episodes(episodes, rng), rng, "a")
        alarms = []
        for _ in range(10):
            now = _six_figures(draw_episodes(episodes, rng), rng, "b")
            family = {
                name: compare(
                    first[name], now[name], rng, better=_better(name), resamples=RESAMPLES
                )
                for name in first
            }
            alarms.append(any(c.verdict == "worse" for c in holm(family).values()))
        campaigns, reruns = campaigns + any(alarms), reruns + sum(alarms)
    row = {"figures": 6, "episodes": episodes, "rerun_alarms": reruns / (10 * runs)}
    return [row | {"ten_without": 1 - campaigns / runs}]


SIZES = (4, 8, 12, 20, 40)
CHANGES = {
    "success 98 % to 95 %": ("rate", Truth(rate=0.95)),
    "success 98 % to 90 %": ("rate", Truth(rate=0.9)),
    "success 98 % to 70 %": ("rate", Truth(rate=0.7)),
    "place error p95 + 20 %": ("p95", Truth(place_factor=1.2)),
    "place error p95 + 50 %": ("p95", Truth(place_factor=1.5)),
    "place error mean + 20 %": ("mean", Truth(place_factor=1.2)),
    "place error p95 x 3": ("p95", Truth(place_factor=3.0)),
}


def power(rng: np.random.Generator, runs: int) -> list[Row]:
    """How often a real change is called worse, by the number of episodes."""
    rows = []
    for (name, (figure, change)), paired in product(CHANGES.items(), (True, False)):
        shares = {}
        for episodes in SIZES:
            found = verdicts(figure, paired, episodes, change, rng, runs)
            for family in (1, 6):
                worse = share(c.p <= ALPHA / family and _is_worse(c) for c in found)
                shares[f"{episodes}/{family}"] = worse
        rows.append({"change": name, "pairing": found[0].pairing} | shares)
    return rows


def sequential(rng: np.random.Generator, runs: int) -> list[Row]:
    """Wrong and missing verdicts of the sequential test, and what it saves."""
    rows = []
    for p0, p1, planned in ((0.95, 0.8, 60), (0.98, 0.9, 100), (0.98, 0.9, 300)):
        sprt = Sprt(p0, p1)
        for truth in (p0, p1):
            exact = sprt_rates(sprt, truth, planned)
            drawn = rng.random((runs, planned)) < truth
            found = [sprt.judge(row, np.ones(planned), planned) for row in drawn]
            rows.append(
                _sprt_row(sprt, "episode", 0.0, truth, planned, found)
                | {
                    "exact_fail": exact.fails,
                    "exact_pass": exact.passes,
                    "exact_used": exact.trials,
                }
            )
    for correlation, truth in product((0.0, 0.1, 0.3), (0.98, 0.9)):
        sprt = Sprt(0.98, 0.9, design_effect=1 + 11 * 0.1)
        counts = draw_counts(runs, 60, Truth(truth, correlation), rng)
        found = [sprt.judge(k, np.full(60, 12), 60) for k in counts]
        rows.append(_sprt_row(sprt, "12 cells", correlation, truth, 60, found))
    return rows


def broken(document: Mapping[str, Any]) -> list[str]:
    """Stated rates (docs/statistics.md) that were exceeded by more than three standard errors."""
    demands = [("ten_reruns", r, 1 - r["ten_without"], 0.05) for r in _rows(document, "ten_reruns")]
    for row in _rows(document, "coverage"):
        demands.append(("coverage", row, 1 - row["clustered"], 0.08))
    for row in _rows(document, "unchanged"):
        demands += [("unchanged", row, row["p_05"], 0.05), ("unchanged", row, row["p_01"], ALPHA)]
    for row in _rows(document, "sequential"):
        # what the test takes for granted; beyond it, nothing is promised
        if row["correlation"] <= 0.1:
            wrong, stated = ("fail", 0.01) if row["true"] == row["p0"] else ("pass", 0.05)
            demands.append(("sequential", row, row[wrong], stated))
    return [
        f"{name}: {found:.3f} > {stated}: {row}"
        for name, row, found, stated in demands
        if found > stated + 3 * np.sqrt(stated * (1 - stated) / document[name]["runs"])
    ]


def _rows(document: Mapping[str, Any], name: str) -> list[Row]:
    return list(document[name]["rows"]) if name in document else []


def share(flags: Any) -> float:
    """Of what is true."""
    return float(np.mean(list(flags)))


def _sprt_row(
    sprt: Sprt, unit: str, correlation: float, truth: float, planned: int, found: list[Any]
) -> Row:
    return {
        "p0": sprt.p0,
        "p1": sprt.p1,
        "trial": unit,
        "correlation": correlation,
        "true": truth,
        "planned": planned,
        "fail": share(v.verdict == "fail" for v in found),
        "pass": share(v.verdict == "pass" for v in found),
        "used": float(np.mean([v.used for v in found])),
        "saved": float(np.mean([v.saved for v in found])),
    }


def _bootstrap(rates: Any, rng: np.random.Generator) -> tuple[float, float]:
    chosen = rng.integers(0, len(rates), (400, len(rates)))
    low, high = np.quantile(rates[chosen].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _compared(
    figure: Figure, paired: bool, count: int, change: Truth, rng: np.random.Generator
) -> Comparison:
    episodes = draw_episodes(count, rng)
    later = episodes if paired else draw_episodes(count, rng)
    name = "" if paired else "other"
    resamples = MANY_RESAMPLES if count <= 12 else RESAMPLES
    if figure == "rate":
        sides = draw_successes(episodes, Truth(), rng), draw_successes(later, change, rng, name)
        return compare(*sides, rng, resamples=resamples)
    errors = draw_place_errors(episodes, Truth(), rng), draw_place_errors(later, change, rng, name)
    return compare(*errors, rng, statistic=figure, better="lower", resamples=resamples)


def _six_figures(episodes: Episodes, rng: np.random.Generator, name: str) -> dict[str, Any]:
    truths = (Truth(), Truth(rate=0.99), Truth(rate=0.9))
    rates = {f"rate {t.rate}": draw_successes(episodes, t, rng, name) for t in truths}
    errors = {f"error {i}": draw_place_errors(episodes, Truth(), rng, name) for i in range(3)}
    return rates | errors


def _better(name: str) -> Any:
    return "lower" if name.startswith("error") else "higher"


def _is_worse(comparison: Comparison) -> bool:
    return (comparison.effect < 0) == (comparison.better == "higher")
