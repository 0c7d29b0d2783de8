"""What swept keys do to a figure: main effects, pairs, and how much of the variance is whose."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import sobol_indices

from cellpick.geometry import Floats

MOST_LEVELS = 8
"""A key with more values than these is shown in so many parts of equal count."""
MOST_PAIRS = 15
"""Pairs shown, those of the most important keys first."""
DRAWS = 500
"""Permutations and resamples."""
BAND = (0.025, 0.975)
"""Quantiles of an interval's ends."""


def effects_of(
    records: Sequence[Mapping[str, Any]],
    mixtures: Sequence[Mapping[str, Any]],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Plain tables of what the inputs of the records do to the share of cells placed (of a look:
    found); an episode that ended with an error placed none.

    `{"figure", "episodes", "main": {key: [{label, value, low, high, episodes}]},
    "pairs": [{x, y, x_labels, y_labels, value, episodes}],
    "importance": [{key, share, p}], "sobol": [{key, first, first_low, first_high, total, total_low,
    total_high}]}`, importance in falling order. `share` is that of the figure's variance over all
    episodes which the key's main effect explains, chance taken off; `p` how often chance alone
    explains as much. `mixtures` are the combinations of inputs of a saltelli design, in its order;
    Sobol indices need all of them, and none without.
    """
    keys = sorted({key for record in records for key in record["inputs"]})
    y = np.array([share_done(record) for record in records])
    known = np.isfinite(y)
    kept = [record for record, k in zip(records, known, strict=True) if k]
    y = y[known]
    binned = {key: _binned([record["inputs"].get(key) for record in kept]) for key in keys}
    cluster = _rows_alike(kept)
    importance = [
        {"key": key, **_explained(binned[key][0], y, cluster, rng)} for key in keys if len(y)
    ]
    importance.sort(key=lambda row: -float(row["share"]))
    ranked = [str(row["key"]) for row in importance]
    return {
        "figure": "share of cells placed",
        "episodes": len(y),
        "main": {key: _main(*binned[key], y, cluster, rng) for key in ranked},
        "pairs": [_pair(x, z, binned, y) for x, z in list(combinations(ranked, 2))[:MOST_PAIRS]],
        "importance": importance,
        "sobol": _sobol(records, mixtures, rng),
    }


def share_done(record: Mapping[str, Any]) -> float:
    """Share of an episode's cells that were placed, or found where it only looks; 0 where it ended
    with an error, NaN where there was none to place."""
    if record["status"] != "done":
        return 0.0
    if record["kind"] == "look":
        look = record["first_look"]
        return look["found"] / look["cells"] if look["cells"] else float("nan")
    summary = record["summary"]
    due = min(summary["cells_total"], summary.get("slots_total", summary["cells_total"]))
    return summary["placed_ok"] / due if due else float("nan")


def _rows_alike(records: Sequence[Mapping[str, Any]]) -> NDArray[np.int64]:
    """(n,) number of the combination of inputs: its seeds share all that the inputs decide."""
    texts = [_text(record["inputs"]) for record in records]
    number = {text: k for k, text in enumerate(dict.fromkeys(texts))}
    return np.array([number[text] for text in texts], np.int64)


def _text(inputs: Mapping[str, Any]) -> str:
    return json.dumps(dict(inputs), sort_keys=True)


def _binned(values: Sequence[Any]) -> tuple[NDArray[np.int64], list[str]]:
    """(n,) level of each value, and the levels' labels: the values, or ranges of many numbers."""
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
    if not numbers:
        texts = [v if isinstance(v, str) else json.dumps(v) for v in values]
        labels = list(dict.fromkeys(texts))
        return np.array([labels.index(text) for text in texts], np.int64), labels
    x = np.array(values, dtype=np.float64)
    levels, row = np.unique(x, return_inverse=True)
    if len(levels) <= MOST_LEVELS:
        return row.astype(np.int64), [f"{level:g}" for level in levels]
    ends = np.unique(np.quantile(levels, np.linspace(0, 1, MOST_LEVELS + 1)))
    row = np.clip(np.searchsorted(ends, x, side="right") - 1, 0, len(ends) - 2)
    labels = [f"{a:.3g} to {b:.3g}" for a, b in pairwise(ends)]
    return row.astype(np.int64), labels


def _means(level: NDArray[np.int64], count: int, y: Floats) -> tuple[Floats, Floats]:
    n = np.bincount(level, minlength=count).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.bincount(level, y, count) / n, n


def _main(
    level: NDArray[np.int64],
    labels: Sequence[str],
    y: Floats,
    cluster: NDArray[np.int64],
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """Mean at each level; its interval from resamples of combinations of inputs."""
    mean, n = _means(level, len(labels), y)
    total = int(cluster.max(initial=-1)) + 1
    draws = np.full((DRAWS, len(labels)), np.nan)
    for k in range(DRAWS if total > 1 else 0):
        weight = np.bincount(rng.integers(total, size=total), minlength=total)[cluster]
        sums = np.bincount(level, weight, len(labels))
        with np.errstate(invalid="ignore"):
            draws[k] = np.bincount(level, weight * y, len(labels)) / sums
    rows = []
    for k, label in enumerate(labels):
        drawn = draws[np.isfinite(draws[:, k]), k]
        low, high = np.quantile(drawn, BAND) if len(drawn) else (np.nan, np.nan)
        rows.append(
            {
                "label": label,
                "value": _figure(mean[k]),
                "low": _figure(low),
                "high": _figure(high),
                "episodes": int(n[k]),
            }
        )
    return rows


def _pair(
    x: str, z: str, binned: Mapping[str, tuple[NDArray[np.int64], list[str]]], y: Floats
) -> dict[str, Any]:
    (row, down), (column, across) = binned[z], binned[x]
    mean, n = _means(row * len(across) + column, len(down) * len(across), y)
    shape = (len(down), len(across))
    return {
        "x": x,
        "y": z,
        "x_labels": across,
        "y_labels": down,
        "value": [[_figure(v) for v in line] for line in mean.reshape(shape)],
        "episodes": n.astype(int).reshape(shape).tolist(),
    }


def _explained(
    level: NDArray[np.int64], y: Floats, cluster: NDArray[np.int64], rng: np.random.Generator
) -> dict[str, Any]:
    """Correlation ratio (Pearson 1905), less what levels drawn by lot among the combinations of
    inputs explain on average."""
    if float(np.ptp(y)) == 0:
        return {"share": 0.0, "p": 1.0}
    first = np.unique(cluster, return_index=True)[1]
    own = level[first]
    plain = _ratio(own[cluster], y)
    drawn = np.array([_ratio(rng.permutation(own)[cluster], y) for _ in range(DRAWS)])
    chance = float(drawn.mean())
    share = max(0.0, (plain - chance) / (1 - chance)) if chance < 1 else 0.0
    p = (1 + int(np.sum(drawn >= plain - 1e-12))) / (1 + DRAWS)
    return {"share": _figure(share), "p": _figure(p)}


def _ratio(level: NDArray[np.int64], y: Floats) -> float:
    mean, n = _means(level, int(level.max()) + 1, y)
    there = n > 0
    between = float(np.sum(n[there] * (mean[there] - y.mean()) ** 2))
    return between / float(np.sum((y - y.mean()) ** 2))


def _sobol(
    records: Sequence[Mapping[str, Any]],
    mixtures: Sequence[Mapping[str, Any]],
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """Indices of the mean over seeds; none where a mixture is missing or nothing ever changes."""
    done: dict[str, list[float]] = {}
    for record in records:
        done.setdefault(_text(record["inputs"]), []).append(share_done(record))
    rows = [_text(mixture) for mixture in mixtures]
    if not rows or not done.keys() >= set(rows):
        return []
    mean = np.array([np.mean(done[row]) for row in rows])
    own_keys = list(mixtures[0])
    n = len(rows) // (len(own_keys) + 2)
    if not np.isfinite(mean).all() or float(np.ptp(mean)) == 0:
        return []
    first, second, mixed = mean[:n], mean[n : 2 * n], mean[2 * n :].reshape(len(own_keys), 1, n)
    found = sobol_indices(
        func={"f_A": first[None], "f_B": second[None], "f_AB": mixed}, n=n, rng=rng
    )
    spread = found.bootstrap(confidence_level=0.95, n_resamples=DRAWS)
    table = []
    for k, key in enumerate(own_keys):
        row: dict[str, Any] = {"key": key}
        for name in ("first", "total"):
            values = getattr(found, f"{name}_order"), getattr(spread, f"{name}_order")
            ends = values[1].confidence_interval
            row[name] = _figure(np.ravel(values[0])[k])
            row[f"{name}_low"] = _figure(np.ravel(ends.low)[k])
            row[f"{name}_high"] = _figure(np.ravel(ends.high)[k])
        table.append(row)
    return table


def _figure(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None
