"""What points say of cells: moments of the points on each plane, and sums over a round side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats
from cellpick.perception.core.register_blocks import (
    PAIRS,
    Blocks,
    Floats32,
    moment_matrices,
)
from cellpick.perception.core.register_shape import CellShape

AXES = 3


@dataclass(frozen=True, eq=False)
class Evidence:
    """Of k cells, about the frame that their blocks are in.

    A point u = (x, y, z, 1) on the planes across axis a pulls them together with its weight w: the
    gradient is that of w (axis coordinate - target)^2 / 2.
    """

    moments: Floats
    """(k, 3, 4, 4) sum of w u u^T by axis."""
    targets: Floats
    """(k, 3, 4) sum of w target u."""
    side_information: Floats
    """(k, 6, 6) of a cylinder's side, about the present pose."""
    side_gradient: Floats
    """(k, 6) of the same."""


@dataclass(frozen=True, eq=False)
class Placed:
    """Points of b blocks as the present poses see them; f = 3 pairs of planes, or a side and the
    ends."""

    q: Floats32
    """(b, 3, BLOCK) in the cells' frames."""
    gap: Floats32
    """(b, f, BLOCK) signed distance from the surfaces, positive outside."""
    radial: Floats32 | None
    """(b, 2, BLOCK) directions of a cylinder's side."""


def placed(blocks: Blocks, Ts_cell_local: Floats, shape: CellShape) -> Placed:
    """The blocks' points in their cells' frames; `Ts_cell_local` (k, 4, 4)."""
    H = Ts_cell_local[:, :3].astype(np.float32)[blocks.cell]
    q = H @ blocks.points
    half = shape.half_m.astype(np.float32)
    if shape.kind == "box":
        gap = np.abs(q)
        gap -= half[:, None]
        return Placed(q, gap, None)
    rho = np.sqrt(q[:, 0] ** 2 + q[:, 1] ** 2)
    gap = np.stack([rho, np.abs(q[:, 2])], axis=1)
    gap -= half[1:, None]
    radial = q[:, :2] / np.maximum(rho, np.float32(1e-6))[:, None]
    return Placed(q, gap, radial)


@dataclass(frozen=True, eq=False)
class Pulls:
    """Weights of the points, each with the error that it should mend."""

    weight: Floats32
    """(b, f, BLOCK) inverse variance times a robust weight, on each surface."""
    at: Indices
    """(p,) flat places in `weight` of points whose pull is not weight times gap."""
    force: Floats32
    """(p,) their pull."""


def evidence(blocks: Blocks, seen: Placed, pulls: Pulls, shape: CellShape) -> Evidence:
    """Sums of the pulls by cell."""
    weight = pulls.weight
    k, b = len(blocks.first), len(weight)
    planes = weight if shape.kind == "box" else weight[:, 1:]
    q = seen.q if shape.kind == "box" else seen.q[:, 2:]
    half = shape.half_m[AXES - planes.shape[1] :].astype(np.float32)
    count = planes.shape[1]
    both = np.empty((b, 2 * count, weight.shape[2]), np.float32)
    both[:, :count] = planes
    target = both[:, count:]
    np.multiply(planes, half[:, None], out=target)
    np.copysign(target, q, out=target)
    side = np.zeros((k, 6, 6)), np.zeros((k, 6))
    block, surface, column = np.unravel_index(pulls.at, weight.shape)
    flat = surface if shape.kind == "box" else surface - 1
    on_plane = flat >= 0
    here = block[on_plane], flat[on_plane], column[on_plane]
    coordinate = q[here]
    target[here] = planes[here] * coordinate - np.copysign(pulls.force[on_plane], coordinate)
    sums = blocks.summed(blocks.monomials @ np.swapaxes(both, 1, 2))
    moments, targets = np.zeros((k, AXES, 4, 4)), np.zeros((k, AXES, 4))
    moments[:, -count:] = moment_matrices(np.swapaxes(sums[..., :count], 1, 2))
    targets[:, -count:] = np.swapaxes(sums[:, len(PAIRS) :, count:], 1, 2)
    if seen.radial is not None:
        pull = weight[:, 0] * seen.gap[:, 0]
        pull[block[~on_plane], column[~on_plane]] = pulls.force[~on_plane]
        side = _side(blocks, seen.q[:, 2], seen.radial, weight[:, 0], pull)
    return Evidence(moments, targets, *side)


def _side(
    blocks: Blocks, z: Floats32, radial: Floats32, weight: Floats32, pull: Floats32
) -> tuple[Floats, Floats]:
    """Information (k, 6, 6) and gradient (k, 6): a radial distance grows by -n . (v + w x q)."""
    J = np.concatenate([radial, z[:, None] * radial], axis=1)
    sums = blocks.summed(
        np.concatenate([J * weight[:, None], pull[:, None]], 1)
        @ np.swapaxes(np.concatenate([J, np.ones_like(z)[:, None]], 1), 1, 2)
    )
    return sums, sums
