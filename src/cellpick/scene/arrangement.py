"""How cells lie in the tray: which way up, over what footprint, in which pockets and layers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.scene.spec_fixtures import TraySpec
from cellpick.structures import CellModel

MM = 1e-3
X_UP = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
Z_ALONG_X = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
PACKED_SHARE = 0.5
"""Share of a heap's volume that its cells fill; loose short cylinders reach 0.55 to 0.6 away from
walls (Zou and Yu 1996, Powder Technology 88, 71-79), less beside them: assumed."""


def laid(tray: TraySpec, cell: CellModel) -> Floats:
    """(3, 3) rotation from the cell to the tray of a cell as it is drawn.

    Lying: the largest face down, so that the shortest extent points up; a lying cylinder's +z
    points along the tray's +x, a hard case's lid along the tray's -y.
    """
    if tray.arrangement != "lying":
        return np.eye(3)
    if cell.shape == "cylinder":
        return Z_ALONG_X
    return (X_UP, Y_UP, np.eye(3))[int(np.argmin(cell.size_m))]


def laid_size(tray: TraySpec, cell: CellModel) -> Floats:
    """(3,) extents of one cell along the tray's axes as it is drawn.

    What stands out of the case sideways counts on both sides, since a cell may lie turned.
    """
    stands_out = np.zeros(3)
    for feature in cell.features:
        axis = feature.axes[2]
        stands_out[axis] = max(stands_out[axis], feature.height_m)
    R = np.abs(laid(tray, cell))
    size = R @ cell.size_m
    size[:2] += 2 * (R @ stands_out)[:2]
    return np.asarray(size, dtype=np.float64)


def tray_fill_m(tray: TraySpec, cell: CellModel) -> float:
    """Height of the uppermost cells' tops above the surface that cells stand on, as drawn."""
    if tray.arrangement == "heap":
        return heap_height_m(tray, cell)
    return float(laid_size(tray, cell)[2] * tray.layers)


def heap_height_m(tray: TraySpec, cell: CellModel) -> float:
    """Height of a level heap of the tray's cells at `PACKED_SHARE`; at least one cell's least
    extent."""
    x, y, z = cell.size_m
    volume = np.pi / 4 * x * y * z if cell.shape == "cylinder" else x * y * z
    area = np.prod(np.multiply(tray.inner_size_mm, MM)) if tray.inner_size_mm else np.inf
    count = len(filled_pockets(tray)[0])
    return max(float(count * volume / (PACKED_SHARE * area)), float(cell.size_m.min()))


def filled_pockets(tray: TraySpec) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n,) pocket and (n,) layer of each cell, layer by layer, row by row; 0 in a heap."""
    pockets = tray.rows * tray.columns
    if tray.arrangement == "heap":
        none = np.zeros(tray.cells or pockets, dtype=np.int64)
        return none, none
    kept = np.setdiff1d(np.arange(pockets), tray.empty)
    pocket = np.tile(kept, tray.layers)[: tray.cells]
    layer = np.repeat(np.arange(tray.layers), len(kept))[: tray.cells]
    return pocket.astype(np.int64), layer.astype(np.int64)
