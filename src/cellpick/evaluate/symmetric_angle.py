"""The angle between two poses of a cell that its declared symmetries leave."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats, angle_between, exp_rotation
from cellpick.geometry.symmetries import rotation_group
from cellpick.structures import CellModel


def symmetric_angle(cell: CellModel, R_a: Floats, R_b: Floats) -> Floats:
    """Least angle (...) in radians from `R_a` to any symmetric twin of `R_b`, both (..., 3, 3).

    Exact for free axes: the angle between the two directions of the axis, since a turn about it
    costs nothing.
    """
    discrete = [s for s in cell.symmetries if s.fold > 0]
    free = [s.axis for s in cell.symmetries if s.fold == 0]
    axes = np.array([s.axis for s in discrete]).reshape(-1, 3)
    group = rotation_group(axes, np.array([s.fold for s in discrete], dtype=np.int64), 1)
    twins = R_b[..., None, :, :] @ group
    if free:
        one, other = R_a[..., None, :, :] @ free[0], twins @ free[0]
        sine = np.linalg.norm(np.cross(one, other), axis=-1)
        angles = np.arctan2(sine, (one * other).sum(axis=-1))
    else:
        angles = angle_between(R_a[..., None, :, :], twins)
    result: Floats = angles.min(axis=-1)
    return result


def flip_rotation(cell: CellModel) -> Floats:
    """The turn (3, 3) that swaps a cell's polarity: of a box about z, of a cylinder about x."""
    axis = [np.pi, 0.0, 0.0] if cell.shape == "cylinder" else [0.0, 0.0, np.pi]
    return exp_rotation(axis)
