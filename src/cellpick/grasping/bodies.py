"""Solids, cells and grippers as convex shapes in one frame, ready for distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert
from cellpick.geometry.solids import ConvexShapes
from cellpick.structures import CellEstimates, CellModel, GripperModel, Recipe, Solid

SIGMAS = 3.0
"""Predicted errors enter every margin times this: 99.7 % of a normal error."""
TRAY_PREFIX = "tray"
"""First word of the name of each body that lies as uncertainly as the tray."""


class Parts(NamedTuple):
    """Named convex bodies in one frame, or in each of a batch of frames."""

    names: tuple[str, ...]
    """(b,) what a reason calls them."""
    shapes: ConvexShapes
    """(..., b) their forms."""
    poses: Floats
    """(..., b, 4, 4) in the frame."""


@dataclass(frozen=True, eq=False)
class Obstacles:
    """All that a gripper must not touch, in the arm's base frame."""

    parts: Parts
    """(b,) the bodies."""
    margin_m: Floats
    """(b,) how far each may be off, already times `SIGMAS`."""
    cell_row: NDArray[np.int64]
    """(b,) row of the cell in the estimates that a body belongs to; -1 for a fixture."""


def parts_of(solids: tuple[Solid, ...], widen_m: float = 0.0) -> Parts:
    """The shapes of solids, in their owner's frame, widened by `widen_m` in their own x and y."""
    kinds = np.array([s.shape for s in solids], dtype="U8")
    size = np.array([s.size_m for s in solids]).reshape(-1, 3)
    box, cylinder, ball = (kinds == k for k in ("box", "cylinder", "sphere"))
    half = size / 2 * np.where(box[:, None], 1.0, np.where(cylinder[:, None], [0, 0, 1.0], 0.0))
    half += widen_m * box[:, None] * np.array([1.0, 1.0, 0.0])
    radius = size[:, 0] / 2 + widen_m
    shapes = ConvexShapes(half, np.where(cylinder, radius, 0.0), np.where(ball, radius, 0.0))
    poses = np.array([s.T_parent_solid for s in solids]).reshape(-1, 4, 4)
    return Parts(tuple(s.name for s in solids), shapes, poses)


def joined(*groups: Parts) -> Parts:
    """All bodies of the groups, which share their frames."""
    shapes = [g.shapes for g in groups]
    return Parts(
        tuple(name for g in groups for name in g.names),
        ConvexShapes(
            np.concatenate([s.half for s in shapes], axis=-2),
            np.concatenate([s.disc for s in shapes], axis=-1),
            np.concatenate([s.ball for s in shapes], axis=-1),
        ),
        np.concatenate([g.poses for g in groups], axis=-3),
    )


def repeated(parts: Parts, m: int) -> Parts:
    """Bodies (b,) of one frame, the same in each of m frames: (m, b)."""
    rows = np.zeros(m, dtype=np.int64)
    return Parts(parts.names, parts.shapes[None][rows], parts.poses[None][rows])


def cell_solids(cell: CellModel) -> tuple[Solid, ...]:
    """The case and what stands above its ends, in the cell frame."""
    raised = (cell.raised_solid(f) for f in cell.features if f.height_m > 0)
    return (Solid("case", cell.solid_shape, cell.size_m), *raised)


def gripper_parts(gripper: GripperModel) -> Parts:
    """The bodies that do not move against the flange, in the TCP frame."""
    parts = parts_of(gripper.solids)
    return parts._replace(poses=invert(gripper.T_flange_tcp) @ parts.poses)


def cells_as_obstacles(cell: CellModel, Ts_base_cell: Floats, margin_m: Floats) -> Obstacles:
    """The bodies of cells at (n, 4, 4), each off by at most `margin_m` (n,)."""
    n, solids = len(Ts_base_cell), parts_of(cell_solids(cell))
    b = len(solids.names)
    rows = np.repeat(np.arange(n), b)
    names = tuple(f"cell {row} ({name})" for row in range(n) for name in solids.names)
    shapes = solids.shapes[np.tile(np.arange(b), n)]
    poses = (Ts_base_cell[:, None] @ solids.poses[None]).reshape(-1, 4, 4)
    return Obstacles(Parts(names, shapes, poses), np.repeat(margin_m, b), rows)


def seen_obstacles(estimates: CellEstimates, recipe: Recipe) -> Obstacles:
    """Every estimated cell, whatever its status, and every fixture.

    The tray's bodies are widened by the tray's tolerance, the cells' margins are their predicted
    errors.
    """
    cells = cells_as_obstacles(
        recipe.cell, estimates.Ts_base_cell, SIGMAS * position_sigma(estimates)
    )
    tray = tuple(s for s in recipe.fixtures if s.name.startswith(TRAY_PREFIX))
    others = tuple(s for s in recipe.fixtures if not s.name.startswith(TRAY_PREFIX))
    fixed = joined(parts_of(tray, recipe.tray_tolerance_m), parts_of(others))
    count = len(fixed.names)
    return Obstacles(
        joined(cells.parts, fixed),
        np.concatenate([cells.margin_m, np.zeros(count)]),
        np.concatenate([cells.cell_row, np.full(count, -1)]),
    )


def position_sigma(estimates: CellEstimates) -> Floats:
    """(n,) root of the position covariance's largest eigenvalue; NaN where it is no covariance."""
    if not len(estimates):
        return np.zeros(0)
    values = np.linalg.eigvalsh(estimates.covariance[:, :3, :3])
    sound = values[:, 0] >= -1e-9 * np.maximum(values[:, -1], 1e-12)
    result: Floats = np.where(sound, np.sqrt(np.maximum(values[:, -1], 0.0)), np.nan)
    return result
