"""Estimates of no cell, for tests of what is done with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellpick.structures import CellEstimates

NO_CELLS: dict[str, Any] = {
    "Ts_base_cell": np.zeros((0, 4, 4)),
    "covariance": np.zeros((0, 6, 6)),
    "polarity": (),
    "polarity_probability": np.zeros(0),
    "code": (),
    "status": (),
    "reason": (),
    "score": np.zeros(0),
}
"""The fields that have an entry a cell, without any."""


def empty_estimates(**changes: Any) -> CellEstimates:
    return CellEstimates(**{"cell": "c", **NO_CELLS, **changes})
