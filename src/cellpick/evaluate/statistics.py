"""Figures of a sample as `summary.json` wants them: rounded, None where nothing was measured."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.special import ndtri

from cellpick.geometry import Floats

_DECIMALS = 6


def figure(value: float) -> float | None:
    """The value to six decimals; None where it is not a number or not finite."""
    return round(float(value), _DECIMALS) if np.isfinite(value) else None


def quantiles(values: Iterable[float] | Floats) -> dict[str, float | None]:
    """Median, 95th percentile (linear between values) and largest of the finite values."""
    kept = _finite(values)
    return {
        "p50": figure(_percentile(kept, 50)),
        "p95": figure(_percentile(kept, 95)),
        "max": figure(kept.max() if len(kept) else np.nan),
    }


def mean_and_quantiles(values: Iterable[float] | Floats) -> dict[str, float | None]:
    """Mean, median and 95th percentile of the finite values."""
    kept = _finite(values)
    return {
        "mean": figure(kept.mean() if len(kept) else np.nan),
        "p50": figure(_percentile(kept, 50)),
        "p95": figure(_percentile(kept, 95)),
    }


def wilson_interval(
    successes: float, trials: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Confidence interval of a rate; (0, 1) without trials. Effective counts may be fractions.

    Wilson 1927, "Probable inference", as equation (4) of Brown, Cai and DasGupta 2001, "Interval
    estimation for a binomial proportion".
    """
    if trials == 0:
        return 0.0, 1.0
    z = float(ndtri((1 + confidence) / 2))
    rate, z2 = successes / trials, z**2
    middle = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = np.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials**2)) * z / (1 + z2 / trials)
    # rounding must not push an end past the rate itself
    return max(0.0, min(rate, float(middle - half))), min(1.0, max(rate, float(middle + half)))


def _finite(values: Iterable[float] | Floats) -> Floats:
    array = np.asarray(list(values), dtype=np.float64)
    return array[np.isfinite(array)]


def _percentile(kept: Floats, share: float) -> float:
    return float(np.percentile(kept, share)) if len(kept) else float("nan")
