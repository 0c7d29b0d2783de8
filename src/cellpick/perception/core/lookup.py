"""Which cell a 3D point may belong to: a map of the plane that the cameras look onto."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.structures import CellModel

STEP_M = 1e-3
"""Pixel of the map."""
MOST_PIXELS = 4000
"""Pixels a side of the map from which a larger one gets larger pixels."""
PAD_M = 3e-3
"""Points this far outside a cell's outline may still be its own."""
SUBPIXEL_BITS = 4
"""Outlines are drawn to a sixteenth of a pixel."""
LEAST_ALONG = 1e-6
"""Length below which the sum of the cells' axes points nowhere."""
CORNERS = 32
"""Of the polygon that a round outline is drawn as."""


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
    plane = _basis(up, Ts_base_cell)
    wide, core = (outlines(Ts_base_cell, cell, up, p) @ plane for p in (pad, 0.0))
    low, high = wide.min(axis=(0, 1)), wide.max(axis=(0, 1))
    step = max(STEP_M, float((high - low).max()) / MOST_PIXELS)
    # a frame of one pixel stays empty, for all that is farther away
    low = low - 2 * step
    size = np.ceil((high - low) / step).astype(np.int64) + 3
    label = np.full(size[::-1], -1, np.int32)
    # the cells' own outlines come last, so that they win over a neighbour's margin
    for polygons in (wide, core):
        corners = np.rint((polygons - low) / step * 2**SUBPIXEL_BITS).astype(np.int32)
        for row, polygon in enumerate(corners):
            cv2.fillConvexPoly(label, polygon, row, shift=SUBPIXEL_BITS)
    at = np.rint((points @ plane - low) / step)
    column, row = np.clip(at, 0, size - 1).astype(np.intp).T
    found: NDArray[np.int64] = label.ravel().take(row * size[0] + column).astype(np.int64)
    return found


def outlines(Ts_base_cell: Floats, cell: CellModel, up: Floats, pad: float) -> Floats:
    """(n, k, 3) corners of the face of each cell that looks up, `pad` metres larger than drawn."""
    towards = looking_up(Ts_base_cell, up)
    axis = np.argmax(np.abs(towards), axis=1)
    half = cell.size_m / 2 + pad
    angle = (np.arange(CORNERS) + 0.5) * (2 * np.pi / CORNERS)
    turn = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    # of a box's outline every eighth corner, stretched to the sides, stands for all in between
    square = np.sign(turn)
    corners = np.zeros((3, CORNERS, 3))
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        unit = turn if a == 2 and cell.shape == "cylinder" else square
        corners[a][:, [b, c]] = unit * half[[b, c]]
    local = corners[axis]
    rows = np.arange(len(axis))
    local[rows, :, axis] = (np.sign(towards[rows, axis]) * cell.size_m[axis] / 2)[:, None]
    result: Floats = local @ np.swapaxes(Ts_base_cell[:, :3, :3], -1, -2)
    return result + Ts_base_cell[:, None, :3, 3]


def _basis(up: Floats, Ts_base_cell: Floats) -> Floats:
    """(3, 2) two unit vectors square to `up`, along the cells: so that the map's pixels lie alike
    on them in any base frame."""
    along = Ts_base_cell[:, :3, :3].sum(axis=0).T
    along -= (along @ up)[:, None] * up
    first = along[np.argmax(np.sum(along * along, axis=1))]
    length = np.linalg.norm(first)
    if length < LEAST_ALONG:
        first = np.cross(up, np.eye(3)[np.argmin(np.abs(up))])
        length = np.linalg.norm(first)
    first = first / length
    return np.stack([first, np.cross(up, first)], axis=-1)
