"""How near cells stand to each other: what a lift may touch, and which have a free side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.errors import InputError
from cellpick.geometry import Floats
from cellpick.geometry.solids import separation
from cellpick.grasping.bodies import parts_of
from cellpick.structures import CellEstimates, CellModel, Solid

FLUSH_M = 5e-4
"""Cells nearer than this stand flush: a lift with usual errors scrapes along them; assumed."""
BESIDE = 0.5
"""A neighbour stands at one side where it is off by more of the cell's size along that axis, and by
less along the other."""


def gaps_to(estimates: CellEstimates, cell: CellModel, row: int) -> Floats:
    """Distance (n,) in metres of each cell's case to that of the cell `row`; infinite for itself.

    A lower bound, negative where the believed cases overlap. Raises `InputError` for no such row.
    """
    n = len(estimates)
    if not 0 <= row < n:
        raise InputError("no such row of the estimates", got=row, accepted=f"0 to {n - 1}")
    case = parts_of((Solid("case", cell.solid_shape, cell.size_m),)).shapes
    Ts = estimates.Ts_base_cell
    gaps = separation(case, Ts[row : row + 1], case, Ts)
    gaps[row] = np.inf
    return gaps


def hemmed_in(estimates: CellEstimates, cell: CellModel) -> NDArray[np.bool_]:
    """(n,) whether a cell's neighbours stand flush on two opposite sides of it.

    Such a cell has no room to give way to, wherever its pose is wrong; its lift must push them.
    """
    n = len(estimates)
    to_others = estimates.Ts_base_cell[None, :, :3, 3] - estimates.Ts_base_cell[:, None, :3, 3]
    share = (to_others @ estimates.Ts_base_cell[:, :3, :3])[..., :2] / cell.size_m[:2]
    gaps = np.array([gaps_to(estimates, cell, row) for row in range(n)]).reshape(n, n)
    # a neighbour across a corner stands at no side
    beside = (gaps[..., None] < FLUSH_M) & (np.abs(share[..., ::-1]) < BESIDE)
    ahead = np.any(beside & (share > BESIDE), axis=1)
    behind = np.any(beside & (share < -BESIDE), axis=1)
    return np.asarray(np.any(ahead & behind, axis=1), dtype=np.bool_)
