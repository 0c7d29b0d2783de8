"""Points on a cell's surface and its diameter, from the drawing alone, for pose errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.errors import InputError
from cellpick.geometry import Floats
from cellpick.structures import CellModel

AROUND, ALONG = 60, 20
"""Points round the cell and along its height: the grid of the reference values."""
LEAST_AROUND, LEAST_ALONG = 16, 2
CORNER_POINTS = 3
"""A rounded upright edge has its two ends and its middle, where it stands out most; a sharp one is
one point."""
RIM_STEPS = 4096
"""Angles of the rim among which the point farthest from the middle is sought."""


def model_points(cell: CellModel, around: int = AROUND, along: int = ALONG) -> Floats:
    """Points (around * along, 3) in metres in the cell frame: `along` closed rings from -z to +z.

    Rings are equally spaced on the profile (rim arc, side, rim arc; ends included), so that the
    first and last lie on the end faces. A cylinder's points stand at angles 2 pi k / around, from
    +x on. A box's corners have three points each, its sides the rest in equal steps. The end faces
    have no points inside, as the largest distance between two poses lies on the hull. Raised
    terminals do not count. Raises `InputError` for odd or too small numbers.
    """
    if around < LEAST_AROUND or around % 2:
        accepted = f"even numbers from {LEAST_AROUND} on"
        raise InputError("around must be even and large enough", got=around, accepted=accepted)
    if along < LEAST_ALONG:
        accepted = f"{LEAST_ALONG} or more"
        raise InputError("along must include both ends", got=along, accepted=accepted)
    inset, z = _profile(cell, along)
    corner, turn = _outline(cell, around)
    radius = np.full(along, _upright_radius(cell))
    # an edge less round than its rim is sharp where the rim has passed it
    middle = cell.size_m[:2] / 2 - np.maximum(radius, inset)[:, None]
    xy = corner * middle[:, None] + turn * np.maximum(radius - inset, 0.0)[:, None, None]
    heights = np.broadcast_to(z[:, None, None], (along, around, 1))
    result: Floats = np.concatenate([xy, heights], axis=-1).reshape(-1, 3)
    return result


def diameter_m(cell: CellModel) -> float:
    """Largest distance in metres between two points of the case, without raised terminals."""
    angle = np.linspace(0.0, np.pi / 2, RIM_STEPS + 1)
    rim, radius = cell.rim_radius_m, _upright_radius(cell)
    inset = rim * (1 - np.cos(angle))
    middle = cell.size_m[:2] / 2 - np.maximum(radius, inset)[:, None]
    reach = np.linalg.norm(middle, axis=1) + np.maximum(radius - inset, 0.0)
    z = cell.height_m / 2 - rim * (1 - np.sin(angle))
    return float(2 * np.hypot(reach, z).max())


def inside(cell: CellModel, p: Floats) -> NDArray[np.bool_]:
    """Whether points (..., 3) of the cell frame lie in the case, its roundings taken as sharp."""
    half = cell.size_m / 2
    if cell.shape == "cylinder":
        result: NDArray[np.bool_] = (np.hypot(p[..., 0], p[..., 1]) <= half[0]) & (
            np.abs(p[..., 2]) <= half[2]
        )
        return result
    return np.asarray((np.abs(p) <= half).all(axis=-1))


def _upright_radius(cell: CellModel) -> float:
    return float(cell.size_m[0]) / 2 if cell.shape == "cylinder" else cell.corner_radius_m


def _profile(cell: CellModel, along: int) -> tuple[Floats, Floats]:
    """How far each ring lies inside the outline, and its height, both (along,)."""
    rim, half = cell.rim_radius_m, cell.height_m / 2
    straight, arc = half - rim, rim * np.pi / 2
    s = np.linspace(-straight - arc, straight + arc, along)
    beyond = np.maximum(np.abs(s) - straight, 0.0)
    angle = beyond / rim if rim > 0 else np.zeros(along)
    z = np.sign(s) * (np.minimum(np.abs(s), straight) + rim * np.sin(angle))
    return rim * (1 - np.cos(angle)), z


def _outline(cell: CellModel, around: int) -> tuple[Floats, Floats]:
    """Points of the outline: (around, 2) their base, in units of the middles of the corners'
    roundings, and (around, 2) the outward normal, along which the rounding is added."""
    if cell.shape == "cylinder":
        angle = 2 * np.pi * np.arange(around) / around
        return np.zeros((around, 2)), np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    x, y = cell.size_m[:2]
    # half of what the corners leave, shared by a side along x and a side along y
    corner_points = CORNER_POINTS if cell.corner_radius_m > 0 else 1
    rest = around // 2 - 2 * corner_points
    along_x = int(np.clip(round(rest * x / (x + y)), 1, rest - 1))
    corners, turns = [], []
    for quarter, count in enumerate((rest - along_x, along_x) * 2):
        R = np.linalg.matrix_power(np.array([[0.0, -1.0], [1.0, 0.0]]), quarter)
        angle = np.linspace(0.0, np.pi / 2, corner_points)
        # up the side that faces along x, then round the corner that follows
        side = np.linspace(-1.0, 1.0, count + 2)[1:-1]
        at = np.concatenate([np.stack([np.ones(count), side], -1), np.ones((corner_points, 2))])
        to = np.concatenate(
            [np.tile([1.0, 0.0], (count, 1)), np.stack([np.cos(angle), np.sin(angle)], axis=-1)]
        )
        corners.append(at @ R.T)
        turns.append(to @ R.T)
    return np.concatenate(corners), np.concatenate(turns)
