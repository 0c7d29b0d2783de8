"""What lies in front, as a camera would see it: a coarse depth image of all cells and readings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert
from cellpick.perception.heap.pieces import Pieces
from cellpick.perception.heap.surface import Singles, Surface
from cellpick.perception.rectify import pixels_of
from cellpick.structures import CameraCalibration, Capture

PITCH_M = 0.0025
"""Pixel of the coarse image at its nearest point, and pitch of the points that it is made of."""
MARGIN_M = 0.003
"""Something this much nearer hides a place."""
THINNED = 2
"""One reading of a piece in so many is looked at."""
FLAT = 0.08
"""Largest standard deviation of a wall's normals, along the wall."""


@dataclass(frozen=True, eq=False)
class ZBuffer:
    """Coarse depth of what is nearest, infinite where nothing is."""

    depth: NDArray[np.float32]
    """(h, w)."""
    owner: NDArray[np.int32]
    """(h, w) cell that is there, -1 for none of them."""
    step_px: float
    """Camera pixels in one of its own."""
    belief: CameraCalibration
    """The camera."""
    T_camera_region: Floats
    """(4, 4)."""

    def open(
        self, Ts_region: Floats, p: Floats, cell: NDArray[np.int64] | None = None
    ) -> NDArray[np.bool_]:
        """(n, m) whether nothing but the cell itself lies before points (m, 3) of frames
        (n, 4, 4), which belong to the cells `cell` (n,), by default 0 to n - 1."""
        if not len(Ts_region):
            return np.zeros((0, len(p)), np.bool_)
        u, v, z = pixels_of(self.belief, self.T_camera_region @ Ts_region, p)
        h, w = self.depth.shape
        with np.errstate(invalid="ignore"):
            u, v = np.rint(u / np.float32(self.step_px)), np.rint(v / np.float32(self.step_px))
            on = (u >= 0) & (u < w) & (v >= 0) & (v < h)
        at = np.where(on, v, 0).astype(np.intp), np.where(on, u, 0).astype(np.intp)
        own = np.arange(len(Ts_region)) if cell is None else cell
        hidden = (self.depth[at] < z - MARGIN_M) & (self.owner[at] != own[:, None])
        result: NDArray[np.bool_] = ~(hidden & on)
        return result


def zbuffer(
    capture: Capture,
    T_base_region: Floats,
    Ts_region_cell: Floats,
    p_cell: Floats,
    walls: NDArray[np.float32],
) -> ZBuffer:
    """The cells (n, 4, 4), each with points (m, 3) all over it, and points (k, 3) of walls."""
    belief = capture.calibration
    T = invert(capture.T_base_camera) @ T_base_region
    reach = max(float(np.linalg.norm(T[:3, 3])), PITCH_M)
    step = max(1.0, belief.K[0, 0] * PITCH_M / reach)
    h, w = int(np.ceil(belief.height_px / step)), int(np.ceil(belief.width_px / step))
    n = len(Ts_region_cell)
    parts = [pixels_of(belief, T @ Ts_region_cell, p_cell)]
    parts.append(pixels_of(belief, T[None], walls.astype(np.float64)))
    u, v, z = (np.concatenate([a.ravel() for a in c]) for c in zip(*parts, strict=True))
    owner = np.append(np.repeat(np.arange(n), len(p_cell)), np.full(len(walls), -1))
    with np.errstate(invalid="ignore"):
        u, v = np.rint(u / np.float32(step)), np.rint(v / np.float32(step))
        on = np.flatnonzero((u >= 0) & (u < w) & (v >= 0) & (v < h))
    order = on[np.argsort(-z[on], kind="stable")]
    at = v[order].astype(np.intp) * w + u[order].astype(np.intp)
    depth = np.full(h * w, np.inf, np.float32)
    owners = np.full(h * w, -1, np.int32)
    # the last of equal indices stays: the nearest
    depth[at], owners[at] = z[order], owner[order]
    return ZBuffer(depth.reshape(h, w), owners.reshape(h, w), step, belief, T)


def wall_points(surfaces: list[Surface], pieces: Pieces, diameter_m: float) -> Singles:
    """(k, 3) readings on planes that are larger than an end of a cell."""
    large = np.linalg.eigvalsh(pieces.axis_spread)[:, 2] > (diameter_m / 2) ** 2
    flat = np.linalg.eigvalsh(pieces.normals)[:, 1] < FLAT**2
    return points_of(surfaces, pieces, large & flat)


def points_of(surfaces: list[Surface], pieces: Pieces, chosen: NDArray[np.bool_]) -> Singles:
    """(k, 3) readings of the pieces that are `chosen` (pieces,)."""
    lookup = np.append(chosen, False)
    points = [np.zeros((0, 3), np.float32)]
    for surface, label in zip(surfaces, pieces.label, strict=True):
        on = lookup[label] & np.isfinite(surface.depth)
        points.append(surface.p_region[on][::THINNED])
    return np.concatenate(points)


def cylinder_points(diameter_m: float, height_m: float) -> Floats:
    """(m, 3) points all over a cylinder, about `PITCH_M` apart."""
    around = int(np.ceil(np.pi * diameter_m / PITCH_M))
    along = int(np.ceil(height_m / PITCH_M)) + 1
    angle = 2 * np.pi * np.arange(around) / around
    z = np.linspace(-0.5, 0.5, along) * height_m
    side = np.array([[np.cos(a), np.sin(a), 0] for a in angle]) * diameter_m / 2
    wall = (side[:, None] + np.array([0, 0, 1]) * z[None, :, None]).reshape(-1, 3)
    rings = np.arange(PITCH_M / 2, diameter_m / 2, PITCH_M) * 2 / diameter_m
    cap = (side[None] * rings[:, None, None]).reshape(-1, 3)
    half = np.array([0, 0, height_m / 2])
    return np.concatenate([wall, cap + half, cap - half])
