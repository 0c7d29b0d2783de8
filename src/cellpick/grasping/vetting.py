"""Which cells may be picked at all, judged by their estimates alone."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from cellpick.errors import InputError
from cellpick.grasping.bodies import position_sigma
from cellpick.grasping.faces import ends_up
from cellpick.grasping.slots import next_slot
from cellpick.structures import CellEstimates, Recipe

MAX_TILT_RAD = np.radians(15.0)
"""A cell that leans further is lying down or falling over."""


def vet(estimates: CellEstimates, recipe: Recipe, filled: Collection[int]) -> dict[int, str]:
    """Why a cell must not be picked, by row; a cell without an entry may be.

    Raises `InputError` for estimates of another cell than the recipe's.
    """
    if estimates.cell != recipe.cell.name:
        raise InputError(
            "estimates must be of the recipe's cell", got=estimates.cell, accepted=recipe.cell.name
        )
    sigma = position_sigma(estimates)
    tilt = np.arccos(np.clip(np.abs(estimates.Ts_base_cell[:, 2, 2]), 0.0, 1.0))
    choices = {
        end: next_slot(recipe, np.diag([1.0, end, end, 1.0]), filled)
        for end in set(ends_up(estimates.Ts_base_cell).tolist())
    }
    refused = {}
    for row, end in enumerate(ends_up(estimates.Ts_base_cell).tolist()):
        probability = float(estimates.polarity_probability[row])
        if estimates.status[row] != "ok":
            refused[row] = f"{estimates.status[row]}: {estimates.reason[row]}"
        elif estimates.polarity[row] == "unknown" or probability < recipe.polarity_confidence:
            refused[row] = (
                f"polarity is only {probability:.4f} probable, "
                f"{recipe.polarity_confidence:g} is wanted"
            )
        elif not np.isfinite(sigma[row]):
            refused[row] = "the covariance has a negative eigenvalue"
        elif sigma[row] > recipe.max_sigma_m:
            refused[row] = (
                f"predicted error {1e3 * sigma[row]:.2f} mm is above "
                f"{1e3 * recipe.max_sigma_m:.2f} mm"
            )
        elif tilt[row] > MAX_TILT_RAD:
            refused[row] = f"the cell leans by {np.degrees(tilt[row]):.0f} degrees"
        elif choices[end].status != "ok":
            refused[row] = choices[end].reason
    return refused
