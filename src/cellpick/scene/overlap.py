"""Separating-axis test between boxes and cylinders, over pairs at once.

For two boxes it is exact (Gottschalk, Lin, Manocha 1996, "OBBTree", section 5: 15 axes). With a
cylinder it errs on the safe side: it may miss the best axis, but never calls bodies apart that
touch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.structures import Solid


@dataclass(frozen=True, eq=False)
class Bodies:
    """n boxes or cylinders in one frame."""

    Ts: Floats
    """(n, 4, 4) poses of their centres."""
    half_m: Floats
    """(n, 3) half extents; a cylinder's axis is z."""
    round_: NDArray[np.bool_]
    """(n,) whether it is a cylinder."""

    def take(self, index: NDArray[np.int64]) -> Bodies:
        """The bodies at `index`."""
        return Bodies(self.Ts[index], self.half_m[index], self.round_[index])


def bodies_of(solids: tuple[Solid, ...]) -> Bodies:
    """Boxes and cylinders as one batch; a sphere counts as its cube."""
    return Bodies(
        np.array([s.T_parent_solid for s in solids]).reshape(-1, 4, 4),
        np.array([s.size_m for s in solids]).reshape(-1, 3) / 2,
        np.array([s.shape == "cylinder" for s in solids], dtype=bool),
    )


def separations(a: Bodies, b: Bodies) -> Floats:
    """(n,) largest gap in metres between the shadows of a[i] and b[i] on any tested axis.

    Above 0 they are apart, at 0 they touch, below they overlap by about so much.
    """
    axes = _axes(a, b)
    offset = b.Ts[:, :3, 3] - a.Ts[:, :3, 3]
    distance = np.abs(np.einsum("nki,ni->nk", axes, offset))
    gaps = distance - _reach(a, axes) - _reach(b, axes)
    # a cross product of parallel edges is no axis
    result: Floats = np.where(np.linalg.norm(axes, axis=-1) > 0.5, gaps, -np.inf).max(axis=1)
    return result


def pairs(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of all pairs i < j among n."""
    i, j = np.triu_indices(n, 1)
    return i.astype(np.int64), j.astype(np.int64)


def _reach(bodies: Bodies, axes: Floats) -> Floats:
    """(n, k) half-width of each body's shadow on unit axes (n, k, 3)."""
    along = np.abs(np.einsum("nki,nij->nkj", axes, bodies.Ts[:, :3, :3]))
    box = np.einsum("nkj,nj->nk", along, bodies.half_m)
    across = np.hypot(along[..., 0], along[..., 1])
    disc = along[..., 2] * bodies.half_m[:, None, 2] + across * bodies.half_m[:, None, 0]
    result: Floats = np.where(bodies.round_[:, None], disc, box)
    return result


def _axes(a: Bodies, b: Bodies) -> Floats:
    """(n, 18, 3) unit axes to test; zero where there is none."""
    Ra, Rb = np.swapaxes(a.Ts[:, :3, :3], 1, 2), np.swapaxes(b.Ts[:, :3, :3], 1, 2)
    crosses = np.cross(Ra[:, :, None, :], Rb[:, None, :, :]).reshape(-1, 9, 3)
    between = b.Ts[:, :3, 3] - a.Ts[:, :3, 3]
    across = [
        between - np.einsum("ni,ni->n", between, R[:, 2])[:, None] * R[:, 2] for R in (Ra, Rb)
    ]
    axes = np.concatenate(
        [Ra, Rb, crosses, between[:, None], across[0][:, None], across[1][:, None]], axis=1
    )
    length = np.linalg.norm(axes, axis=-1, keepdims=True)
    result: Floats = np.where(length > 1e-9, axes / np.where(length > 1e-9, length, 1.0), 0.0)
    return result
