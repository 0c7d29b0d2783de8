"""What is known of a cell before any look at it: it stands on a surface, nearly upright."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats
from cellpick.perception.core.options import RefineOptions
from cellpick.structures import CellModel


def standing_evidence(
    Ts_base_cell: Floats, T_base_support: Floats, cell: CellModel, options: RefineOptions
) -> tuple[Floats, Floats]:
    """Information (n, 6, 6) and gradient (n, 6) about height and lean over the support's z = 0.

    The cell stands on either end face. One that leans or is raised more than is usual may do so for
    good: it is held only as firmly as that makes likely, by the weights of a Cauchy distribution.
    """
    up, origin = T_base_support[:3, 2], T_base_support[:3, 3]
    axis = np.swapaxes(Ts_base_cell[:, :3, :3], -1, -2) @ up
    over = np.where(axis[:, 2] >= 0, 1.0, -1.0)
    height = (Ts_base_cell[:, :3, 3] - origin) @ up - cell.height_m / 2
    J = np.zeros((len(Ts_base_cell), 3, 6))
    J[:, 0, :3] = axis
    # the upright in a frame that turns by w moves by axis x w
    J[:, 1, 4], J[:, 1, 5] = -axis[:, 2], axis[:, 1]
    J[:, 2, 3], J[:, 2, 5] = axis[:, 2], -axis[:, 0]
    J[:, 1:] *= over[:, None, None]
    residual = np.column_stack([height, over[:, None] * axis[:, :2]])
    lean = options.standing_sigma_rad**2 + np.square(axis[:, :2]).sum(axis=1)
    variance = np.column_stack([options.standing_sigma_m**2 + residual[:, 0] ** 2, lean, lean])
    weighted = np.swapaxes(J, -1, -2) / variance[:, None]
    return weighted @ J, -(weighted @ residual[..., None])[..., 0]
