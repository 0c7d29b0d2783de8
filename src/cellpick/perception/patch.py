"""A face on a lattice of its own, and what its edges are there after small motions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.face_edges import FaceEdges, lattice
from cellpick.perception.pool import pool


@dataclass(frozen=True, eq=False)
class Patch:
    """r rows and c columns of places, centred on the face."""

    x_m: NDArray[np.float32]
    """(c,) x of the columns."""
    y_m: NDArray[np.float32]
    """(r,) y of the rows."""
    edges: NDArray[np.float32]
    """(2 r c,) edges, real and imaginary parts in turn, of norm 1."""
    zone: NDArray[np.float32]
    """(2 r c,) 1 in the face's zone, for either part."""
    inside: NDArray[np.float32]
    """(r c,) share of the case's area; sums to 1."""
    moves: tuple[Floats, Floats, Floats]
    """Motions along x, along y and in yaw: each evenly spaced round 0, one or at least three."""
    moved: NDArray[np.float32]
    """(2 r c, moves) the edges after each combination of them, yaw changing fastest."""


def make_patch(
    face: FaceEdges, pixel_m: float, pool_px: int, moves: tuple[Floats, Floats, Floats]
) -> Patch:
    """Sample a face with a pitch of `pool_px` of the mosaic's pixels, after all these motions."""
    step_m = pool_px * pixel_m
    r, c = (2 * int(np.ceil(n * face.step_m / 2 / step_m)) + 1 for n in face.inside.shape)
    xy = lattice((r, c), step_m)
    dense = lattice((r * pool_px, c * pool_px), pixel_m)
    edges = pool(face.edges_after(dense, 0.0), pool_px).ravel()
    norm = np.linalg.norm(edges)
    moved = [
        pool(face.edges_after(dense - np.array([dx, dy]), turn), pool_px).ravel() / norm
        for dx in moves[0]
        for dy in moves[1]
        for turn in moves[2]
    ]
    inside = face.at(face.inside, xy).ravel()
    return Patch(
        xy[0, :, 0].astype(np.float32),
        xy[:, 0, 1].astype(np.float32),
        (edges / norm).view(np.float32),
        np.repeat(face.at(face.zone, xy).ravel(), 2),
        inside / inside.sum(),
        moves,
        np.ascontiguousarray(np.stack(moved).view(np.float32).T),
    )
