"""Sharpness of an image by a slanted edge, as ISO 12233 measures it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cellpick.geometry import Floats

PER_PIXEL = 4
"""Bins a pixel across the edge (ISO 12233)."""
LEAST_SIDE_PX = 32
"""Least height and width of an image whose edge can be told from its sides."""
LEAST_CONTRAST = 0.05
"""Difference of the two sides, as a share of full scale, below which there is no edge."""


class EdgeSharpness(NamedTuple):
    """How sharp an edge is; NaN where there is none."""

    rise_px: float
    """Distance from 10 to 90 % of the edge's height."""
    blur_px: float
    """Standard deviation of the line spread: lens, pixel and all."""
    mtf50: float
    """Spatial frequency in cycles a pixel at which the contrast has fallen to half."""


NO_EDGE = EdgeSharpness(float("nan"), float("nan"), float("nan"))
TAIL = 2.0
"""Rises to each side within which the line spread is summed; what lies beyond, up to three times
as far, is the side's own level, so that shading farther off does not matter."""


def edge_sharpness(image: Floats) -> EdgeSharpness:
    """Sharpness of the near-upright edge in a linear image (h, w), dark left or right.

    Each row's edge is the centroid of its derivative; a straight line through those places every
    pixel, and the pixels binned by their distance from it make the edge profile.
    """
    rows, columns = image.shape
    if min(rows, columns) < LEAST_SIDE_PX:
        return NO_EDGE
    quarter = columns // 4
    sides = float(image[:, -quarter:].mean() - image[:, :quarter].mean())
    if abs(sides) < LEAST_CONTRAST:
        return NO_EDGE
    rising = (image if sides > 0 else image[:, ::-1]).astype(np.float64)
    line = _edge_line(rising)
    if not np.isfinite(line).all() or not LEAST_SIDE_PX / 4 < line[1] < columns - LEAST_SIDE_PX / 4:
        return NO_EDGE
    offset = np.arange(columns) - np.polyval(line, np.arange(rows))[:, None]
    # across the edge, not along the row
    offset *= np.cos(np.arctan(line[0]))
    centre, profile = _profile(offset, rising)
    rise = np.inf
    for _ in range(3):
        share = _levelled(centre, profile, TAIL * rise)
        rise = _crossing(centre, share, 0.9) - _crossing(centre, share, 0.1)
    return EdgeSharpness(rise, _spread(centre, share, TAIL * rise), _mtf50(share))


def _levelled(x: Floats, profile: Floats, tail: float) -> Floats:
    """The profile as a share of its height, between the levels from `tail` to three times it."""
    start = min(tail, x[-1] / 2)
    side = (np.abs(x) > start) & (np.abs(x) <= 3 * start)
    low, high = profile[side & (x < 0)].mean(), profile[side & (x > 0)].mean()
    result: Floats = (profile - low) / (high - low)
    return result


def _edge_line(image: Floats) -> Floats:
    """Slope and intercept (2,) of the edge's column over the rows, refined on a narrow window."""
    rows, columns = np.arange(image.shape[0]), np.arange(image.shape[1] - 1) + 0.5
    slope = np.diff(image, axis=1)
    at = np.full(len(rows), columns.mean())
    for half in (image.shape[1] / 2, 12.0, 8.0):
        weight = np.where(np.abs(columns - at[:, None]) <= half, slope, 0.0)
        total = weight.sum(axis=1)
        if not (total > 0).all():
            return np.full(2, np.nan)
        line = np.polyfit(rows, (weight * columns).sum(axis=1) / total, 1)
        at = np.polyval(line, rows)
    result: Floats = line
    return result


def _profile(offset: Floats, image: Floats) -> tuple[Floats, Floats]:
    """Bin centres and means of the pixels by their distance from the edge, to both sides alike."""
    reach = int(min(-offset[:, 0].max(), offset[:, -1].min()))
    row = np.floor((offset.ravel() + reach) * PER_PIXEL).astype(np.int64)
    inside = (row >= 0) & (row < 2 * reach * PER_PIXEL)
    bins = 2 * reach * PER_PIXEL
    count = np.bincount(row[inside], minlength=bins)
    total = np.bincount(row[inside], image.ravel()[inside], minlength=bins)
    centre = (np.arange(bins) + 0.5) / PER_PIXEL - reach
    return centre[count > 0], (total[count > 0] / count[count > 0])


def _crossing(x: Floats, share: Floats, level: float) -> float:
    """Where a rising profile last leaves `level` behind, from the middle outwards."""
    middle = int(np.argmin(np.abs(share - 0.5)))
    if level >= 0.5:
        i = middle + int(np.argmax(share[middle:] >= level))
    else:
        i = middle - int(np.argmax(share[middle::-1] <= level)) + 1
    fraction = (level - share[i - 1]) / (share[i] - share[i - 1])
    return float(x[i - 1] + fraction * (x[i] - x[i - 1]))


def _spread(x: Floats, share: Floats, reach: float) -> float:
    """Standard deviation of the line spread: E[d^2] = integral of 2 |d| (what is still missing)."""
    d = x - _crossing(x, share, 0.5)
    missing = np.where(d < 0, share, 1 - share)
    inside = np.abs(d) <= reach
    total = float(np.sum(2 * np.abs(d[inside]) * missing[inside])) / PER_PIXEL
    return float(np.sqrt(max(total, 0.0)))


def _mtf50(share: Floats) -> float:
    spread = np.gradient(share) * np.hanning(len(share))
    contrast = np.abs(np.fft.rfft(spread))
    contrast = contrast / contrast[0]
    frequency = np.fft.rfftfreq(len(spread), d=1 / PER_PIXEL)
    below = np.flatnonzero(contrast < 0.5)
    if not len(below):
        return float("nan")
    i = int(below[0])
    part = (contrast[i - 1] - 0.5) / (contrast[i - 1] - contrast[i])
    return float(frequency[i - 1] + part * (frequency[i] - frequency[i - 1]))
