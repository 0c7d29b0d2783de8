"""The rays of a true camera, through its distorting lens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline

from cellpick.geometry import distort, rays
from cellpick.scene.cameras import CameraSpec

Array = NDArray[np.float32]
KNOTS = 40
"""Intervals between exact rays across the image; cubic splines between them err by less than
float32 rounding."""
EDGE_RAYS = 8
"""Rays through a pixel that an edge crosses."""
_COLUMNS = np.arange(EDGE_RAYS)
_ROWS = [int(f"{column:03b}"[::-1], 2) for column in _COLUMNS]
_PLACES = (np.stack([_COLUMNS, _ROWS], axis=1) + 0.5) / EDGE_RAYS - 0.5
OFFSETS = _PLACES[np.argsort((_PLACES**2).sum(axis=1), kind="stable")].astype(np.float32)
"""(8, 2) their places, from the pixel's centre outwards: Hammersley's points, of which every
upright or level strip of the pixel holds its share. Neighbours mirror them."""


class Lens:
    """The rays of one true camera, kept from look to look."""

    def __init__(self, spec: CameraSpec) -> None:
        w, h = spec.width_px, spec.height_px
        self.shape = (h, w)
        """Height and width of the image."""
        self.pixel_rad = float(1 / np.sqrt(spec.K[0, 0] * spec.K[1, 1]))
        """Angle that a pixel spans at the image's centre."""
        grid = _grid(spec)
        self.directions = grid.reshape(-1, 3)
        """(h * w, 3) rays in the camera frame, z = 1."""
        self.field = _field(grid)
        """Least and largest x and y (2,), (2,) of all rays, with a margin of two pixels."""
        self.spec = spec
        """The camera's."""
        self._du = np.gradient(grid, axis=1).reshape(-1, 3)
        self._dv = np.gradient(grid, axis=0).reshape(-1, 3)

    def mask(self, xy: Array) -> NDArray[np.bool_]:
        """(h, w) pixels in which rays with x and y `xy` (n, 2) and z = 1 arrive."""
        if self.spec.distortion.any():
            xy = distort(xy, self.spec.distortion).astype(np.float32)
        (h, w), K = self.shape, self.spec.K
        # half a pixel more, as conversion to integers rounds down
        u = (xy[:, 0] * np.float32(K[0, 0]) + np.float32(K[0, 2] + 0.5)).astype(np.int32)
        v = (xy[:, 1] * np.float32(K[1, 1]) + np.float32(K[1, 2] + 0.5)).astype(np.int32)
        inside = (u >= 0) & (u < w) & (v >= 0) & (v < h)
        marked = np.zeros(h * w, dtype=np.bool_)
        marked[v[inside] * w + u[inside]] = True
        return marked.reshape(h, w)

    def within(self, pixels: NDArray[np.int64]) -> Array:
        """Rays (n * 8, 3) in the camera frame, eight through each pixel (n,)."""
        w = self.shape[1]
        v, u = pixels // w, pixels % w
        flip = 1 - 2 * np.stack([v % 2, (u + v // 2) % 2], axis=1)
        offsets = OFFSETS * flip[:, None].astype(np.float32)
        du, dv = offsets[..., :1], offsets[..., 1:]
        spread = self._du[pixels, None] * du + self._dv[pixels, None] * dv
        result: Array = (self.directions[pixels, None] + spread).reshape(-1, 3)
        return result


def _field(grid: Array) -> tuple[Array, Array]:
    xy = grid[..., :2].reshape(-1, 2)
    margin = 2 * np.abs(grid[-1, -1, :2] - grid[0, 0, :2]).max() / max(grid.shape[:2])
    return xy.min(axis=0) - margin, xy.max(axis=0) + margin


def _grid(spec: CameraSpec) -> Array:
    u, v = (np.linspace(0, n - 1, KNOTS + 1) for n in (spec.width_px, spec.height_px))
    knots = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)
    exact = rays(knots, spec.K, spec.distortion).reshape(len(v), len(u), 3)
    rows, columns = np.arange(spec.height_px), np.arange(spec.width_px)
    out = np.ones((spec.height_px, spec.width_px, 3), dtype=np.float32)
    for axis in range(2):
        out[..., axis] = RectBivariateSpline(v, u, exact[..., axis])(rows, columns)
    return out
