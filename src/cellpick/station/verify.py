"""What the last look says of the module: is every placed cell where and as it should be?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from cellpick.geometry import Floats, difference
from cellpick.structures import CellEstimates, Recipe

SlotStatus = Literal["verified", "not_seen", "off", "unsure"]

VERIFY_SIGMAS = 3.0


def verify_slots(
    estimates: CellEstimates, recipe: Recipe, filled: Sequence[int]
) -> dict[int, SlotStatus]:
    """Compare the estimates in the module with the slots believed filled.

    verified: in place, seated and straight within the tolerances plus three predicted errors,
    polarity right; off: beyond; unsure: seen, but not with status ok; not_seen: no estimate near
    the slot.
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
        if estimates.status[row] != "ok":
            result[slot] = "unsure"
        else:
            result[slot] = "verified" if _fits(estimates, row, recipe, T_base_slot) else "off"
    return result


def _fits(estimates: CellEstimates, row: int, recipe: Recipe, T_base_slot: Floats) -> bool:
    delta = difference(T_base_slot, estimates.Ts_base_cell[row])
    angle, angles = float(np.linalg.norm(delta[3:])), slice(3, 6)
    if recipe.cell.turns_freely:
        # a turn about z means nothing, and would enter x and y of the rotation vector
        axis = T_base_slot[:3, :3].T @ estimates.Ts_base_cell[row, :3, 2]
        angle, angles = float(np.arctan2(np.hypot(axis[0], axis[1]), axis[2])), slice(3, 5)
    spare_m = VERIFY_SIGMAS * float(estimates.sigma_m[row])
    spare_rad = VERIFY_SIGMAS * float(np.sqrt(estimates.covariance[row, angles, angles].trace()))
    return (
        float(np.hypot(delta[0], delta[1])) <= recipe.place_tolerance_m + spare_m
        and abs(float(delta[2])) <= recipe.seat_tolerance_m + spare_m
        and angle <= recipe.place_tolerance_rad + spare_rad
    )
