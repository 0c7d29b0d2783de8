"""How near the cells stand to one of them: what may have been touched when it was lifted."""

from __future__ import annotations

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats
from cellpick.geometry.solids import separation
from cellpick.grasping.bodies import parts_of
from cellpick.structures import CellEstimates, CellModel, Solid


def gaps_to(estimates: CellEstimates, cell: CellModel, row: int) -> Floats:
    """Distance (n,) in metres of each cell's case to that of the cell `row`; infinite for itself.

    A lower bound, negative where the believed cases overlap. Raises `InputError` for no such row.
    """
    n = len(estimates)
    if not 0 <= row < n:
        raise InputError("no such row of the estimates", got=row, accepted=f"0 to {n - 1}")
    case = parts_of((Solid("case", cell.shape, cell.size_m),)).shapes
    Ts = estimates.Ts_base_cell
    gaps = separation(case, Ts[row : row + 1], case, Ts)
    gaps[row] = np.inf
    return gaps
