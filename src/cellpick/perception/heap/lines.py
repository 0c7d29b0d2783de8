"""Pieces of cylinders' sides -> the axes that they lie round."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cellpick.geometry import Floats
from cellpick.perception.heap.pieces import Pieces

THICK = 0.017
"""Largest standard deviation of a piece's axis points across the axis, in diameters."""
ROUND = 0.08
"""Least standard deviation of the normals across the axis: less is a plane."""
STRAIGHT = 0.1
"""Largest standard deviation of the normals along the axis."""
NORMAL_NOISE = 0.02
"""Standard deviation of a fitted normal."""
AXIS_NOISE = 0.01
"""Standard deviation of an axis point, in diameters."""
TURN = 0.035
"""Angle by which two pieces of one cell may differ, beside what their lengths leave open."""
ASIDE = 0.05
"""Distance by which one piece's middle may miss another's axis, in diameters, likewise."""


@dataclass(frozen=True, eq=False)
class Axes:
    """k axes of unknown length."""

    p: Floats
    """(k, 3) a point of each."""
    d: Floats
    """(k, 3) unit directions."""
    of_piece: NDArray[np.int64]
    """(pieces,) row of the axis that a piece lies round, -1 for none."""

    def __len__(self) -> int:
        return len(self.p)


def axes_of(pieces: Pieces, diameter_m: float, height_m: float) -> Axes:
    """One axis for all pieces that lie round it and fit into one cell's length."""
    curved = np.flatnonzero(_curved(pieces, diameter_m))
    scale = AXIS_NOISE * diameter_m
    cost = pieces.normals[curved] / NORMAL_NOISE**2 - pieces.axis_spread[curved] / scale**2
    d = np.linalg.eigh(cost)[1][..., 0].reshape(-1, 3)
    p = pieces.axis_middle[curved]
    length = np.sqrt(np.einsum("ki,kij,kj->k", d, pieces.axis_spread[curved], d))
    together = _together(p, d, length, diameter_m, height_m)
    graph = coo_array(together)
    n, row = connected_components(graph, directed=False)
    weight = pieces.count[curved] * np.maximum(length, scale) ** 2
    # the longest piece leads; sums would mix directions of either sign
    lead = np.full(n, -1)
    for k in np.argsort(weight, kind="stable"):
        lead[row[k]] = k
    of_piece = np.full(len(pieces), -1)
    of_piece[curved] = row
    return Axes(p[lead], d[lead], of_piece)


def _curved(pieces: Pieces, diameter_m: float) -> NDArray[np.bool_]:
    """(k,) whether a piece is of a cylinder of the right radius: then its axis points are thin."""
    across = np.linalg.eigvalsh(pieces.axis_spread)[:, 1]
    along, turned = np.linalg.eigvalsh(pieces.normals)[:, :2].T
    thin = across < (THICK * diameter_m) ** 2
    result: NDArray[np.bool_] = thin & (turned > ROUND**2) & (along < STRAIGHT**2)
    return result


def _together(
    p: Floats, d: Floats, length: Floats, diameter_m: float, height_m: float
) -> NDArray[np.bool_]:
    """(k, k) whether two pieces can be of one cell; `length` (k,) is their standard deviation
    along the axis."""
    doubt = TURN + AXIS_NOISE * diameter_m / np.maximum(length, 1e-9)
    between = p[None] - p[:, None]
    along = np.einsum("ijk,ik->ij", between, d)
    aside = np.linalg.norm(between - along[..., None] * d[:, None], axis=-1)
    angle = np.arccos(np.clip(np.abs(d @ d.T), 0, 1))
    near = aside < ASIDE * diameter_m + TURN * np.abs(along)
    longer = length[:, None] >= length[None]
    near = np.where(longer, near, near.T)
    half = np.sqrt(3) * (length[:, None] + length[None])
    fits = np.abs(along) + half < 1.05 * height_m
    result: NDArray[np.bool_] = (
        near & fits & (angle < np.minimum(doubt[:, None] + doubt[None], 0.5))
    )
    return result
