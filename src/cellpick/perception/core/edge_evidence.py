"""What the image edges say about the cells, as information and gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.axes import Values
from cellpick.perception.core.edges import EdgeViews
from cellpick.perception.core.observations import TUKEY, Evidence, biweight
from cellpick.perception.core.options import RefineOptions
from cellpick.perception.core.search import Readings

FULL_STRENGTH = 10.0
"""Slope, in levels of light a pixel, from which noise no longer limits an edge's place."""
WANDER_LENGTH_M = 0.02
"""Readings of one rim nearer than this to each other share their wander."""
CLIPPED_M = 1e-4
"""How uncertain an edge beside a full pixel is."""
INSET_PX = 0.2
"""Common error of a whole outline's readings, in pixels: blur pushes near edges apart."""


@dataclass(frozen=True, eq=False)
class EdgeEvidence(Evidence):
    """Evidence of edges."""

    found: NDArray[np.bool_]
    """(n, c, e) where there is an edge at all."""
    agrees: NDArray[np.bool_]
    """(n, c, e) which sharp edges were found, with at least half of their full weight."""


def edge_evidence(
    edges: EdgeViews,
    readings: Readings,
    pixel_sigma_px: Floats,
    window_m: float,
    options: RefineOptions,
) -> EdgeEvidence:
    """Evidence of edges within about `window_m` of their place; `pixel_sigma_px` (c,).

    The readings of one outline err together, inwards or outwards; that error is eliminated first,
    then readings that lie off the rest of their outline lose their weight.
    """
    model = options.edge_model_sigma_m**2 + edges.blur_m**2 + readings.clipped * CLIPPED_M**2
    wander = (edges.wander_m * edges.scale) ** 2
    variance = pixel_sigma_px[:, None] ** 2 + model * edges.scale**2 + wander
    sharing = max(WANDER_LENGTH_M / edges.spacing_m, 1.0)
    limit = np.maximum(TUKEY * np.sqrt(variance), window_m * edges.scale)
    clear = np.minimum(readings.strength / FULL_STRENGTH, 1.0) ** 2
    apart = np.minimum(edges.spacing_m * edges.scale / options.edge_correlation_px, 1.0)
    full = clear * apart / (variance + (sharing - 1) * wander) * readings.found
    outlines = _Outlines.of(edges)
    offset = readings.offset_px.astype(np.float64)
    robust = biweight(offset, limit) * readings.found
    residual = offset - outlines.common(offset, full * robust)
    robust = biweight(residual, limit) * readings.found
    A, g = outlines.eliminated(edges.derivative, offset, full * robust)
    good = robust * edges.sharp
    return EdgeEvidence(
        A,
        g,
        (good > 0.5).sum(axis=(1, 2)).astype(np.float64),
        (good * residual**2).sum(axis=(1, 2)),
        good.sum(axis=(1, 2)),
        readings.found,
        good > 0.5,
    )


@dataclass(frozen=True, eq=False)
class _Outlines:
    """The outlines in each camera, and the unknown by which each one's readings err together."""

    of_reading: NDArray[np.int64]
    """(n, c, e) number of each reading's outline, counted over all cells and cameras."""
    count: tuple[int, int, int]
    """Cells, cameras, and outlines in each."""
    scale: Values
    """(n, c, e) pixels a metre of inset; 0 where not visible."""
    known: Floats
    """(outlines,) inverse variance of each inset before any reading."""

    @classmethod
    def of(cls, edges: EdgeViews) -> _Outlines:
        n, c, _ = edges.visible.shape
        groups = int(edges.group.max(initial=0)) + 1
        first: NDArray[np.int64] = groups * np.arange(n * c).reshape(n, c, 1)
        number = edges.group + first
        pixel_m = INSET_PX / np.maximum(edges.scale, 1.0)
        own = edges.visible / (edges.inset_m**2 + pixel_m**2)
        members = np.bincount(number.ravel(), edges.visible.ravel(), n * c * groups)
        total = np.bincount(number.ravel(), own.ravel(), n * c * groups)
        known = np.where(members > 0, total / np.maximum(members, 1), 1.0)
        return cls(number, (n, c, groups), edges.scale, known)

    def sums(self, values: Floats) -> Floats:
        """(outlines,) sums of values (n, c, e) over each one's readings."""
        sums = np.bincount(self.of_reading.ravel(), values.ravel(), self.known.size)
        result: Floats = sums.astype(np.float64, copy=False)
        return result

    def _inset(self, offset: Floats, weight: Floats) -> tuple[Floats, Floats]:
        """Each inset, and its inverse variance, (outlines,)."""
        weighted = weight * self.scale
        total = self.sums(weighted * self.scale) + self.known
        return self.sums(weighted * offset) / total, total

    def common(self, offset: Floats, weight: Floats) -> Floats:
        """(n, c, e) common error of each reading's outline, in pixels."""
        result: Floats = self._inset(offset, weight)[0][self.of_reading] * self.scale
        return result

    def eliminated(self, J: Values, offset: Floats, weight: Floats) -> tuple[Floats, Floats]:
        """Information (n, c, 6, 6) and gradient (n, c, 6) with every inset eliminated."""
        n, c, groups = self.count
        inset, total = self._inset(offset, weight)
        weighted = J * weight[..., None]
        across = np.stack([self.sums(weighted[..., i] * self.scale) for i in range(6)], axis=-1)
        across, inset = across.reshape(n, c, groups, 6), inset.reshape(n, c, groups, 1)
        turned = np.swapaxes(across, -1, -2)
        JtW = np.swapaxes(weighted, -1, -2)
        A = JtW @ J.astype(np.float64) - turned @ (across / total.reshape(n, c, groups, 1))
        g = JtW @ offset[..., None] - turned @ inset
        return A, g[..., 0]
