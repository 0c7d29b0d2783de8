"""What the last look says of the module: is every placed cell where and as it should be?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from cellpick.geometry import difference
from cellpick.structures import CellEstimates, Recipe

SlotStatus = Literal["verified", "not_seen", "off", "unsure"]

VERIFY_SIGMAS = 3.0


def verify_slots(
    estimates: CellEstimates, recipe: Recipe, filled: Sequence[int]
) -> dict[int, SlotStatus]:
    """Compare the estimates in the module with the slots believed filled.

    verified: within the place tolerance plus three predicted errors, polarity right; off: beyond;
    unsure: seen, but not with status ok; not_seen: no estimate near the slot.
    """
    result: dict[int, SlotStatus] = {}
    reach = 0.5 * float(min(recipe.cell.size_m[:2]))
    for slot in filled:
        T_base_slot = recipe.Ts_base_slot[slot]
        distance = np.linalg.norm(estimates.Ts_base_cell[:, :3, 3] - T_base_slot[:3, 3], axis=1)
        if not len(distance) or distance.min() > reach:
            result[slot] = "not_seen"
            continue
        row = int(np.argmin(distance))
        delta = difference(T_base_slot, estimates.Ts_base_cell[row])
        angle = delta[3:] * (np.array([1, 1, 0]) if recipe.cell.turns_freely else 1.0)
        limit = recipe.place_tolerance_m + VERIFY_SIGMAS * float(estimates.sigma_m[row])
        sigma_angle = float(np.sqrt(estimates.covariance[row, 3:5, 3:5].trace()))
        limit_angle = recipe.place_tolerance_rad + VERIFY_SIGMAS * sigma_angle
        if estimates.status[row] != "ok":
            result[slot] = "unsure"
        elif np.hypot(*delta[:2]) > limit or np.linalg.norm(angle) > limit_angle:
            result[slot] = "off"
        else:
            result[slot] = "verified"
    return result
