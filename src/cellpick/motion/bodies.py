"""The simple bodies that can touch: what the arm moves, and what stands around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import fcl
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, translation
from cellpick.structures import CellModel, GripperModel, Recipe, Solid

FLANGE = 7
"""Frame of the flange, after the base (0) and the six links."""


class Group(IntEnum):
    """What a body belongs to; decides how near it may come to others."""

    ARM = 0
    RIG = 1
    TOOL = 2
    HELD = 3
    FIXTURE = 4
    CELL = 5
    TARGET = 6
    BASE = 7
    TRAY = 8


@dataclass(frozen=True, eq=False)
class Bodies:
    """A table of k convex bodies."""

    names: tuple[str, ...]
    """What messages call them."""
    frames: NDArray[np.int64]
    """(k,) the frame that carries each: 0 the base, 1 to 6 a link, `FLANGE`."""
    groups: NDArray[np.int64]
    """(k,) `Group` of each."""
    Ts_frame_body: Floats
    """(k, 4, 4) poses in the carrying frames."""
    half: Floats
    """(k, 3) half extents in the bodies' own frames."""
    shapes: tuple[Any, ...]
    """The collision library's form of each."""

    def __len__(self) -> int:
        return len(self.names)

    def __add__(self, other: Bodies) -> Bodies:
        return Bodies(
            self.names + other.names,
            np.concatenate([self.frames, other.frames]),
            np.concatenate([self.groups, other.groups]),
            np.concatenate([self.Ts_frame_body, other.Ts_frame_body]),
            np.concatenate([self.half, other.half]),
            self.shapes + other.shapes,
        )

    def only(self, *groups: Group) -> Bodies:
        """The rows of some groups."""
        return self.rows(np.flatnonzero(np.isin(self.groups, groups)))

    def rows(self, rows: NDArray[np.int64]) -> Bodies:
        """Some rows."""
        return Bodies(
            tuple(self.names[i] for i in rows),
            self.frames[rows],
            self.groups[rows],
            self.Ts_frame_body[rows],
            self.half[rows],
            tuple(self.shapes[i] for i in rows),
        )


def bodies_of(solids: Iterable[Solid], frame: int, group: Group) -> Bodies:
    """A table of solids that one frame carries."""
    rows = tuple(solids)
    return Bodies(
        tuple(s.name for s in rows),
        np.full(len(rows), frame, dtype=np.int64),
        np.full(len(rows), group, dtype=np.int64),
        np.array([s.T_parent_solid for s in rows]).reshape(-1, 4, 4),
        np.array([s.size_m / 2 for s in rows]).reshape(-1, 3),
        tuple(_shape(s) for s in rows),
    )


def moving_bodies(recipe: Recipe, opening_m: float) -> Bodies:
    """Base, links, camera rig and gripper, its jaws at a travel of `opening_m`."""
    arm = recipe.arm
    table = bodies_of(arm.solids[0], 0, Group.BASE)
    for i, solids in enumerate(arm.solids[1:], start=1):
        table = table + bodies_of(solids, i, Group.ARM)
    table = table + bodies_of(recipe.rig, FLANGE, Group.RIG)
    return table + bodies_of(_gripper_solids(recipe.gripper, opening_m), FLANGE, Group.TOOL)


def cell_bodies(
    cell: CellModel, Ts_base_cell: Floats, group: Group, names: Sequence[str]
) -> Bodies:
    """Standing cells: case and raised terminals of each."""
    table = bodies_of((), 0, group)
    for name, T in zip(names, Ts_base_cell, strict=True):
        table = table + bodies_of((s.moved(T) for s in cell_solids(cell, name)), 0, group)
    return table


def held_bodies(cell: CellModel, T_flange_cell: Floats, slack_m: float) -> Bodies:
    """The cell in the gripper, `slack_m` smaller all round: its pocket may touch it."""
    solids = cell_solids(cell, "the held cell", slack_m)
    return bodies_of((s.moved(T_flange_cell) for s in solids), FLANGE, Group.HELD)


def cell_solids(cell: CellModel, name: str, slack_m: float = 0.0) -> tuple[Solid, ...]:
    """Case and raised terminals in the cell frame, the case `slack_m` smaller on every side."""
    size = np.maximum(cell.size_m - 2 * slack_m, 1e-4)
    raised = [cell.raised_solid(f) for f in cell.features if f.height_m > 0]
    return (
        Solid(name, cell.solid_shape, size),
        *(replace(solid, name=f"{name} ({solid.name})") for solid in raised),
    )


def _gripper_solids(gripper: GripperModel, opening_m: float) -> tuple[Solid, ...]:
    solids = list(gripper.solids)
    if gripper.jaws is not None:
        for side, jaw in zip((1.0, -1.0), gripper.jaws.solids, strict=True):
            T = gripper.T_flange_tcp @ translation(np.array([side * opening_m, 0.0, 0.0]))
            solids += [s.moved(T) for s in jaw]
    return tuple(solids)


def _shape(solid: Solid) -> Any:
    if solid.shape == "box":
        return fcl.Box(*solid.size_m)
    if solid.shape == "cylinder":
        return fcl.Cylinder(solid.size_m[0] / 2, solid.size_m[2])
    return fcl.Sphere(solid.size_m[0] / 2)
