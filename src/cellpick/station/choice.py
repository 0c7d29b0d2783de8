"""Decides on the next cell, its slot and its motions, or names what is in the way of each cell."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats, log_rotation
from cellpick.grasping import hemmed_in, next_slot, place_pose, plan_grasps
from cellpick.station.belief import TrayBelief
from cellpick.station.recovery import Problem
from cellpick.station.station import Station
from cellpick.structures import Grasps, MotionPlan

TRIES_PER_CELL = 4
"""Grasps of one cell for which motions are planned before another cell is tried."""

Signature = tuple[str, tuple[int, ...]]
"""A cell's key and its grasp on a grid of 2 mm and 10 degrees: the same grasp over looks."""


@dataclass(frozen=True)
class Choice:
    """A grasp with its slot and its motions."""

    row: int
    """Row of the cell in the belief's estimates."""
    slot: int
    """Row of the slot."""
    opening_m: float
    """Jaw travel before gripping."""
    signature: Signature
    """Names the grasp."""
    plan: MotionPlan
    """The six moves."""


@dataclass(frozen=True)
class Constraints:
    """What earlier attempts ruled out."""

    filled: Collection[int]
    """Rows of slots with a cell."""
    skipped: Collection[str]
    """Keys of cells that were given up."""
    banned: Collection[Signature]
    """Grasps that failed."""


def choose(
    station: Station, belief: TrayBelief, ruled: Constraints
) -> tuple[Choice | None, tuple[Problem, ...]]:
    """The best grasp that has a slot and a way, and a problem for each cell passed over for it."""
    with station.timeline.measured("grasps"):
        grasps = plan_grasps(belief.estimates, station.recipe, ruled.filled)
    problems = _standing_problems(belief, grasps, ruled.skipped)
    tries: dict[int, int] = {}
    order, waits = _free_sides_first(station, belief, grasps, ruled.skipped)
    for index in order:
        row = int(grasps.cell_index[index])
        key = belief.keys[row]
        signature = _signature(key, grasps.Ts_tcp_cell[index])
        if key in ruled.skipped or belief.stale[row]:
            continue
        if signature in ruled.banned:
            problems.setdefault(key, Problem(key, "no_grasp", "each of its grasps failed before"))
            continue
        if tries.get(row, 0) >= TRIES_PER_CELL:
            continue
        tries[row] = tries.get(row, 0) + 1
        slot = next_slot(station.recipe, belief.estimates.Ts_base_cell[row], ruled.filled)
        if slot.status != "ok":
            problems[key] = Problem(key, "no_slot", slot.reason)
            continue
        plan = _plan(station, belief, grasps, index, slot.slot, ruled.filled)
        if plan.status == "ok":
            opening = float(grasps.opening_m[index])
            return Choice(row, slot.slot, opening, signature, plan), tuple(problems.values())
        problems[key] = Problem(key, "no_motion", plan.reason)
    if waits:
        problems = {k: p for k, p in problems.items() if p.event == "may_have_moved"}
    return None, tuple(problems.values())


def _free_sides_first(
    station: Station, belief: TrayBelief, grasps: Grasps, skipped: Collection[str]
) -> tuple[list[int], bool]:
    """Rows of grasps in order: cells with a free side, then those that neighbours hem in.

    The latter wait, which the flag says, while a look would show one with a free side.
    """
    hemmed = hemmed_in(belief.estimates, station.recipe.cell)
    rows = np.argsort(hemmed[grasps.cell_index], kind="stable").tolist()
    waits = any(
        belief.stale[row] and not hemmed[row] and key not in skipped
        for row, key in enumerate(belief.keys)
    )
    return [i for i in rows if not (waits and hemmed[grasps.cell_index[i]])], waits


def _standing_problems(
    belief: TrayBelief, grasps: Grasps, skipped: Collection[str]
) -> dict[str, Problem]:
    problems = {}
    estimates = belief.estimates
    for row, key in enumerate(belief.keys):
        if key in skipped:
            continue
        if estimates.status[row] != "ok":
            reason = f"{estimates.status[row]}: {estimates.reason[row]}"
            problems[key] = Problem(key, "estimate_not_ok", reason)
        elif belief.stale[row]:
            problems[key] = Problem(key, "may_have_moved", "its neighbour was lifted close by")
        elif row in grasps.refused:
            problems[key] = Problem(key, "no_grasp", grasps.refused[row])
    return problems


def _plan(
    station: Station,
    belief: TrayBelief,
    grasps: Grasps,
    index: int,
    slot: int,
    filled: Collection[int],
) -> MotionPlan:
    others = np.flatnonzero(np.arange(len(belief.estimates)) != grasps.cell_index[index])
    placed = station.recipe.Ts_base_slot[sorted(filled)].reshape(-1, 4, 4)
    cells = np.concatenate([belief.estimates.Ts_base_cell[others], placed])
    with station.timeline.measured("motion_planning"):
        return station.planner.pick_and_place(
            station.joints(),
            grasps.Ts_base_tcp[index],
            float(grasps.approach_m[index]),
            place_pose(station.recipe, grasps.Ts_tcp_cell[index], slot),
            grasps.Ts_tcp_cell[index],
            float(grasps.opening_m[index]),
            station.recipe.fixtures,
            cells,
        )


def _signature(key: str, T_tcp_cell: Floats) -> Signature:
    offset = np.round(T_tcp_cell[:3, 3] / 0.002)
    turn = np.round(log_rotation(T_tcp_cell[:3, :3]) / np.deg2rad(10.0))
    return key, tuple(int(v) for v in (*offset, *turn))
