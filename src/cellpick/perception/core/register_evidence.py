"""What points say of cells: moments of those on each pair of planes, sums over a round side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
        return np.maximum(low, high, out=low)

    def upper(self, surface: int, near: Indices) -> NDArray[np.int64]:
        """(p,) 1 for points on the upper one of a pair of planes, 0 on the lower one; a round side
        has no other, and is its own upper one. `near` (p,) counts through the blocks."""
        if surface < self.rounded:
            return np.ones(len(near), np.int64)
        result: Indices = (self.q[surface + self.rounded].ravel()[near] > 0).astype(np.int64)
        return result


@dataclass(frozen=True, eq=False)
class Pulls:
    """How strongly each point pulls each surface to itself."""

    rows: Floats32
    """(2 f, b, BLOCK): weights, inverse variances times robust weights; then weight times where
    the plane should be, or weight times distance for a round side."""

    @staticmethod
    def room(shape: tuple[int, ...]) -> Pulls:
        """Unfilled, for gaps of a `shape` (f, b, BLOCK)."""
        return Pulls(np.empty((2 * shape[0], *shape[1:]), np.float32))

    @property
    def weight(self) -> Floats32:
        """(f, b, BLOCK)."""
        return self.rows[: len(self.rows) // 2]

    @property
    def aims(self) -> Floats32:
        """(f, b, BLOCK)."""
        return self.rows[len(self.rows) // 2 :]

    def aim(self, seen: Placed, shape: CellShape) -> None:
        """Fill the second half from the weights."""
        r = seen.rounded
        planes = self.aims[r:]
        half = shape.half_m[-len(planes) :, None, None].astype(np.float32)
        np.multiply(self.weight[r:], half, out=planes)
        # the coordinate's sign, by its bit: a third of copysign's time
        bits = planes.view(np.uint32)
        bits |= seen.q[-len(planes) :].view(np.uint32) & _SIGN
        if r:
            np.multiply(self.weight[0], seen.gap[0], out=self.aims[0])


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
    """The blocks' points in their cells' frames; `Ts_cell_local` (k, 4, 4)."""
    q = np.empty((3, *blocks.inv_sigma.shape), np.float32)
    own = Ts_cell_local[:, :3].astype(np.float32)[blocks.cell]
    np.matmul(own, blocks.points, out=np.swapaxes(q, 0, 1))
    half = shape.half_m.astype(np.float32)[:, None, None]
    if shape.kind == "box":
        gap = np.abs(q)
        gap -= half
        return Placed(q, gap, None)
    rho = np.sqrt(q[0] * q[0] + q[1] * q[1])
    gap = np.stack([rho, np.abs(q[2])])
    gap -= half[1:]
    return Placed(q, gap, q[:2] / np.maximum(rho, np.float32(1e-9)))


def evidence(blocks: Blocks, seen: Placed, pulls: Pulls, shape: CellShape) -> Evidence:
    """Sums of the pulls by cell."""
    k, r, count = len(blocks.first), seen.rounded, len(seen.gap)
    products = np.swapaxes(blocks.monomials, 0, 1) @ np.transpose(pulls.rows, (1, 2, 0))
    sums = blocks.summed(products)
    moments, targets = np.zeros((k, 3, 4, 4)), np.zeros((k, 3, 4))
    moments[:, r - count :] = moment_matrices(np.swapaxes(sums[..., r:count], 1, 2))
    targets[:, r - count :] = np.swapaxes(sums[:, len(PAIRS) :, count + r :], 1, 2)
    total, signed = sums[:, -1, :count], sums[:, -1, count:] / shape.half_m[-count:]
    signed[:, :r] = total[:, :r]
    faces = np.stack([total - signed, total + signed], axis=-1) / 2
    if seen.radial is None:
        return Evidence(moments, targets, np.zeros((k, 6, 6)), np.zeros((k, 6)), faces)
    return Evidence(moments, targets, *_side(blocks, seen.q[2], seen.radial, pulls), faces)


def _side(blocks: Blocks, z: Floats32, radial: Floats32, pulls: Pulls) -> tuple[Floats, Floats]:
    """Information (k, 6, 6) and gradient (k, 6) of a cylinder's side."""
    J = np.concatenate([radial, z * radial])
    columns = np.swapaxes(J, 0, 1)
    A = blocks.summed(np.swapaxes(J * pulls.weight[0], 0, 1) @ np.swapaxes(columns, 1, 2))
    g = blocks.summed((columns @ pulls.aims[0, :, :, None])[..., 0])
    return SIDE @ A @ SIDE.T, g @ SIDE.T
