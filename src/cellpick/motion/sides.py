"""One side of an attempt, the pick or a place: its straight moves in and out, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cellpick.geometry import Floats
from cellpick.motion.collision import Clash
from cellpick.motion.kinematics import InverseKinematics
from cellpick.motion.lines import Line, lines_from
from cellpick.motion.paths import JointPath
from cellpick.motion.phases import Tooling, target_body
from cellpick.motion.task import Task
from cellpick.motion.transfers import Transfers

_MOST_RISE_M = 0.15
SideName = Literal["pick", "place"]


@dataclass(frozen=True, eq=False)
class Strokes:
    """One branch's straight moves: down to the grasp or seat, and up again."""

    approach: JointPath
    """Downwards."""
    retreat: JointPath
    """Upwards."""
    lengths_m: tuple[float, float]
    """Of both."""
    clash: Clash
    """The first clash on either, or `FREE`."""
    during: str
    """The move that clashes, for a message."""


class Side:
    """The pick, where the cell is held on the way up, or a place, where it is on the way down.

    The strokes are long enough for a free motion to begin and end at their tops.
    """

    def __init__(
        self, name: SideName, T_base_tcp: Floats, task: Task, tooling: Tooling, lean: Floats
    ) -> None:
        """`lean` (2,) is the slope of both strokes along the TCP's x and y."""
        self._name, self._T_base_tcp, self._lean = name, T_base_tcp, lean
        self._T_flange_tcp = tooling.recipe.gripper.T_flange_tcp
        cell = target_body(tooling.recipe, T_base_tcp @ task.held.T_tcp_cell, f"the cell to {name}")
        self.with_cell = task.standing + cell
        margin, held = task.margin_m, task.held
        self._empty = tooling.checker(self.with_cell, margin, near_grasp=True)
        self._held = tooling.checker(task.standing, margin, near_grasp=True, held=held)
        least_m = task.approach_m
        self._empty_m = tooling.lift(T_base_tcp, least_m, self.with_cell, margin, lean)
        self._held_m = tooling.lift(T_base_tcp, least_m, task.standing, margin, lean, held)

    def top(self, up: Floats) -> float:
        """Height of the TCP at the top of the stroke with the cell, along `up` (3,)."""
        return float((self._T_base_tcp[:3, 3] - self._held_m * self._T_base_tcp[:3, 2]) @ up)

    def rise_to(self, height_m: float, up: Floats) -> None:
        """Lengthen the stroke with the cell until its top is at a height, within reason."""
        climb = max(0.1, float(-self._T_base_tcp[:3, 2] @ up))
        self._held_m += float(np.clip((height_m - self.top(up)) / climb, 0.0, _MOST_RISE_M))

    def lines(self, ik: InverseKinematics) -> list[Line]:
        """Every branch that can do both strokes."""
        length = max(self._empty_m, self._held_m)
        return lines_from(ik, self._T_base_tcp, self._T_flange_tcp, length, self._lean)

    def strokes(self, line: Line, transfers: Transfers) -> Strokes:
        """The two straight moves of one branch, checked for collisions."""
        picks = self._name == "pick"
        down, up = (self._empty_m, self._held_m) if picks else (self._held_m, self._empty_m)
        first, second = (self._empty, self._held) if picks else (self._held, self._empty)
        approach, retreat = line.downward(down), line.upward(up)
        clash, during = transfers.clash_on(approach, first), "approach"
        if clash.free:
            clash, during = transfers.clash_on(retreat, second), "retreat"
        return Strokes(approach, retreat, (down, up), clash, f"{during} at the {self._name}")
