"""Noise of repeated readings: size, growth over distance, correlation between neighbours."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats

LEAST_READINGS = 2


def temporal_sigma(stack: Floats) -> float:
    """Standard deviation of one point's reading over repeated captures (k, h, w), pooled.

    Zivid's point precision, Photoneo's temporal noise and Mech-Mind's Z single-point repeatability
    (1 sigma of 100 measurements of one pixel) are all this figure. NaN readings are left out;
    NaN where no point was read twice.
    """
    kept, mean, count = _about_mean(stack)
    freedom = np.maximum(count - 1, 0).sum()
    if freedom == 0:
        return float("nan")
    return float(np.sqrt(np.nansum((kept - mean) ** 2) / freedom))


def sigma_uncertainty(stack: Floats, tiles: int = 4) -> float:
    """Standard uncertainty of `temporal_sigma` of a stack (k, h, w), from its parts.

    Neighbours share their noise, so points are no independent witnesses; `tiles` x `tiles` parts
    wider than the correlation length are. NaN where fewer than two tiles have a reading.
    """
    parts = [
        temporal_sigma(tile)
        for band in np.array_split(stack, tiles, axis=1)
        for tile in np.array_split(band, tiles, axis=2)
        if tile.size
    ]
    kept = np.array([part for part in parts if np.isfinite(part)])
    if len(kept) < 2:
        return float("nan")
    return float(kept.std(ddof=1) / np.sqrt(len(kept)))


def temporal_part(stack: Floats) -> Floats:
    """Readings (k, h, w) less each point's mean, scaled so that their variance is unbiased.

    NaN where a point was read fewer than twice.
    """
    kept, mean, count = _about_mean(stack)
    seldom = count < LEAST_READINGS
    scale = np.sqrt(count / np.maximum(count - 1, 1))
    result: Floats = np.where(seldom, np.nan, (kept - mean) * scale)
    return result


def growth_exponent(distances_m: Floats, sigmas: Floats) -> float:
    """Slope of log sigma over log distance: 2 for triangulation; NaN below two positive points."""
    z, s = np.asarray(distances_m, dtype=np.float64), np.asarray(sigmas, dtype=np.float64)
    good = np.isfinite(s) & (s > 0) & (z > 0)
    if good.sum() < 2 or np.ptp(z[good]) == 0:
        return float("nan")
    return float(np.polyfit(np.log(z[good]), np.log(s[good]), 1)[0])


def autocorrelation(errors: Floats, most: int) -> Floats:
    """Correlation (most + 1,) of errors (k, h, w) with those 0 to `most` columns to the right.

    Each image's mean is taken off first; pairs with NaN are left out.
    """
    seen = np.isfinite(errors)
    count = np.maximum(seen.sum(axis=(1, 2), keepdims=True), 1)
    e = errors - np.where(seen, errors, 0.0).sum(axis=(1, 2), keepdims=True) / count
    out = np.full(most + 1, np.nan)
    for lag in range(min(most, e.shape[2] - 1) + 1):
        a, b = e[:, :, : e.shape[2] - lag], e[:, :, lag:]
        both = np.isfinite(a) & np.isfinite(b)
        if both.any():
            norm = np.sqrt((a[both] ** 2).mean() * (b[both] ** 2).mean())
            out[lag] = (a[both] * b[both]).mean() / norm if norm > 0 else np.nan
    return out


def correlation_length(correlation: Floats) -> float:
    """Lag in pixels at which the correlation falls to 1/e, between lags by a straight line.

    White noise gives 1 - 1/e; NaN where the correlation never falls that low.
    """
    level = np.exp(-1)
    below = np.flatnonzero(correlation <= level)
    if not len(below) or below[0] == 0:
        return float("nan")
    i = int(below[0])
    high, low = correlation[i - 1], correlation[i]
    return float(i - 1 + (high - level) / (high - low))


def _about_mean(stack: Floats) -> tuple[Floats, Floats, Floats]:
    """Readings, each point's mean and its number of readings; a point never read has mean 0."""
    seen = np.isfinite(stack)
    count = seen.sum(axis=0).astype(np.float64)
    mean = np.where(seen, stack, 0.0).sum(axis=0) / np.maximum(count, 1)
    return np.where(seen, stack, np.nan), mean, count
