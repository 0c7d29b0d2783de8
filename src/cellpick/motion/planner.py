"""The planner that the station asks for motions: never raises for a task, but says why not."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cellpick.errors import InputError
from cellpick.geometry import Floats, checked
from cellpick.motion.bodies import Bodies
from cellpick.motion.kinematics import InverseKinematics
from cellpick.motion.load import GripLoad
from cellpick.motion.looks import look_poses, ranked
from cellpick.motion.moves import Timing
from cellpick.motion.phases import Tooling, standing_bodies
from cellpick.motion.refusal import RefusedError, answered
from cellpick.motion.search import Search
from cellpick.motion.task import Legs, Task
from cellpick.motion.transfers import Transfers
from cellpick.structures import JointTrajectory, MotionPlan, Recipe, Solid

PERIOD_S = 1 / 240
"""Time between two samples of a trajectory."""
MARGIN_M = 5e-3
"""Least distance of bodies in free motion."""
LINE_SPEED_M_S = 0.25
"""Highest TCP speed of straight moves: the reduced speed of ISO 10218-1 (2011)."""
GRIP_SAFETY = 2.0
"""A grip bears twice the load at least, as makers of suction cups advise for critical parts."""
_NO_CELLS = np.zeros((0, 4, 4))
_GOALS_TRIED = 12
_GOALS_SEARCHED = 3
_NAMES = ("transfer", "approach", "retreat") * 2
_HOLDS = (False, False, True, True, True, False)
Moves = tuple[JointTrajectory, ...]
"""Timed motions in order."""


class MotionPlanner:
    """Plans one arm's motions in its base frame, the same each time it is asked the same."""

    def __init__(
        self,
        recipe: Recipe,
        *,
        period_s: float = PERIOD_S,
        margin_m: float = MARGIN_M,
        line_speed_m_s: float = LINE_SPEED_M_S,
        grip_safety: float = GRIP_SAFETY,
    ) -> None:
        """Raises `InputError` for an arm without closed-form inverse kinematics."""
        self._recipe, self._margin_m, self._line_speed = recipe, margin_m, line_speed_m_s
        self._grip_safety, self._up = grip_safety, recipe.T_base_tray[:3, 2]
        self._ik = InverseKinematics(recipe.arm)
        self._timing = Timing(recipe.arm, period_s)
        # with 5 mm of margin on both sides of a step, nothing slips through between two checks
        self._transfers = Transfers(recipe.arm, self._ik, self._up, 2 * margin_m)
        # which bodies always touch takes a while to find out, and only few openings occur
        self._tooled = functools.cache(lambda opening_m: Tooling(recipe, opening_m))

    def look_from(
        self,
        q_start: ArrayLike,
        T_base_focus: ArrayLike,
        standoff_m: float,
        obstacles: Sequence[Solid],
        cells: ArrayLike = _NO_CELLS,
    ) -> MotionPlan:
        """One move to a flange that looks along -z of the focus frame (4, 4) at its origin.

        The flange is `standoff_m` above the origin, at whichever yaw suits the arm. `cells`
        (n, 4, 4) stand in the base frame, as all obstacles do.
        """
        T = checked("T_base_focus", T_base_focus, (4, 4))
        _check_positive("standoff_m", standoff_m)
        standing = self._standing(obstacles, cells)

        def moves() -> Moves:
            q = self._start(q_start)
            poses = look_poses(T, standoff_m)
            goals = ranked(self._recipe.arm, self._ik, q, poses, "the look")
            return self._one_move(q, goals, standing)

        return answered(moves)

    def move_to(
        self,
        q_start: ArrayLike,
        q_goal: ArrayLike,
        obstacles: Sequence[Solid],
        cells: ArrayLike = _NO_CELLS,
        held: ArrayLike | None = None,
    ) -> MotionPlan:
        """One free move between two configurations (6,).

        `held` (4, 4) is `T_tcp_cell` of a cell in the gripper.
        """
        standing = self._standing(obstacles, cells)
        T_tcp_cell = None if held is None else checked("held", held, (4, 4))

        def moves() -> Moves:
            q, goal = self._start(q_start), self._start(q_goal, "the goal")
            load = None if T_tcp_cell is None else self._load(T_tcp_cell)
            return self._one_move(q, goal[None], standing, load)

        return answered(moves)

    def reach(
        self,
        q_start: ArrayLike,
        T_base_flange: ArrayLike,
        obstacles: Sequence[Solid],
        cells: ArrayLike = _NO_CELLS,
    ) -> MotionPlan:
        """One free move that brings the flange to a pose (4, 4), by whichever branch suits."""
        T = checked("T_base_flange", T_base_flange, (4, 4))
        standing = self._standing(obstacles, cells)

        def moves() -> Moves:
            q = self._start(q_start)
            goals = ranked(self._recipe.arm, self._ik, q, T[None], "the pose")
            return self._one_move(q, goals, standing)

        return answered(moves)

    def pick_and_place(
        self,
        q_start: ArrayLike,
        T_base_tcp_pick: ArrayLike,
        approach_m: float,
        Ts_base_tcp_place: ArrayLike,
        T_tcp_cell: ArrayLike,
        opening_m: float,
        obstacles: Sequence[Solid],
        cells: ArrayLike = _NO_CELLS,
    ) -> MotionPlan:
        """Six moves: transfer, approach, retreat, transfer, approach, retreat.

        `Ts_base_tcp_place` (k, 4, 4) are equally good TCP poses at the seat, `T_tcp_cell` (4, 4)
        the cell in the gripper, `opening_m` the jaws' travel, `cells` (n, 4, 4) the other cells in
        the tray and the module, without the one to pick. Straight moves are `approach_m` long, or
        longer where the cell or the gripper would else not be clear of its surroundings.
        """
        T_pick = checked("T_base_tcp_pick", T_base_tcp_pick, (4, 4))
        Ts_place = checked("Ts_base_tcp_place", Ts_base_tcp_place, (None, 4, 4))
        if not len(Ts_place):
            raise InputError("Ts_base_tcp_place must have at least one pose", got=Ts_place.shape)
        _check_positive("approach_m", approach_m)
        T_held = checked("T_tcp_cell", T_tcp_cell, (4, 4))
        standing = self._standing(obstacles, cells)

        def moves() -> Moves:
            q, load = self._start(q_start), self._load(T_held)
            task = Task(q, T_pick, approach_m, Ts_place, load, standing, self._up, self._margin_m)
            tooling = self._tooled(float(opening_m))
            return self._timed(Search(task, tooling, self._ik, self._transfers).legs(), load)

        return answered(moves)

    def _timed(self, legs: Legs, load: GripLoad) -> Moves:
        return tuple(
            self._timing.trajectory(
                name,
                path,
                load if holds else None,
                self._line_speed / length if length else np.inf,
            )
            for name, path, length, holds in zip(
                _NAMES, legs.paths, legs.lengths_m, _HOLDS, strict=True
            )
        )

    def _one_move(
        self, q_start: Floats, goals: Floats, standing: Bodies, load: GripLoad | None = None
    ) -> Moves:
        """A free move to the first of the goals (n, 6) that has one, straight ones first."""
        checker = self._widest().leaving(q_start, standing, self._margin_m, load)
        clashes = []
        for find, count in (
            (self._transfers.direct, _GOALS_TRIED),
            (self._transfers.around, _GOALS_SEARCHED),
        ):
            for q in goals[:count]:
                way = find(q_start, q, checker)
                if way.clash.free:
                    return (self._timing.trajectory("transfer", way.path, load),)
                clashes.append(way.clash)
        raise RefusedError(clashes[0].status, f"transfer: {clashes[0].reason}")

    def _start(self, q: ArrayLike, name: str = "the start") -> Floats:
        """Angles (6,) inside the joint ranges. Raises `RefusedError`."""
        arm = self._recipe.arm
        angles = checked(name, q, (6,))
        for i in np.flatnonzero((angles < arm.lower_rad) | (angles > arm.upper_rad)):
            raise RefusedError(
                "limit",
                f"joint {arm.joint_names[i]} at {name} (0 s) is {angles[i]:.4f} rad, outside "
                f"{arm.lower_rad[i]:.4f} to {arm.upper_rad[i]:.4f} rad",
            )
        return angles

    def _load(self, T_tcp_cell: Floats) -> GripLoad:
        """The held cell. Raises `RefusedError` where the arm may not carry it."""
        arm, gripper, cell = self._recipe.arm, self._recipe.gripper, self._recipe.cell
        if gripper.mass_kg + cell.mass_kg > arm.payload_kg:
            raise RefusedError(
                "limit",
                f"gripper and cell weigh {gripper.mass_kg + cell.mass_kg:.2f} kg; "
                f"arm {arm.name} carries {arm.payload_kg:.2f} kg",
            )
        return GripLoad(self._recipe, T_tcp_cell, self._grip_safety, self._up)

    def _standing(self, obstacles: Sequence[Solid], cells: ArrayLike) -> Bodies:
        return standing_bodies(self._recipe, obstacles, checked("cells", cells, (None, 4, 4)))

    def _widest(self) -> Tooling:
        """The gripper at its widest, for motions away from everything."""
        jaws = self._recipe.gripper.jaws
        return self._tooled(0.0 if jaws is None else float(jaws.opening_m[1]))


def _check_positive(name: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"{name} must be positive", got=value, accepted="a length in metres")
