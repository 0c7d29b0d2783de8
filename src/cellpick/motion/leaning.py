"""Which way a lift leans: off the neighbours that stand flush, towards where there is room.

A pose that is off by a tenth of a degree drives the lower end of a cell that is lifted along its
own axis a fifth of a millimetre into a flush neighbour. What it takes to push a row of cells aside
acts a cell's height below the lips: a moment that two cups in a line cannot bear.
"""

from __future__ import annotations

import fcl
import numpy as np

from cellpick.geometry import Floats
from cellpick.motion.bodies import Bodies, Group, cell_solids
from cellpick.motion.lines import backed_off
from cellpick.motion.task import Task
from cellpick.structures import CellModel

ROOM_M = 5e-4
"""A lift with so much room goes straight: some three times the usual error over a cell's height."""
DRIFTS_M = (6e-4, 1.5e-3)
"""How far a lift may drift aside over the height of the cell; assumed. A tray's wall, a quarter as
high as a cell, then sees a third of a millimetre."""
HEIGHTS = (0.2, 0.4, 0.7, 1.0)
"""Shares of the cell's height at which room counts. It need not be free below: what touches there
has not yet been pushed."""
WORTH_M = 5e-5
"""A lean must gain more than this over going straight."""
_DEPTH_M = 2e-3
_DIRECTIONS = 8


def lift_lean(task: Task, cell: CellModel) -> Floats:
    """(2,) slope of the lift along the TCP's x and y, for the most room; zeros for straight up.

    Trays do not count: they are not where their drawing has them, and cells touch them on purpose.
    """
    turns = np.arange(_DIRECTIONS) * (2 * np.pi / _DIRECTIONS)
    ways = np.stack([np.cos(turns), np.sin(turns)], axis=-1)
    leans = np.concatenate([np.zeros((1, 2)), *(d / cell.height_m * ways for d in DRIFTS_M)])
    near = _near(task, cell)
    straight = _room(task, cell, near, leans[0])
    if straight >= ROOM_M:
        return np.zeros(2)
    rooms = np.array([straight + WORTH_M, *(_room(task, cell, near, lean) for lean in leans[1:])])
    # of equally good ones the first, which leans least
    best: Floats = leans[int(np.argmax(np.round(rooms, 9)))]
    return best


def _near(task: Task, cell: CellModel) -> Bodies:
    """Cells and fixtures that a lift may touch."""
    standing = task.standing.only(Group.CELL, Group.FIXTURE)
    p_cell = (task.T_base_tcp_pick @ task.held.T_tcp_cell)[:3, 3]
    local = np.einsum("kji,kj->ki", standing.Ts_frame_body[:, :3, :3],
                      p_cell - standing.Ts_frame_body[:, :3, 3])  # fmt: skip
    outside = np.linalg.norm(np.maximum(np.abs(local) - standing.half, 0.0), axis=-1)
    reach = float(np.linalg.norm(cell.size_m)) / 2 + cell.height_m
    return standing.rows(np.flatnonzero(outside < reach))


def _room(task: Task, cell: CellModel, near: Bodies, lean: Floats) -> float:
    """Least distance of the lifted cell's case to bodies, at most `ROOM_M`; negative in overlap."""
    case = cell_solids(cell, "the held cell", _DEPTH_M)[0]
    # the library measures distances, not overlaps: a smaller case shows both
    shape = fcl.Box(*case.size_m)
    if case.shape == "cylinder":
        shape = fcl.Cylinder(case.size_m[0] / 2, case.size_m[2])
    lengths = cell.height_m * np.array(HEIGHTS)
    Ts = backed_off(task.T_base_tcp_pick, lengths, lean) @ task.held.T_tcp_cell
    fixed = [
        fcl.CollisionObject(body, fcl.Transform(T[:3, :3], T[:3, 3]))
        for body, T in zip(near.shapes, near.Ts_frame_body, strict=True)
    ]
    least = ROOM_M
    for T in Ts:
        mobile = fcl.CollisionObject(shape, fcl.Transform(T[:3, :3], T[:3, 3]))
        for body in fixed:
            gap = fcl.distance(mobile, body, fcl.DistanceRequest(), fcl.DistanceResult())
            least = min(least, max(gap, 0.0) - _DEPTH_M)
    return least
