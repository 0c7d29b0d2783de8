"""How much of each true cell lies inside each estimate: merges and splits are read from it."""

from __future__ import annotations

import numpy as np

from cellpick.evaluate.model_points import diameter_m, inside
from cellpick.geometry import Floats, invert, transform
from cellpick.structures import CellModel

STEPS = 10
"""Points along each side of a cell by which a shared volume is counted."""
AT_ONCE = 256
"""Pairs looked at together: a few megabytes."""


def cover_shares(cell: CellModel, Ts_est: Floats, Ts_true: Floats) -> Floats:
    """Part (m, n) of the volume of true cell j that estimate i holds; poses (m, 4, 4), (n, 4, 4).

    Counted over a grid of points in the case, to some hundredths.
    """
    shares = np.zeros((len(Ts_est), len(Ts_true)))
    apart = np.linalg.norm(Ts_est[:, None, :3, 3] - Ts_true[None, :, :3, 3], axis=-1)
    near_i, near_j = np.nonzero(apart < diameter_m(cell))
    points = _volume_points(cell)
    for start in range(0, len(near_i), AT_ONCE):
        i, j = near_i[start : start + AT_ONCE], near_j[start : start + AT_ONCE]
        T_est_true = invert(Ts_est[i]) @ Ts_true[j]
        held = inside(cell, transform(T_est_true, np.broadcast_to(points, (len(i), *points.shape))))
        shares[i, j] = held.mean(axis=1)
    return shares


def _volume_points(cell: CellModel) -> Floats:
    middle = (np.arange(STEPS) + 0.5) / STEPS - 0.5
    grid = np.stack(np.meshgrid(middle, middle, middle, indexing="ij"), axis=-1).reshape(-1, 3)
    p: Floats = grid * cell.size_m
    return p[inside(cell, p)]
