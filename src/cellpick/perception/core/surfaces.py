"""Which cell and which face of it each 3D point lies on, and the moments of those points."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.contrast import brightness_steps
from cellpick.perception.core.outlines import signed_distance
from cellpick.structures import CellModel

Indices = NDArray[np.int64]

FIRST_END = 4
"""The faces from this row on are +z and -z."""
EDGE_M = 1.2e-3
"""Points nearer than this to an edge are not used: readings there mix two surfaces."""
EDGE_PX = 1.5
"""The same in pixels of their own camera."""
GRID_M = 2e-3
"""Bin of the lookup table from place to cell."""
PAD_M = 3e-3
"""Points this far outside a cell's outline may still be its own."""


@dataclass(frozen=True, eq=False)
class Surfaces:
    """The faces of one cell model as linear forms of a point's features.

    A point on face f has features u (d,); its distance from the face is `distance[f] @ u` and its
    derivative by the cell's small motion is `derivative[f] @ u`. Planes have u = (x, y, z, 1, 0);
    a cylinder's side, with radial direction (nx, ny), has u = (nx, ny, z nx, z ny, r - radius).
    """

    distance: Floats
    """(f, 5)."""
    derivative: Floats
    """(f, 6, 5)."""


def surfaces_of(cell: CellModel) -> Surfaces:
    """Faces +x -x +y -y +z -z; a cylinder's side takes the first place and leaves three empty."""
    half = cell.size_m / 2
    distance, derivative = np.zeros((6, 5)), np.zeros((6, 6, 5))
    for face in range(6):
        axis, sign = face // 2, 1.0 - 2.0 * (face % 2)
        n = np.zeros(3)
        n[axis] = sign
        distance[face, :3], distance[face, 3] = n, -half[axis]
        derivative[face, :3, 3] = -n
        # the point q moves by -(v + w x q) in the cell's frame, and n . (w x q) = w . (q x n)
        derivative[face, 3:, :3] = -np.cross(np.eye(3), n).T
    if cell.shape == "cylinder":
        distance[0] = [0, 0, 0, 0, 1]
        derivative[0] = 0
        derivative[0, 0, 0] = derivative[0, 1, 1] = -1
        derivative[0, 3, 3], derivative[0, 4, 2] = 1, -1
    return Surfaces(distance, derivative)


@dataclass(frozen=True, eq=False)
class Contacts:
    """Points that lie near a face of a cell, k of them."""

    point: Indices
    """(k,) row of the point."""
    cell: Indices
    """(k,) row of the cell."""
    face: Indices
    """(k,) face."""
    features: Floats
    """(k, 5) features u of `Surfaces`."""
    distance: Floats
    """(k,) signed distance, positive outside."""
    steps: Floats
    """(k, m) steps of m brightnesses at each, as `brightness_steps` gives them; 0 on the sides."""

    def without_sides(self, hidden: NDArray[np.bool_]) -> Contacts:
        """Those on the faces +z and -z, and those on other faces that are not `hidden` (k,)."""
        rows = (self.face >= FIRST_END) | ~hidden
        names = [field.name for field in fields(Contacts)]
        return Contacts(**{name: getattr(self, name)[rows] for name in names})


def contacts_of(
    cell: CellModel, q: Floats, pixel: Floats, point: Indices, of_cell: Indices, edge_m: Floats
) -> Contacts:
    """Contacts of points `q` (k, 3) in their cells' frames; points within `edge_m` (k,) of an edge
    are left out. `pixel` (k, 3) leads from each to the next of its row."""
    half = cell.size_m / 2
    margin = np.maximum(max(cell.rim_radius_m, cell.corner_radius_m * 0.3), edge_m)
    q, near_step = levelled(cell, q, edge_m)
    if cell.shape == "cylinder":
        rho = np.maximum(np.hypot(q[:, 0], q[:, 1]), 1e-9)
        d = np.stack([rho - half[0], np.abs(q[:, 2]) - half[2]], axis=-1)
        side = d[:, 0] > d[:, 1]
        inside = np.where(side, d[:, 1], d[:, 0]) < -margin
        face = np.where(side, 0, np.where(q[:, 2] > 0, 4, 5))
        normal = q[:, :2] / rho[:, None]
        radial = np.column_stack([normal, q[:, 2:] * normal, d[:, 0]])
        distance = np.where(side, d[:, 0], d[:, 1])
    else:
        d = np.abs(q) - half
        axis = np.argmax(d, axis=1)
        distance = np.take_along_axis(d, axis[:, None], 1)[:, 0]
        second = np.partition(d, 1, axis=1)[:, 1]
        inside = second < -margin
        up = np.take_along_axis(q, axis[:, None], 1)[:, 0] > 0
        face = 2 * axis + np.where(up, 0, 1)
        side, radial = np.zeros(len(q), bool), np.zeros((len(q), 5))
    flat = np.column_stack([q, np.ones(len(q)), np.zeros(len(q))])
    u = np.where(side[:, None], radial, flat)
    keep = inside & ~(near_step & (face >= FIRST_END))
    on_end = face[keep] >= FIRST_END
    steps = brightness_steps(cell, q[keep], pixel[keep]) * on_end[:, None]
    return Contacts(point[keep], of_cell[keep], face[keep], u[keep], distance[keep], steps)


def levelled(cell: CellModel, q: Floats, edge_m: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Points (k, 3) with raised features pressed flush, and whether (k,) a step is near."""
    q, near = q.copy(), np.zeros(len(q), bool)
    for feature in cell.features:
        if feature.height_m <= 0:
            continue
        sign = 1.0 if feature.face == "+z" else -1.0
        on_face = sign * q[:, 2] > cell.height_m / 2 - 2 * PAD_M
        beyond = signed_distance(feature, q[:, :2])
        q[on_face & (beyond < 0), 2] -= sign * feature.height_m
        # readings across a low step are off by no more than its height
        near |= on_face & (np.abs(beyond) < np.minimum(edge_m, 2 * feature.height_m))
    return q, near


def moments(u: Floats, weight: Floats, group: Indices, groups: int) -> Floats:
    """Sums (groups, d, d) of weight * u u^T of features `u` (k, d), by `group` (k,)."""
    d = u.shape[1]
    out = np.zeros((groups, d, d))
    for i in range(d):
        weighted = weight * u[:, i]
        for j in range(i, d):
            sums = np.bincount(group, weighted * u[:, j], groups)
            out[:, i, j] = out[:, j, i] = sums
    return out


def normal_equations(M: Floats, surfaces: Surfaces, sigma: float = 1.0) -> tuple[Floats, Floats]:
    """Information (..., 6, 6) and gradient (..., 6) of moments (..., f, d, d) of the faces.

    Features beyond the first five are patterns of an error that readings share, each of unknown
    size with standard deviation `sigma`; they are eliminated. The step that
    `information @ step = gradient` gives lessens the squared distances.
    """
    L, c = surfaces.derivative, surfaces.distance
    own = L.shape[-1]
    JM, rM = L @ M[..., :own, :], (c[:, None, :] @ M[..., :own, :])[..., 0, :]
    A: Floats = (JM[..., :own] @ np.swapaxes(L, -1, -2)).sum(axis=-3)
    g: Floats = -(JM[..., :own] @ c[..., None])[..., 0].sum(axis=-2)
    across, pull = JM[..., own:].sum(axis=-3), -rM[..., own:].sum(axis=-2)
    total = M[..., own:, own:].sum(axis=-3) + np.eye(M.shape[-1] - own) / sigma**2
    gain = np.swapaxes(np.linalg.solve(total, np.swapaxes(across, -1, -2)), -1, -2)
    A = A - gain @ np.swapaxes(across, -1, -2)
    return A, g - (gain @ pull[..., None])[..., 0]
