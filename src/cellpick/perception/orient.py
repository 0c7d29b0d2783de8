"""Turns every cell's pose to the polarity that the pictures speak for, with its probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, exp_rotation, pose
from cellpick.perception.drawing import Drawing
from cellpick.perception.polarity import log_odds
from cellpick.perception.rectify import rectify
from cellpick.structures import Capture

HALF_TURN = pose(exp_rotation(np.array([0.0, 0.0, np.pi])), np.zeros(3))
"""A standing box with its poles exchanged."""
UPSIDE_DOWN = pose(exp_rotation(np.array([np.pi, 0.0, 0.0])), np.zeros(3))
"""A cell with its ends exchanged."""


@dataclass(frozen=True, eq=False)
class Oriented:
    """n cells, each in its likelier polarity."""

    Ts_base_cell: Floats
    """(n, 4, 4)."""
    odds: Floats
    """(n,) log odds of this polarity against the other, at least 0."""
    turned: NDArray[np.bool_]
    """(n,) whether the pose was turned to it."""


def orient(
    Ts_base_cell: Floats,
    captures: Sequence[Capture],
    drawing: Drawing,
    up: Floats,
) -> Oriented:
    """`up` (3,) is the base-frame direction of up.

    The poles are exchanged by turning the cell upside down if either end may look up, else by half
    a turn.
    """
    over, either_end = upside_down(Ts_base_cell, up), drawing.either_end
    odds = np.zeros(len(Ts_base_cell))
    for windows, rows in (
        (drawing.windows, np.flatnonzero(~over | either_end)),
        (drawing.windows_over, np.flatnonzero(over & (not either_end))),
    ):
        if windows.count and len(rows):
            p_face = np.column_stack([windows.xy, drawing.cell.height_m / 2 + windows.height_m])
            Ts_base_face = facing_up(Ts_base_cell[rows], up)
            odds[rows] = log_odds([rectify(c, Ts_base_face, p_face) for c in captures], windows)
    if either_end:
        odds = np.where(over, -odds, odds)
    wrong = odds < 0
    other = Ts_base_cell @ (UPSIDE_DOWN if either_end else HALF_TURN)
    return Oriented(np.where(wrong[:, None, None], other, Ts_base_cell), np.abs(odds), wrong)


def upside_down(Ts_base_cell: Floats, up: Floats) -> NDArray[np.bool_]:
    """(n,) whether the -z face looks up."""
    result: NDArray[np.bool_] = Ts_base_cell[:, :3, 2] @ up < 0
    return result


def facing_up(Ts_base_cell: Floats, up: Floats) -> Floats:
    """(n, 4, 4) frames at the cells' centres whose +z leaves the face that looks up."""
    over = upside_down(Ts_base_cell, up)
    return np.where(over[:, None, None], Ts_base_cell @ UPSIDE_DOWN, Ts_base_cell)
