"""Ranks the grasps of all cells: which may be picked, how, in what order, and why not others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cellpick.errors import InputError
from cellpick.geometry import Floats, invert
from cellpick.grasping.bodies import (
    SIGMAS,
    Obstacles,
    gripper_parts,
    joined,
    position_sigma,
    repeated,
    seen_obstacles,
)
from cellpick.grasping.candidates import Candidates, clearance, joined_candidates
from cellpick.grasping.cups import cup_candidates
from cellpick.grasping.faces import ends_up
from cellpick.grasping.jaws import jaw_candidates, jaw_parts, spread
from cellpick.grasping.scoring import (
    access_term,
    balance_term,
    clearance_term,
    error_term,
    reach_term,
    score,
)
from cellpick.grasping.vetting import vet
from cellpick.structures import CellEstimates, Grasps, Recipe

PER_CELL = 12
"""Grasps kept for a cell, the best ones."""
SECTOR_RAD = np.radians(30.0)
"""Grasps of one cell whose yaws lie in one such sector are alike."""
SQUARE_M = 0.005
"""Grasps of one cell whose places lie in one square of this side are alike."""
LIFT_SPARE_M = 0.015
"""The lift clears equal neighbours by this much."""


def plan_grasps(estimates: CellEstimates, recipe: Recipe, filled: Collection[int] = ()) -> Grasps:
    """Grasps of all cells that may be picked, best first; `refused` says why others have none.

    `filled` are the module's slots that are taken: a cell for which no slot is left is refused.
    """
    refused = vet(estimates, recipe, filled)
    rows = np.array([i for i in range(len(estimates)) if i not in refused], dtype=np.int64)
    obstacles = seen_obstacles(estimates, recipe)
    found, lacking = _candidates(estimates, recipe, rows)
    refused |= lacking
    free, blocked = _unblocked(found, estimates, recipe, obstacles)
    refused |= blocked
    values = score(_terms(free, estimates, recipe))
    best = _best_of_each(free, values)
    return _table(free[best], values[best], estimates, recipe, refused)


def _candidates(
    estimates: CellEstimates, recipe: Recipe, rows: NDArray[np.int64]
) -> tuple[Candidates, dict[int, str]]:
    """Candidates from the gripper's geometry and the cells alone."""
    tables = [_nothing()]
    refused: dict[int, str] = {}
    up, gripper = ends_up(estimates.Ts_base_cell[rows]), recipe.gripper
    for end in (1, -1):
        mine = rows[up == end]
        if not len(mine):
            continue
        if gripper.cups is not None:
            table, lacking = cup_candidates(estimates, recipe.cell, gripper.cups, mine, end)
        elif gripper.jaws is not None:
            body = gripper_parts(gripper)
            table, lacking = jaw_candidates(estimates, recipe.cell, gripper.jaws, body, mine, end)
        else:
            raise InputError("a gripper must have cups or jaws", key=gripper.name)
        tables.append(table)
        refused |= lacking
    return joined_candidates(tables), refused


def _nothing() -> Candidates:
    return Candidates(
        np.zeros(0, dtype=np.int64), np.zeros((0, 4, 4)), np.zeros(0), np.zeros(0), np.zeros(0)
    )


def _unblocked(
    found: Candidates, estimates: CellEstimates, recipe: Recipe, obstacles: Obstacles
) -> tuple[Candidates, dict[int, str]]:
    """Those candidates that touch nothing else, and what stands in the way of the other cells."""
    Ts = estimates.Ts_base_cell[found.cell_index] @ found.Ts_cell_tcp
    own = SIGMAS * position_sigma(estimates)[found.cell_index]
    jaws = recipe.gripper.jaws
    parts = repeated(gripper_parts(recipe.gripper), len(found))
    if jaws is not None:
        parts = joined(parts, jaw_parts(jaws, found.opening_m))
    gap, which = clearance(Ts, parts, obstacles, found.cell_index, own)
    table = replace(found, clearance_m=np.minimum(found.clearance_m, gap))
    ok = np.flatnonzero(gap >= 0)
    free = table[ok]
    if jaws is not None:
        free = spread(found[ok], gap[ok], own[ok], recipe.cell, jaws)
    blocked = {}
    for row in np.setdiff1d(found.cell_index, free.cell_index).tolist():
        mine = np.flatnonzero(found.cell_index == row)
        best = mine[gap[mine].argmax()]
        name = obstacles.parts.names[which[best]]
        blocked[row] = f"{name} is {-1e3 * gap[best]:.1f} mm too near in the best place"
    return free, blocked


def _terms(free: Candidates, estimates: CellEstimates, recipe: Recipe) -> dict[str, Floats]:
    rows = free.cell_index
    p_tcp = (estimates.Ts_base_cell[rows] @ free.Ts_cell_tcp)[:, :3, 3]
    return {
        "access": access_term(estimates.Ts_base_cell, recipe.cell.size_m)[rows],
        "clearance": clearance_term(free.clearance_m),
        "error": error_term(position_sigma(estimates)[rows], recipe.max_sigma_m),
        "balance": balance_term(free.offset_m, recipe.cell.size_m),
        "reach": reach_term(p_tcp, recipe.arm.reach_m),
    }


def _best_of_each(free: Candidates, values: Floats) -> NDArray[np.int64]:
    """Rows of the best `PER_CELL` distinct candidates of each cell, best first; ties by row.

    Of those in one sector of yaw and one square of place only the best counts: when it has no way
    for the arm, its twins have none either.
    """
    order = np.argsort(-np.round(values, 9), kind="stable")
    T = free.Ts_cell_tcp[order]
    sector = np.floor(np.arctan2(T[:, 1, 0], T[:, 0, 0]) / SECTOR_RAD + 0.5)
    square = np.round(T[:, :2, 3] / SQUARE_M)
    kinds = np.column_stack([free.cell_index[order], sector, square])
    order = order[np.sort(np.unique(kinds, axis=0, return_index=True)[1])]
    cells = free.cell_index[order]
    by_cell = np.argsort(cells, kind="stable")
    starts = np.searchsorted(cells[by_cell], cells[by_cell])
    rank = np.empty(len(cells), dtype=np.int64)
    rank[by_cell] = np.arange(len(cells)) - starts
    return order[rank < PER_CELL]


def _table(
    kept: Candidates,
    values: Floats,
    estimates: CellEstimates,
    recipe: Recipe,
    refused: dict[int, str],
) -> Grasps:
    raised = max((f.height_m for f in recipe.cell.features), default=0.0)
    lift = recipe.cell.height_m + raised + LIFT_SPARE_M
    return Grasps(
        kept.cell_index,
        estimates.Ts_base_cell[kept.cell_index] @ kept.Ts_cell_tcp,
        invert(kept.Ts_cell_tcp),
        kept.opening_m,
        np.full(len(kept), lift),
        kept.clearance_m,
        values,
        dict(sorted(refused.items())),
    )
