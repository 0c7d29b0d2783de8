"""Two cells cannot claim one volume: overlaps, by the capsules that lie inside the cylinders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.heap.fit import Fitted
from cellpick.perception.heap.slide import Profiles, gains

TOLERANCE = 0.12
"""Part of the diameter by which estimates may overlap: both are a little off, and cells yield."""
SURE_M = 0.001
"""A place along the axis that is known better than this is no other cell's to move."""


def segment_distance(p: Floats, d: Floats, q: Floats, e: Floats, half: float) -> Floats:
    """Distance (...) of segments of half length `half` about p, q (..., 3) along unit d, e.

    Ericson 2004, "Real-Time Collision Detection", 5.1.9.
    """
    r = p - q
    b, c, f = (np.sum(x * y, axis=-1) for x, y in ((d, e), (d, r), (e, r)))
    denominator = 1 - b * b
    s = np.where(denominator > 1e-9, (b * f - c) / np.maximum(denominator, 1e-9), 0.0)
    s = np.clip(s, -half, half)
    t = np.clip(b * s + f, -half, half)
    s = np.clip(b * t - c, -half, half)
    gap = r + s[..., None] * d - t[..., None] * e
    result: Floats = np.linalg.norm(gap, axis=-1)
    return result


def overlaps(Ts: Floats, diameter_m: float, height_m: float) -> Floats:
    """(n, n) how deep the capsules inside the cells (n, 4, 4) overlap; negative for a gap, and
    -inf with itself."""
    p, d = Ts[:, :3, 3], Ts[:, :3, 2]
    half = max((height_m - diameter_m) / 2, 0.0)
    gap = segment_distance(p[:, None], d[:, None], p[None], d[None], half) - diameter_m
    np.fill_diagonal(gap, np.inf)
    return -gap


def free_places(
    fitted: Fitted,
    middle: Floats,
    surer: NDArray[np.bool_],
    profiles: Profiles,
    diameter_m: float,
    height_m: float,
) -> NDArray[np.bool_]:
    """(k, m) where along its axis (k, 4, 4) a cell overlaps none that is surer, (k, k), each at
    its place `middle` (k,)."""
    Ts = fitted.Ts
    p, d = Ts[:, :3, 3], Ts[:, :3, 2]
    half = max((height_m - diameter_m) / 2, 0.0)
    places = gains(profiles, height_m)[0]
    ends = np.abs(places).max()
    near = segment_distance(
        p[:, None], d[:, None], (p + middle[:, None] * d)[None], d[None], half + ends
    )
    i, j = np.nonzero(surer & (near < (1 - TOLERANCE) * diameter_m))
    at = p[i, None] + places[:, None] * d[i, None]
    gap = segment_distance(at, d[i, None], (p + middle[:, None] * d)[j, None], d[j, None], half)
    gap += 2 * fitted.aside_m(np.abs(places) + half)[i]
    taken = np.zeros((len(Ts), len(places)), np.bool_)
    np.logical_or.at(taken, i, gap < (1 - TOLERANCE) * diameter_m)
    return ~taken


def without_overlaps(
    Ts: Floats, gain: Floats, diameter_m: float, height_m: float
) -> NDArray[np.int64]:
    """Rows of the cells that stay: of two that claim one volume, that with the larger gain."""
    clash = overlaps(Ts, diameter_m, height_m) > TOLERANCE * diameter_m
    keep = np.ones(len(Ts), np.bool_)
    for row in np.argsort(-gain, kind="stable"):
        if keep[row]:
            keep &= ~(clash[row] & (gain < gain[row]))
    return np.flatnonzero(keep)
