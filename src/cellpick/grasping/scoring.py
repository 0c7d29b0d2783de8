"""How good a grasp is: a weighted sum of terms from 0 to 1, each a function of its own."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats
from cellpick.grasping.candidates import HORIZON_M

WEIGHTS = {"access": 0.35, "clearance": 0.25, "error": 0.2, "balance": 0.1, "reach": 0.1}
"""Weights of the terms; they sum to 1. Access leads: a tray is emptied from its free side."""
COMFORTABLE_REACH = (0.35, 0.75)
"""Shares of the arm's reach between which the reach term is 1."""
NEIGHBOURHOOD = 1.6
"""Cells count as neighbours up to this many times the distance at which they would touch."""


def score(terms: dict[str, Floats]) -> Floats:
    """Weighted sum (m,) of the terms (m,), keyed as `WEIGHTS`."""
    result: Floats = np.sum([weight * terms[name] for name, weight in WEIGHTS.items()], axis=0)
    return result


def clearance_term(clearance_m: Floats) -> Floats:
    """1 from `HORIZON_M` on, falling with the square root: the first millimetres matter most."""
    result: Floats = np.sqrt(np.clip(clearance_m / HORIZON_M, 0.0, 1.0))
    return result


def error_term(sigma_m: Floats, max_sigma_m: float) -> Floats:
    """1 for no predicted error, 0 at the largest that may be acted on."""
    result: Floats = 1.0 - np.clip(sigma_m / max(max_sigma_m, 1e-9), 0.0, 1.0)
    return result


def reach_term(p_base: Floats, reach_m: float) -> Floats:
    """1 where points (m, 3) are comfortably far from the base's axis, 0 on it and at full reach."""
    share = np.hypot(p_base[:, 0], p_base[:, 1]) / reach_m
    low, high = COMFORTABLE_REACH
    return np.interp(share, [0.0, low, high, 1.0], [0.0, 1.0, 1.0, 0.0])


def balance_term(offset_m: Floats, size_m: Floats) -> Floats:
    """1 for a grip on the cell's axis, 0 at half the smaller side from it."""
    result: Floats = 1.0 - np.clip(offset_m / (size_m[:2].min() / 2), 0.0, 1.0)
    return result


def access_term(Ts_base_cell: Floats, size_m: Floats) -> Floats:
    """1 for a cell (n,) that stands alone, 0 for one with eight neighbours, as inside a grid.

    A neighbour is nearer to the cell (n, 4, 4) than `NEIGHBOURHOOD` times the touching distance,
    in units of the cell's own size, so that long and short sides count alike. Taking the freest
    first opens the way to those behind and never makes another harder to reach.
    """
    to_others = Ts_base_cell[None, :, :3, 3] - Ts_base_cell[:, None, :3, 3]
    local = (to_others @ Ts_base_cell[:, :3, :3])[..., :2] / size_m[:2]
    near = np.linalg.norm(local, axis=-1) < NEIGHBOURHOOD
    result: Floats = 1.0 - np.clip((near.sum(axis=1) - 1) / 8, 0.0, 1.0)
    return result
