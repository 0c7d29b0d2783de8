"""What the outline of a seen face says: points lie on the face, so none lies beyond its edge.

A point of a face that is evenly covered up to its edge, measured with noise sigma, lies at depth
t sigma inside that edge with a density proportional to Phi(t), the normal distribution function.
The score phi / Phi pushes points inwards, and score (score + t) is its derivative: together they
make a Newton step of the maximum likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, exp, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.observations import TUKEY
from cellpick.perception.core.register_blocks import Blocks, Indices
from cellpick.perception.core.register_evidence import SIDE, Placed
from cellpick.perception.core.register_shape import CellShape

INSIDE = 4.0
"""Points deeper inside an edge than this many standard deviations feel nothing of it."""
BEYOND = 5.0
"""Points farther outside than this belong to something else."""
SPACINGS = 4.0
"""An edge is reached where a point lies within its noise and so many mean spacings of it."""
MARGIN = 0.4
"""So much farther inside points are kept, in units of the reach: the outline may move by it."""
OVERSHOOT = 2.0
"""Points spread evenly beyond an edge lie on average half as far beyond it as the last one."""
WEIGHT_MEAN = 0.915
"""Mean of Tukey's biweight at 4.685 under normal noise: what the own face's distance costs."""
_FINENESS = 128
_LAST = round((BEYOND + INSIDE + 2) * _FINENESS)
_T = np.arange(_LAST + 1) / _FINENESS - BEYOND
_SCORE = np.array([exp(-t * t / 2) / (sqrt(pi / 2) * erfc(-t / sqrt(2))) for t in _T])
_CURVATURE = _SCORE * (_SCORE + _T)
_SQUARE = {
    3: np.array([[0, 1, 2], [1, 3, 4], [2, 4, 5]]),
    4: np.array([[0, 1, 2, 3], [1, 4, 5, 6], [2, 5, 7, 8], [3, 6, 8, 9]]),
}
"""Places of the products of 3 or 4 levers in a square."""


def push(depth: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Score and curvature (p,) at depths (p,) inside an edge, in standard deviations."""
    at = ((depth + BEYOND) * _FINENESS + 0.5).astype(np.int64)
    return _SCORE.take(at, mode="clip"), _CURVATURE.take(at, mode="clip")


@dataclass(frozen=True, eq=False)
class Outline:
    """p points of seen faces near the edge where one surface begins, by cell."""

    cell: Indices
    """(p,) rows of the cells, in order."""
    first: Indices
    """(c,) first point of each cell that has any."""
    end: Indices
    """(p,) twice the cell, and one more at the upper one of two planes."""
    paired: bool
    """The surface is a pair of planes."""
    gap: Floats
    """(p,) distance from the surface, positive outside, before any motion."""
    lever: Floats
    """(d, p) by how much a motion along each axis shortens the gap."""
    squares: Floats
    """(d (d + 1) / 2, p) products of the levers."""
    axes: Floats
    """(6, d) small motions by axes of the lever."""
    inv_sigma: Floats
    """(p,) inverse noise."""
    robust: Floats
    """(p,) weight by the distance from the own face."""
    inside: Floats
    """(p,) how far inside the edge of its cell a point still tells that the edge is reached."""
    outside: Floats
    """(p,) how far outside a point counts."""

    def pull(self, motion: Floats, overshoot: bool) -> tuple[Floats, Floats]:
        """Information (k, 6, 6) and gradient (k, 6) after a small motion (k, 6) of the cells.

        Where points reach only one of two opposite edges, the other may be hidden, and neither
        counts. With `overshoot`, points beyond an edge pull by more than their distance, however
        far they are, and others not at all.
        """
        gap = (self.lever * (motion @ self.axes).T.take(self.cell, axis=1)).sum(axis=0)
        np.subtract(self.gap, gap, out=gap)
        depth = -gap * self.inv_sigma
        if overshoot:
            weight = self.robust * (depth < 0)
            score, curvature = -OVERSHOOT * depth, np.ones(len(depth))
        else:
            near = (gap > -self.inside) & (gap < self.outside)
            score, curvature = push(depth)
            weight = self.robust * near
            if self.paired:
                reached = np.bincount(self.end[near], minlength=2 * len(motion)) > 0
                weight *= reached[self.end ^ 1]
        return self._summed(weight, curvature, score, len(motion))

    def _summed(
        self, weight: Floats, curvature: Floats, score: Floats, cells: int
    ) -> tuple[Floats, Floats]:
        A, g = np.zeros((cells, 6, 6)), np.zeros((cells, 6))
        if len(self.cell):
            weight = weight * self.inv_sigma
            own = self.cell[self.first]
            slope = self.squares * (weight * self.inv_sigma * curvature)
            slope = np.add.reduceat(slope, self.first, axis=1).T
            A[own] = self.axes @ slope[:, _SQUARE[len(self.lever)]] @ self.axes.T
            pull = np.add.reduceat(self.lever * (weight * score), self.first, axis=1)
            g[own] = (self.axes @ pull).T
        return A, g


def outline(
    blocks: Blocks,
    seen: Placed,
    shape: CellShape,
    surface: int,
    faces: NDArray[np.bool_],
    reach_m: float,
) -> Outline:
    """The outline where `surface` begins, of the cells of which that surface itself is not seen;
    `faces` (k, f, 2) are seen, lower and upper ones. It may be `reach_m` off."""
    hidden = ~faces[:, surface].any(axis=1)
    spacing = 2 * shape.half_m.max() / blocks.count
    inside = (INSIDE + 1) * blocks.sigma_m + SPACINGS * spacing
    farthest = np.where(hidden, inside + MARGIN * reach_m, -2 * reach_m).astype(np.float32)
    gap = seen.gap[surface]
    near = np.flatnonzero((gap > -farthest[blocks.cell, None]) & (gap < np.float32(reach_m)))
    cell, inv_sigma = blocks.cell[near // gap.shape[1]], blocks.inv_sigma.ravel().take(near)
    others = [s for s in range(faces.shape[1]) if s != surface]
    flat = seen.gap.reshape(len(seen.gap), -1)
    distance = [flat[other].take(near) for other in others]
    own = distance[0] if len(others) == 1 else np.maximum(*distance)
    shown = np.zeros(len(near), np.bool_)
    for other, values in zip(others, distance, strict=True):
        face = faces[:, other].ravel().take(2 * cell + seen.upper(other, near))
        shown |= (values == own) & face
    own = own * inv_sigma
    keep = np.flatnonzero(shown & (inv_sigma > 0) & (np.abs(own) < TUKEY))
    near, cell = near[keep], cell[keep]
    lever, axes = _lever(seen, surface, near)
    return Outline(
        cell=cell,
        first=np.flatnonzero(np.diff(cell, prepend=-1)),
        end=2 * cell + seen.upper(surface, near),
        paired=surface >= seen.rounded,
        gap=gap.ravel().take(near).astype(np.float64),
        lever=lever,
        squares=np.stack(
            [lever[i] * lever[j] for i, j in zip(*np.triu_indices(len(lever)), strict=True)]
        ),
        axes=axes,
        inv_sigma=inv_sigma[keep].astype(np.float64),
        robust=np.square(1 - np.square(own[keep].astype(np.float64) / TUKEY)) / WEIGHT_MEAN,
        inside=inside[cell],
        outside=BEYOND * blocks.sigma_m[cell],
    )


def _lever(seen: Placed, surface: int, near: Indices) -> tuple[Floats, Floats]:
    """Levers (d, p) of a surface at some points, and the motions (6, d) that they belong to."""
    q = [axis.ravel().take(near).astype(np.float64) for axis in seen.q]
    if surface < seen.rounded and seen.radial is not None:
        n = [axis.ravel().take(near).astype(np.float64) for axis in seen.radial]
        return np.stack([*n, q[2] * n[0], q[2] * n[1]]), SIDE
    axis = surface + seen.rounded
    second, third = (axis + 1) % 3, (axis + 2) % 3
    axes = np.zeros((6, 3))
    axes[axis, 0] = axes[3 + second, 1] = 1
    axes[3 + third, 2] = -1
    sign = np.where(q[axis] > 0, 1.0, -1.0)
    return np.stack([sign, sign * q[third], sign * q[second]]), axes
