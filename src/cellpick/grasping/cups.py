"""Where a vacuum gripper's cups may sit: TCP on the end that is up, shifted if need be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, transform
from cellpick.grasping.bodies import SIGMAS
from cellpick.grasping.candidates import HORIZON_M, Candidates, joined_candidates, top_down_poses
from cellpick.grasping.faces import EDGE, distances, keep_outs, point_sigma
from cellpick.structures import CellEstimates, CellModel, Cups

FREE_YAWS = 24
"""Yaws tried on a cell that turns freely; others get the cell's x and its reverse."""
SHIFTS = np.array([0.0, 0.04, -0.04, 0.08, -0.08, 0.12, -0.12])
"""Shifts tried along x and y, as shares of the cell's size, where the nominal place is not free."""


def cup_candidates(
    estimates: CellEstimates, cell: CellModel, cups: Cups, rows: NDArray[np.int64], end: int
) -> tuple[Candidates, dict[int, str]]:
    """Candidates of the cells `rows`, whose `end` is up, and why the others of them have none.

    The nominal places, where one is free; else every free place of the grid of shifts. Clearance
    is that of the lips to terminals, vent and all that is raised.
    """
    nominal, slack, _ = _placed(estimates, cell, cups, rows, end, np.zeros((1, 2)))
    tables = [nominal[slack >= 0]]
    blocked = np.setdiff1d(rows, tables[0].cell_index)
    if not len(blocked):
        return tables[0], {}
    sx, sy = np.meshgrid(SHIFTS * cell.size_m[0], SHIFTS * cell.size_m[1], indexing="ij")
    grid = np.stack([sx.ravel(), sy.ravel()], axis=-1)[1:]
    shifted, slack, reason = _placed(estimates, cell, cups, blocked, end, grid)
    tables.append(shifted[slack >= 0])
    refused = {}
    for row in np.setdiff1d(blocked, tables[1].cell_index).tolist():
        mine = np.flatnonzero(shifted.cell_index == row)
        best = mine[slack[mine].argmax()]
        refused[row] = f"no room for the cups: {reason(int(best))} in the best place"
    return joined_candidates(tables), refused


def _placed(
    estimates: CellEstimates,
    cell: CellModel,
    cups: Cups,
    rows: NDArray[np.int64],
    end: int,
    shifts: Floats,
) -> tuple[Candidates, Floats, _Reason]:
    """All yaws and shifts (s, 2) on the cells, their slack (m,), and what a row lacks, in words."""
    yaws = np.arange(FREE_YAWS) * (2 * np.pi / FREE_YAWS)
    yaws = yaws if cell.turns_freely else np.array([0.0, np.pi])
    index, yaw, shift = (
        x.ravel() for x in np.meshgrid(rows, yaws, np.arange(len(shifts)), indexing="ij")
    )
    m = len(index)
    lip = float(cups.centers_m[:, 2].max())
    Ts = top_down_poses(np.full(m, end), yaw, shifts[shift], np.full(m, cell.height_m / 2 + lip))
    p = transform(Ts, cups.centers_m)[..., :2]
    outs = keep_outs(cell, end)
    error = SIGMAS * point_sigma(estimates.covariance[index], p, cell.turns_freely)
    free = distances(outs, p) - cups.radius_m - error[..., None]
    features = free[..., :-1].min(axis=(1, 2), initial=HORIZON_M)
    table = Candidates(index, Ts, np.zeros(m), features, np.linalg.norm(shifts[shift], axis=-1))
    return table, free.min(axis=(1, 2)), _Reason(outs.names, free)


class _Reason:
    """Says which cup lacks how much room, by candidate."""

    def __init__(self, names: tuple[str, ...], free: Floats) -> None:
        self._names, self._free = names, free

    def __call__(self, row: int) -> str:
        cup, out = np.unravel_index(self._free[row].argmin(), self._free[row].shape)
        name = self._names[out]
        what = f"is over the {EDGE}" if name == EDGE else f"is on {name}"
        return f"cup {cup} {what} by {-1e3 * self._free[row, cup, out]:.1f} mm"
