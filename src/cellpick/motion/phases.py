"""The collision checkers of an attempt's phases: what moves, what stands, how near is too near."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert
from cellpick.motion.bodies import (
    FLANGE,
    Bodies,
    Group,
    bodies_of,
    cell_bodies,
    held_bodies,
    moving_bodies,
)
from cellpick.motion.clearances import line_margins, transfer_margins
from cellpick.motion.collision import FREE, Checker, Clash, CollisionChecker, Margins
from cellpick.motion.lines import backed_off
from cellpick.motion.load import REST_SHARE, GripLoad
from cellpick.motion.self_collision import held_pairs, self_pairs
from cellpick.structures import Recipe, Solid

HELD_SLACK_M = 2e-3
"""How much smaller the held cell counts on straight moves: at a gap of 0 it touches its neighbours,
and the estimates of both may be off by half a millimetre, and by some more at a cell's far end."""
TRAY_PREFIX = "tray"
"""How the names of the tray's bodies begin."""
_SAG_M = 0.02
_LIFT_STEP_M = 0.01
_MOST_LIFT_M = 0.25


class Tooling:
    """What the arm carries, its jaws at one travel."""

    def __init__(self, recipe: Recipe, opening_m: float) -> None:
        self.recipe = recipe
        self.bodies = moving_bodies(recipe, opening_m)
        self.pairs = self_pairs(recipe.arm, self.bodies)

    def checker(
        self,
        standing: Bodies,
        margin_m: float,
        *,
        near_grasp: bool,
        held: GripLoad | None = None,
    ) -> Checker:
        """A checker among standing bodies, with or without a held cell.

        `near_grasp` allows what a straight move to a grasp or a seat needs.
        """
        arm, allowed = self.recipe.arm, line_margins if near_grasp else transfer_margins
        margins = allowed(margin_m, self.recipe.tray_tolerance_m)
        if held is None:
            return CollisionChecker(arm, self.bodies, standing, margins, self.pairs)
        cell = self._held(held, HELD_SLACK_M if near_grasp else 0.0)
        pairs = np.concatenate([self.pairs, held_pairs(self.bodies, cell)])
        collisions = CollisionChecker(arm, self.bodies + cell, standing, margins, pairs)
        return HeldChecker(collisions, held)

    def leaving(
        self, q_start: Floats, standing: Bodies, margin_m: float, held: GripLoad | None = None
    ) -> Checker:
        """A checker for a free motion from `q_start` (6,).

        Where the arm already stands nearer to something than the margin, it must only not touch.
        """
        checker = self.checker(standing, margin_m, near_grasp=False, held=held)
        if checker.first_clash(q_start[None]).free:
            return checker
        return self.checker(standing, 0.0, near_grasp=False, held=held)

    def lift(
        self,
        T_base_tcp: Floats,
        least_m: float,
        standing: Bodies,
        margin_m: float,
        lean: Floats,
        held: GripLoad | None = None,
    ) -> float:
        """How far to back off along the TCP's -z until a transfer may begin: `least_m` or more.

        `least_m` where even the farthest point is not free: the transfer's check will say why.
        A straight way through joint space sags between its ends, so it starts with room to sag.
        """
        margins = transfer_margins(margin_m + _SAG_M, self.recipe.tray_tolerance_m)
        checker = self._carried(standing, margins, held, 0.0)
        lengths = np.arange(least_m + _MOST_LIFT_M, least_m - 1e-9, -_LIFT_STEP_M)
        clash = checker.first_clash_at(self._frames(backed_off(T_base_tcp, lengths, lean)))
        if clash.free or clash.row == 0:
            return least_m
        return float(lengths[clash.row - 1])

    def fits(
        self, Ts_base_tcp: Floats, standing: Bodies, margin_m: float, held: GripLoad
    ) -> NDArray[np.bool_]:
        """At which TCP poses (k, 4, 4) what the arm carries fits among standing bodies."""
        margins = line_margins(margin_m, self.recipe.tray_tolerance_m)
        checker = self._carried(standing, margins, held, HELD_SLACK_M)
        return checker.free_rows(self._frames(Ts_base_tcp))

    def _carried(
        self, standing: Bodies, margins: Margins, held: GripLoad | None, slack_m: float
    ) -> CollisionChecker:
        """A checker of rig, gripper and held cell alone, wherever the arm may be."""
        moving = self.bodies.only(Group.RIG, Group.TOOL)
        if held is not None:
            moving = moving + self._held(held, slack_m)
        none = np.zeros((0, 2), dtype=np.int64)
        return CollisionChecker(self.recipe.arm, moving, standing, margins, none)

    def _frames(self, Ts_base_tcp: Floats) -> Floats:
        """Frames (k, 8, 4, 4) with the flange's at TCP poses (k, 4, 4); the others mean nothing."""
        frames = np.tile(np.eye(4), (len(Ts_base_tcp), FLANGE + 1, 1, 1))
        frames[:, FLANGE] = Ts_base_tcp @ invert(self.recipe.gripper.T_flange_tcp)
        return frames

    def _held(self, held: GripLoad, slack_m: float) -> Bodies:
        T_flange_cell = self.recipe.gripper.T_flange_tcp @ held.T_tcp_cell
        return held_bodies(self.recipe.cell, T_flange_cell, slack_m)


class HeldChecker:
    """Checks for collisions, and that the grip bears the cell at rest at every configuration."""

    def __init__(self, collisions: CollisionChecker, load: GripLoad) -> None:
        self._collisions, self._load = collisions, load
        self.spread = collisions.spread

    def first_clash(self, q: Floats) -> Clash:
        """The first clash over configurations (m, 6), in their order."""
        share = self._load.share_at_rest(q)
        heavy = np.flatnonzero(share > REST_SHARE)
        last = int(heavy[0]) if len(heavy) else len(q)
        clash = self._collisions.first_clash(q[:last]) if last else FREE
        if clash.free and last < len(q):
            return Clash(False, last, "limit", self._load.too_heavy(float(share[last])))
        return clash


def standing_bodies(recipe: Recipe, obstacles: Sequence[Solid], Ts_base_cell: Floats) -> Bodies:
    """Fixtures and the cells (n, 4, 4) that stand somewhere."""
    names = [f"cell {i}" for i in range(len(Ts_base_cell))]
    tray = [solid for solid in obstacles if solid.name.startswith(TRAY_PREFIX)]
    others = [solid for solid in obstacles if not solid.name.startswith(TRAY_PREFIX)]
    fixtures = bodies_of(others, 0, Group.FIXTURE) + bodies_of(tray, 0, Group.TRAY)
    return fixtures + cell_bodies(recipe.cell, Ts_base_cell, Group.CELL, names)


def target_body(recipe: Recipe, T_base_cell: Floats, name: str) -> Bodies:
    """The cell that is to be gripped, or was just released."""
    return cell_bodies(recipe.cell, T_base_cell[None], Group.TARGET, [name])
