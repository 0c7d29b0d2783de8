"""Which cell a 3D point may belong to: a table over the plane that the cameras look onto."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.surfaces import GRID_M, PAD_M
from cellpick.structures import CellModel

STEP_M = 1.3e-3
"""Distance of the samples that mark a cell; below `GRID_M` / sqrt(2), so no bin is missed."""


def looking_up(Ts_base_cell: Floats, up: Floats) -> Floats:
    """(n, 3) components of the base-frame direction `up` (3,) in each cell's frame."""
    result: Floats = np.swapaxes(Ts_base_cell[:, :3, :3], -1, -2) @ up
    return result


def assign_points(
    points: Floats, Ts_base_cell: Floats, cell: CellModel, up: Floats, pad: float = PAD_M
) -> NDArray[np.int64]:
    """(m,) row of the cell at each point (m, 3), seen along `up` (3,); -1 where there is none.

    Cells are `pad` metres larger than drawn where they meet no neighbour.
    """
    if not len(points) or not len(Ts_base_cell):
        return np.full(len(points), -1)
    plane = _basis(up)
    wide, wide_id = _samples(Ts_base_cell, cell, up, pad)
    core, core_id = _samples(Ts_base_cell, cell, up, 0.0)
    low = (wide @ plane).min(axis=0)
    shape = np.floor(((wide @ plane).max(axis=0) - low) / GRID_M).astype(np.int64) + 1
    table = np.full(shape, -1)
    # the cells' own outlines come last, so that they win over a neighbour's margin
    for samples, ids in ((wide, wide_id), (core, core_id)):
        i, j = np.floor((samples @ plane - low) / GRID_M).astype(np.int64).T
        table[i, j] = ids
    bins = np.floor((points @ plane - low) / GRID_M)
    known = ((bins >= 0) & (bins < shape)).all(axis=1)
    i, j = np.where(known[:, None], bins, 0).astype(np.int64).T
    return np.where(known, table[i, j], -1)


def _basis(up: Floats) -> Floats:
    """(3, 2) two unit vectors square to `up`."""
    first = np.cross(up, np.eye(3)[np.argmin(np.abs(up))])
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(up, first)], axis=-1)


def _samples(
    Ts_base_cell: Floats, cell: CellModel, up: Floats, pad: float
) -> tuple[Floats, NDArray[np.int64]]:
    """Points (s, 3) all over the face of each cell that looks up, with the cells' rows (s,)."""
    towards = looking_up(Ts_base_cell, up)
    axis = np.argmax(np.abs(towards), axis=1)
    points, rows = [], []
    for a in range(3):
        chosen = np.flatnonzero(axis == a)
        half = cell.size_m / 2 + pad
        b, c = (a + 1) % 3, (a + 2) % 3
        grid = np.meshgrid(*(np.linspace(-half[k], half[k], _count(half[k])) for k in (b, c)))
        lattice = np.zeros((chosen.size, grid[0].size, 3))
        lattice[:, :, b], lattice[:, :, c] = grid[0].ravel(), grid[1].ravel()
        lattice[:, :, a] = (np.sign(towards[chosen, a]) * cell.size_m[a] / 2)[:, None]
        T = Ts_base_cell[chosen]
        points.append(lattice @ np.swapaxes(T[:, :3, :3], -1, -2) + T[:, None, :3, 3])
        rows.append(np.repeat(chosen, grid[0].size))
    return np.concatenate([p.reshape(-1, 3) for p in points]), np.concatenate(rows)


def _count(half: float) -> int:
    return int(np.ceil(2 * half / STEP_M)) + 1
