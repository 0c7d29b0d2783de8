"""What points say of cells: moments of those on each pair of planes, sums over a round side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats
from cellpick.perception.core.register_blocks import (
    PAIRS,
    Blocks,
    Floats32,
    Indices,
    moment_matrices,
)
from cellpick.perception.core.register_shape import CellShape

SIDE = np.zeros((6, 4))
SIDE[0, 0] = SIDE[1, 1] = SIDE[4, 2] = 1
SIDE[3, 3] = -1
"""Small motion by n_x, n_y, z n_x, z n_y: a radial distance shrinks by n . (v + w x q)."""


@dataclass(frozen=True, eq=False)
class Placed:
    """Points of b blocks as the present poses see them, at f surfaces: three pairs of planes, or
    a round side and a pair of ends."""

    q: Floats32
    """(b, 3, BLOCK) in the cells' frames."""
    gap: Floats32
    """(b, f, BLOCK) distance from the surfaces, positive outside."""
    radial: Floats32 | None
    """(b, 2, BLOCK) directions square to a cylinder's side."""


@dataclass(frozen=True, eq=False)
class Pulls:
    """How strongly each point pulls each surface to itself."""

    weight: Floats32
    """(b, f, BLOCK) inverse variance times a robust weight; the pull is weight times gap."""
    at: Indices
    """(p,) flat places in `weight` of points with another pull."""
    force: Floats32
    """(p,) that pull, never negative."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Of k cells, about the frame that their blocks are in.

    A point u = (x, y, z, 1) on the planes across an axis, with weight w, says that its coordinate
    along the axis be `target`.
    """

    moments: Floats
    """(k, 3, 4, 4) sum of w u u^T by axis."""
    targets: Floats
    """(k, 3, 4) sum of w target u."""
    side_information: Floats
    """(k, 6, 6) of a cylinder's side, about the pose that it was seen at."""
    side_gradient: Floats
    """(k, 6) of the same."""


def placed(blocks: Blocks, Ts_cell_local: Floats, shape: CellShape) -> Placed:
    """The blocks' points in their cells' frames; `Ts_cell_local` (k, 4, 4)."""
    q = Ts_cell_local[:, :3].astype(np.float32)[blocks.cell] @ blocks.points
    half = shape.half_m.astype(np.float32)[:, None]
    if shape.kind == "box":
        gap = np.abs(q)
        gap -= half
        return Placed(q, gap, None)
    rho = np.hypot(q[:, 0], q[:, 1])
    gap = np.stack([rho, np.abs(q[:, 2])], axis=1)
    gap -= half[1:]
    return Placed(q, gap, q[:, :2] / np.maximum(rho, np.float32(1e-9))[:, None])


def evidence(blocks: Blocks, seen: Placed, pulls: Pulls, shape: CellShape) -> Evidence:
    """Sums of the pulls by cell."""
    k, rounded = len(blocks.first), int(seen.radial is not None)
    weight = pulls.weight[:, rounded:]
    axes = weight.shape[1]
    q = seen.q[:, -axes:]
    both = np.empty((len(weight), 2 * axes, weight.shape[2]), np.float32)
    target = both[:, axes:]
    both[:, :axes] = weight
    np.multiply(weight, shape.half_m[-axes:, None].astype(np.float32), out=target)
    np.copysign(target, q, out=target)
    block, surface, column = np.unravel_index(pulls.at, pulls.weight.shape)
    flat = surface >= rounded
    at = block[flat], surface[flat] - rounded, column[flat]
    target[at] = weight[at] * q[at] - np.copysign(pulls.force[flat], q[at])
    sums = blocks.summed(blocks.monomials @ np.swapaxes(both, 1, 2))
    moments, targets = np.zeros((k, 3, 4, 4)), np.zeros((k, 3, 4))
    moments[:, -axes:] = moment_matrices(np.swapaxes(sums[..., :axes], 1, 2))
    targets[:, -axes:] = np.swapaxes(sums[:, len(PAIRS) :, axes:], 1, 2)
    if seen.radial is None:
        return Evidence(moments, targets, np.zeros((k, 6, 6)), np.zeros((k, 6)))
    pull = pulls.weight[:, 0] * seen.gap[:, 0]
    pull[block[~flat], column[~flat]] = pulls.force[~flat]
    return Evidence(moments, targets, *_side(blocks, seen, pulls.weight[:, 0], pull))


def _side(blocks: Blocks, seen: Placed, weight: Floats32, pull: Floats32) -> tuple[Floats, Floats]:
    """Information (k, 6, 6) and gradient (k, 6) of weights and pulls (b, BLOCK)."""
    radial = seen.radial
    J = np.concatenate([radial, seen.q[:, 2:] * radial], axis=1)
    A = blocks.summed((J * weight[:, None]) @ np.swapaxes(J, 1, 2))
    g = blocks.summed((J @ pull[..., None])[..., 0])
    return SIDE @ A @ SIDE.T, g @ SIDE.T
