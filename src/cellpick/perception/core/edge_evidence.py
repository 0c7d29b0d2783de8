"""What the image edges say about the cells, as information and gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats
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

    used_by: Floats
    """(c,) readings of each camera with at least half of their full weight."""


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
    sharing = max(WANDER_LENGTH_M / options.edge_spacing_m, 1.0)
    limit = np.maximum(TUKEY * np.sqrt(variance), window_m * edges.scale)
    clear = np.minimum(readings.strength / FULL_STRENGTH, 1.0) ** 2
    apart = np.minimum(options.edge_spacing_m * edges.scale / options.edge_correlation_px, 1.0)
    full = clear * apart / (variance + (sharing - 1) * wander) * readings.found
    members = _members(edges)
    robust = biweight(readings.offset_px, limit) * readings.found
    common = _insets(edges, readings, full * robust, members)
    residual = readings.offset_px - common
    robust = biweight(residual, limit) * readings.found
    A, g = _eliminated(edges, readings, full * robust, members)
    good = robust * edges.sharp
    return EdgeEvidence(
        A,
        g,
        (good > 0.5).sum(axis=(1, 2)).astype(np.float64),
        (good * residual**2).sum(axis=(1, 2)),
        good.sum(axis=(1, 2)),
        (good > 0.5).sum(axis=(0, 2)).astype(np.float64),
    )


def _members(edges: EdgeViews) -> Floats:
    """(n, c, e, groups) pixels a metre of inset of each reading's own group, 0 elsewhere."""
    groups = int(edges.group.max(initial=0)) + 1
    own = edges.group[..., None] == np.arange(groups)
    return np.where(own, edges.scale[..., None], 0.0)


def _inset_information(edges: EdgeViews, members: Floats) -> Floats:
    """(n, c, groups) inverse variance of the groups' insets before any reading."""
    pixel_m = INSET_PX / np.maximum(edges.scale, 1.0)
    own = edges.visible / (edges.inset_m**2 + pixel_m**2)
    known: Floats = np.max((members > 0) * own[..., None], axis=2, initial=0.0)
    return np.where(known > 0, known, 1.0)


def _insets(edges: EdgeViews, readings: Readings, weight: Floats, members: Floats) -> Floats:
    """(n, c, e) common error of each reading's outline, in pixels."""
    weighted = members * weight[..., None]
    total = (weighted * members).sum(axis=2) + _inset_information(edges, members)
    inset = (weighted * readings.offset_px[..., None]).sum(axis=2) / total
    result: Floats = (members @ inset[..., None])[..., 0]
    return result


def _eliminated(
    edges: EdgeViews, readings: Readings, weight: Floats, members: Floats
) -> tuple[Floats, Floats]:
    """Information (n, c, 6, 6) and gradient (n, c, 6) with every outline's inset eliminated."""
    J = edges.derivative
    JtW = np.swapaxes(J * weight[..., None], -1, -2)
    across = JtW @ members
    weighted = members * weight[..., None]
    total = (weighted * members).sum(axis=2) + _inset_information(edges, members)
    inset = (weighted * readings.offset_px[..., None]).sum(axis=2) / total
    A = JtW @ J - (across / total[..., None, :]) @ np.swapaxes(across, -1, -2)
    g = (JtW @ readings.offset_px[..., None] - across @ inset[..., None])[..., 0]
    return A, g
