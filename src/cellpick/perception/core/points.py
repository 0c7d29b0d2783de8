"""The 3D points that the pose core works on: by cell and camera, no more than serve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.face_maps import Singles
from cellpick.perception.core.lookup import assign_points
from cellpick.perception.core.options import RefineOptions
from cellpick.perception.core.views import Views, pixel_pitch
from cellpick.structures import CellModel


@dataclass(frozen=True, eq=False)
class Readings:
    """m usable 3D points, in any order."""

    p_base: Floats
    """(m, 3)."""
    sigma: Floats
    """(m,) axial noise in metres."""
    camera: NDArray[np.int64]
    """(m,) row of the camera that saw each."""
    repeats: Floats
    """(m,) how many of them carry the information of one independent reading."""


@dataclass(frozen=True, eq=False)
class Points:
    """Points near n cells in c cameras, at most p of each cell in each camera."""

    origins: Floats
    """(n, 3) places in the base frame, near the cells."""
    offset: Singles
    """(n, c, 3, p) from there to each point, in the base frame."""
    variance: Singles
    """(n, c, p) of one reading, m^2; 1 where there is none."""
    share: Singles
    """(n, c, p) how much of an independent reading each carries; 0 where there is none."""
    pixel: Singles
    """(n, c, 3) from a point to where the next pixel of its row looks, in the base frame."""

    @property
    def noise_m(self) -> Floats:
        """(c,) mean standard deviation of each camera's readings, 0 without any."""
        there = self.share > 0
        total = (np.sqrt(self.variance) * there).sum(axis=(0, 2), dtype=np.float64)
        result: Floats = total / np.maximum(there.sum(axis=(0, 2)), 1)
        return result


def points_of(
    readings: Readings,
    Ts: Floats,
    cell: CellModel,
    up: Floats,
    views: Views,
    options: RefineOptions,
) -> Points:
    """The readings near cells at `Ts` (n, 4, 4) at all, those of a crowded cell evenly thinned."""
    n, c = len(Ts), len(views)
    owner = assign_points(readings.p_base, Ts, cell, up)
    near = np.flatnonzero(owner >= 0)
    view = owner[near] * c + readings.camera[near]
    order = np.argsort(view, kind="stable")
    rows, view = near[order], view[order]
    count = np.bincount(owner[near], minlength=n)
    stride = np.maximum(1, count // max(options.points_per_cell, 1))
    place = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    own_stride = np.repeat(stride, count)
    chosen = place % own_stride == 0
    rows, view, own_stride = rows[chosen], view[chosen], own_stride[chosen]
    seen = np.bincount(view, minlength=n * c)
    slot = np.arange(len(rows)) - np.repeat(np.cumsum(seen) - seen, seen)
    size = int(seen.max(initial=1))
    origins = Ts[:, :3, 3].copy()
    offset = np.zeros((n * c, 3, size), np.float32)
    variance = np.ones((n * c, size), np.float32)
    share = np.zeros((n * c, size), np.float32)
    offset[view, :, slot] = readings.p_base[rows] - origins[view // max(c, 1)]
    variance[view, slot] = readings.sigma[rows] ** 2
    share[view, slot] = 1 / np.maximum(readings.repeats[rows] / own_stride, 1.0)
    pixel = pixel_pitch(views, Ts)[..., None] * views.Ts_base_camera[:, :3, 0]
    return Points(
        origins,
        offset.reshape(n, c, 3, size),
        variance.reshape(n, c, size),
        share.reshape(n, c, size),
        pixel.astype(np.float32),
    )
