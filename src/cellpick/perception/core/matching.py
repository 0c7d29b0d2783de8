"""Do the pictures show the cell's outlines where it was found? Only there its covariance holds.

Beside its place a cell still meets edges, most of all a neighbour's along its own long sides, and
the least squares settle on them as firmly as on the right ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.edge_evidence import EdgeEvidence
from cellpick.perception.core.edges import EdgeViews

FEW_EDGES = 30
"""What should show fewer edges than this is not judged by the share of them that it shows."""
LEAST_FOUND = 0.15
"""A picture with anything at less than this share of the edges' places is too dark to judge by."""
MOST_OF_OUTLINE = 15
"""No outline counts for more edges than this: a long side lies on a neighbour's as a whole."""
LEAST_MATCHED = 0.45
"""Share of a cell's outlines below which the pictures show something else in its place. Of 320
cells in simulated looks, within 1 mm of the truth, each has 0.52 or more; of 927 that were started
5 to 80 mm off and settled elsewhere, 96 in 100 have less than this."""


def shown(agrees: NDArray[np.bool_], sharp: NDArray[np.bool_]) -> Floats:
    """(c,) share of all cells' `sharp` (n, c, e) edges that each picture shows; NaN of few."""
    found, sought = agrees.sum(axis=(0, 2)), sharp.sum(axis=(0, 2))
    return np.where(sought < FEW_EDGES, np.nan, found / np.maximum(sought, 1))


def matched(evidence: EdgeEvidence, edges: EdgeViews) -> Floats:
    """(n,) share of each cell's outlines that the pictures show, of dark ones only if all are; NaN
    where they should show little, or nothing agrees and so the covariance does not count on it."""
    agrees = evidence.agrees
    light = shown(evidence.found & edges.sharp, edges.sharp) >= LEAST_FOUND
    counted = np.flatnonzero(light if light.any() else ~light)
    n, outlines = len(agrees), int(edges.outline.max(initial=0)) + 1
    number = edges.outline[:, counted] + outlines * np.arange(n)[:, None, None]
    found, sought = (
        np.bincount(number.ravel(), each[:, counted].ravel(), n * outlines).reshape(n, outlines)
        for each in (agrees, edges.sharp)
    )
    weight = np.minimum(sought, MOST_OF_OUTLINE) / np.maximum(sought, 1)
    share = (weight * found).sum(axis=1) / np.maximum((weight * sought).sum(axis=1), 1)
    judged = (sought.sum(axis=1) >= FEW_EDGES) & agrees.any(axis=(1, 2))
    return np.where(judged, share, np.nan)
