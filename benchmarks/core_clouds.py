"""Clouds of cells as a camera would see them: one large face and the top, or what else is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats, exp_rotation, perturb, pose, transform
from cellpick.perception import CellShape

BOX = CellShape.box(0.148, 0.026, 0.091)
NOISE_M = 3e-4
PITCH_M = 0.03
"""Between neighbouring cells."""


@dataclass(frozen=True, eq=False)
class Workload:
    """Equal input for everyone."""

    truth: Floats
    """(n, 4, 4)."""
    starts: Floats
    """(n, 4, 4)."""
    points: np.ndarray
    """(m, 3) float32, grouped by cell."""
    instance: np.ndarray
    """(m,)."""

    clouds: tuple[np.ndarray, ...]
    """The points of each cell (m, 3) in float64, as the peers take them."""


def box_points(shape: CellShape, faces: list[tuple[int, int, int]], rng: np.random.Generator):
    """Points spread evenly over faces given as (axis, sign, number)."""
    parts = []
    for axis, sign, number in faces:
        q = rng.uniform(-1, 1, (number, 3)) * shape.half_m
        q[:, axis] = sign * shape.half_m[axis]
        parts.append(q)
    return np.concatenate(parts)


def workload(
    cells: int,
    points: int,
    rng: np.random.Generator,
    shift_m: float = 3e-3,
    turn_deg: float = 3.0,
    sigma_m: float = NOISE_M,
) -> Workload:
    """60 % of the points on the top, 40 % on one large side; starts a fixed way off, in directions
    drawn at random."""
    row, column = np.divmod(np.arange(cells), 8)
    p = np.column_stack([0.16 * row, PITCH_M * column, np.full(cells, 0.05)])
    truth = pose(exp_rotation(rng.normal(0, 0.05, (cells, 3))), p)
    away, axis = (_directions(cells, rng) for _ in range(2))
    starts = perturb(truth, np.hstack([shift_m * away, np.radians(turn_deg) * axis]))
    top = round(0.6 * points)
    clouds = [box_points(BOX, [(2, 1, top), (1, 1, points - top)], rng) for _ in range(cells)]
    exact = np.concatenate([transform(T, c) for T, c in zip(truth, clouds, strict=True)])
    noisy = exact + rng.normal(0, sigma_m, exact.shape)
    instance = np.repeat(np.arange(cells), points)
    single = noisy.astype(np.float32)
    own = tuple(single.astype(np.float64).reshape(cells, points, 3))
    return Workload(truth, starts, single, instance, own)


def _directions(count: int, rng: np.random.Generator) -> Floats:
    v = rng.normal(size=(count, 3))
    result: Floats = v / np.linalg.norm(v, axis=1, keepdims=True)
    return result
