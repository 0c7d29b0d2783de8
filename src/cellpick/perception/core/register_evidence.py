"""What points say of cells: moments of those on each pair of planes, sums over a round side.

Weights (f, b, BLOCK) say how strongly each point pulls each surface to itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.register_blocks import Blocks, Floats32, Indices
from cellpick.perception.core.register_shape import CellShape

SIDE = np.zeros((6, 4))
SIDE[0, 0] = SIDE[1, 1] = SIDE[4, 2] = 1
SIDE[3, 3] = -1
"""Small motion by n_x, n_y, z n_x, z n_y: a radial distance shrinks by n . (v + w x q)."""
_SIGN = np.uint32(1 << 31)


@dataclass(frozen=True, eq=False)
class Placed:
    """Points of b blocks as the present poses see them, at f surfaces: three pairs of planes, or
    a round side and a pair of ends. Each coordinate lies together in memory."""

    q: Floats32
    """(3, b, BLOCK) in the cells' frames."""
    gap: Floats32
    """(f, b, BLOCK) distance from the surfaces, positive outside."""
    radial: Floats32 | None
    """(2, b, BLOCK) directions square to a cylinder's side."""

    @property
    def rounded(self) -> int:
        """How many surfaces, the first ones, are round."""
        return int(self.radial is not None)

    def highest(self) -> Floats32:
        """(b, BLOCK) the largest gap: the distance of a point that lies on a face."""
        result: Floats32 = np.maximum(self.gap[0], self.gap[1])
        return result if self.rounded else np.maximum(result, self.gap[2], out=result)

    def second(self) -> Floats32:
        """(b, BLOCK) the second largest: beyond the face's edge where it is positive."""
        low: Floats32 = np.minimum(self.gap[0], self.gap[1])
        if self.rounded:
            return low
        high = np.maximum(self.gap[0], self.gap[1])
        np.minimum(high, self.gap[2], out=high)
        np.maximum(low, high, out=low)
        return low

    def upper(self, surface: int, near: Indices) -> NDArray[np.int64]:
        """(p,) 1 for points on the upper one of a pair of planes, 0 on the lower one; a round side
        has no other, and is its own upper one. `near` (p,) counts through the blocks."""
        if surface < self.rounded:
            return np.ones(len(near), np.int64)
        result: Indices = (self.q[surface + self.rounded].ravel().take(near) > 0).astype(np.int64)
        return result


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
    face_weight: Floats
    """(k, f, 2) weight on the lower and the upper face of each surface."""


def placed(blocks: Blocks, Ts_cell_local: Floats, shape: CellShape) -> Placed:
    """The blocks' points in their cells' frames; `Ts_cell_local` (k, 4, 4). Takes the place of
    what was placed before."""
    q, gap = blocks.room_placed[:3], blocks.room_placed[3:]
    own = Ts_cell_local[:, :3].astype(np.float32)[blocks.cell]
    np.matmul(own, np.swapaxes(blocks.points, 0, 1), out=np.swapaxes(q, 0, 1))
    half = shape.half_m.astype(np.float32)[:, None, None]
    if shape.kind == "box":
        np.abs(q, out=gap)
        gap -= half
        return Placed(q, gap, None)
    rho = np.sqrt(q[0] * q[0] + q[1] * q[1])
    gap = gap[:2]
    np.subtract(rho, half[1], out=gap[0])
    np.abs(q[2], out=gap[1])
    gap[1] -= half[2]
    return Placed(q, gap, q[:2] / np.maximum(rho, np.float32(1e-9)))


def evidence(
    blocks: Blocks,
    seen: Placed,
    weight: Floats32,
    shape: CellShape,
    unseen: NDArray[np.bool_] | None = None,
) -> Evidence:
    """Sums by cell of what points say with `weight` (f, b, BLOCK), inverse variances times robust
    weights, which are 0 on surfaces that no cell shows, `unseen` (f,)."""
    k, r, count = len(blocks.first), seen.rounded, len(seen.gap)
    moments, targets = np.zeros((k, 3, 4, 4)), np.zeros((k, 3, 4))
    face_weight = np.zeros((k, count, 2))
    columns = np.swapaxes(blocks.points, 0, 1)
    pulls = blocks.room_pulls
    for surface in range(r, count):
        if unseen is not None and unseen[surface]:
            continue
        axis = surface + r
        half = np.float32(shape.half_m[axis])
        np.multiply(blocks.points, weight[surface], out=pulls[:4])
        # where the plane should be, with the coordinate's sign by its bit
        bits = pulls[4].view(np.uint32)
        np.bitwise_and(seen.q[axis].view(np.uint32), _SIGN, out=bits)
        bits |= half.view(np.uint32)
        pulls[4] *= weight[surface]
        sums = blocks.summed(columns @ np.transpose(pulls, (1, 2, 0)))
        moments[:, axis], targets[:, axis] = sums[..., :4], sums[..., 4]
        total, signed = sums[:, 3, 3], sums[:, 3, 4] / half
        face_weight[:, surface] = np.stack([total - signed, total + signed], axis=-1) / 2
    if seen.radial is None:
        return Evidence(moments, targets, np.zeros((k, 6, 6)), np.zeros((k, 6)), face_weight)
    face_weight[:, 0, 1] = blocks.summed(weight[0].sum(axis=1))
    return Evidence(moments, targets, *_side(blocks, seen, weight[0]), face_weight)


def _side(blocks: Blocks, seen: Placed, weight: Floats32) -> tuple[Floats, Floats]:
    """Information (k, 6, 6) and gradient (k, 6) of a cylinder's side."""
    J = np.concatenate([seen.radial, seen.q[2] * seen.radial])
    columns = np.swapaxes(J, 0, 1)
    J = J * weight
    A = blocks.summed(np.swapaxes(J, 0, 1) @ np.swapaxes(columns, 1, 2))
    pull = (weight * seen.gap[0])[..., None]
    g = blocks.summed((columns @ pull)[..., 0])
    return SIDE @ A @ SIDE.T, g @ SIDE.T
