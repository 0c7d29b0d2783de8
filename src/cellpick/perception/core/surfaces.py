"""Which face of its cell each 3D point lies on, where on it, and how far from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.contrast import brightness_steps
from cellpick.perception.core.face_maps import FaceMaps, Singles
from cellpick.perception.core.options import RefineOptions
from cellpick.perception.core.points import Points
from cellpick.structures import CellModel

EDGE_M = 1.2e-3
"""Points nearer than this to an edge are not used: readings there mix two surfaces."""
EDGE_PX = 1.5
"""The same in pixels of their own camera."""
RELIEF_M = 6e-3
"""Points this much below a face lie on nothing that is raised above it."""
PLACE = slice(0, 3)
"""Rows of an end's contacts: how the distance falls when the cell moves along z, about -y, x."""
DISTANCE = 3
"""Their row of distances."""
STEPS = slice(4, None)
"""Their rows of brightness steps."""


@dataclass(frozen=True, eq=False)
class Faces:
    """Points on one kind of face, in v views of cells, at most p in each view."""

    rows: Singles
    """(v, k, p) what each says, linearly: on an end `PLACE`, `DISTANCE` and `STEPS`; on a side the
    distance's derivative by the cell's small motion without the part along z, and the distance."""
    variance: Singles
    """(v, p) of the distance, m^2."""
    share: Singles
    """(v, p) how much of an independent reading each carries; 0 where there is no contact."""


@dataclass(frozen=True, eq=False)
class Contacts:
    """Points on the faces of n cells, as c cameras see those."""

    ends: Faces
    """With the ends that look up, of all n * c views."""
    sides: Faces
    """With the sides, of some views."""
    views: NDArray[np.intp]
    """(v,) which those are."""


@dataclass(frozen=True, eq=False)
class Local:
    """Points in the frames of their cells, as their cameras see those, (v, ..., p)."""

    q: Singles
    """(v, 3, p), raised features pressed flush."""
    end: Singles
    """(v, p) signed distance from the end that looks up, positive outside."""
    aside: Singles
    """(v, p) the same from the nearest side."""
    other: Singles
    """(v, p) the same from the nearest side square to that; far inside for a cylinder."""
    edge_m: Singles
    """(v, 1) points nearer than this to an edge are not used."""
    near_step: NDArray[np.bool_]
    """(v, p) whether the edge of something raised is that near."""


def local_at(
    points: Points, maps: FaceMaps, cell: CellModel, Ts_seen: Floats, over: NDArray[np.bool_]
) -> tuple[Local, tuple[Singles, Singles]]:
    """The points in cells at `Ts_seen` (n, c, 4, 4), and their pixels in the maps.

    `over` (n,) says which cells stand upside down.
    """
    n, c, _, p = points.offset.shape
    R = Ts_seen[..., :3, :3]
    t = (np.swapaxes(R, -1, -2) @ (Ts_seen[..., :3, 3] - points.origins[:, None])[..., None])[
        ..., 0
    ]
    q = np.swapaxes(R, -1, -2).astype(np.float32) @ points.offset
    q -= t.astype(np.float32)[..., None]
    half = (cell.size_m / 2).astype(np.float32)
    edge_m = np.maximum(EDGE_M, EDGE_PX * np.linalg.norm(points.pixel, axis=-1))[..., None]
    place = maps.pixels(q, over)
    raised, clear = maps.relief_at(*place)
    sign = np.where(over, np.float32(-1), np.float32(1))[:, None, None]
    end = q[..., 2, :] * sign - half[2]
    raised *= end > -np.float32(RELIEF_M)
    end -= raised
    q[..., 2, :] -= sign * raised
    across = np.abs(q[..., :2, :])
    if cell.shape == "cylinder":
        aside = np.sqrt(np.square(across).sum(axis=-2)) - half[0]
        other = np.full_like(aside, -np.inf)
    else:
        across -= half[:2, None]
        aside, other = across.max(axis=-2), across.min(axis=-2)
    local = Local(
        q.reshape(n * c, 3, p),
        end.reshape(n * c, p),
        aside.reshape(n * c, p),
        other.reshape(n * c, p),
        edge_m.reshape(n * c, 1).astype(np.float32),
        (clear < edge_m).reshape(n * c, p),
    )
    return local, place


def contacts_at(
    points: Points,
    maps: FaceMaps,
    cell: CellModel,
    Ts_seen: Floats,
    over: NDArray[np.bool_],
    hidden_sides: NDArray[np.bool_],
    options: RefineOptions,
) -> Contacts:
    """Contacts with cells as each camera sees them, `Ts_seen` (n, c, 4, 4), but for the sides that
    are `hidden_sides` (n, c) to it; `over` (n,) stand upside down."""
    local, place = local_at(points, maps, cell, Ts_seen, over)
    R = Ts_seen[..., :3, :3].astype(np.float32)
    pixel = (points.pixel[..., None, :] @ R)[..., 0, :]
    steps = brightness_steps(maps, *place, pixel)
    n, c, shades, p = steps.shape
    margin = np.maximum(
        np.float32(max(cell.rim_radius_m, cell.corner_radius_m * 0.3)), local.edge_m
    )
    variance = points.variance + np.float32(options.surface_model_sigma_m**2)
    variance, share = variance.reshape(n * c, p), points.share.reshape(n * c, p)
    sign = np.repeat(np.where(over, np.float32(-1), np.float32(1)), c)[:, None]
    rows = np.empty((n * c, STEPS.start + shades, p), np.float32)
    rows[:, 0] = sign
    np.multiply(local.q[:, :2], sign[:, None], out=rows[:, 1:3])
    rows[:, DISTANCE] = local.end
    noise = np.sqrt(points.variance).reshape(n * c, 1, p)
    np.multiply(steps.reshape(n * c, shades, p), noise, out=rows[:, STEPS])
    on_end = (local.aside < -margin) & (local.end > local.aside) & ~local.near_step
    views = np.flatnonzero(~hidden_sides)
    sides = _sides(cell, local, margin, variance, share, views)
    return Contacts(Faces(rows, variance, share * on_end), sides, views)


def _sides(
    cell: CellModel,
    local: Local,
    margin: Singles,
    variance: Singles,
    share: Singles,
    views: NDArray[np.intp],
) -> Faces:
    """Contacts with the sides in some views (v,)."""
    q, aside = local.q[views], local.aside[views]
    second = np.maximum(local.end[views], local.other[views])
    on_side = (second < -margin[views]) & (aside > local.end[views])
    x, y, z = np.swapaxes(q, 0, 1)
    if cell.shape == "cylinder":
        normal = q[:, :2] / np.maximum(aside + np.float32(cell.size_m[0] / 2), 1e-9)[:, None]
    else:
        half = (cell.size_m[:2] / 2).astype(np.float32)
        facing = np.abs(x) - half[0] >= np.abs(y) - half[1]
        normal = np.stack([np.sign(x) * facing, np.sign(y) * ~facing], axis=1)
    # a point moves by -(v + w x q) in the cell's frame, and n . (w x q) = w . (q x n)
    nx, ny = normal[:, 0], normal[:, 1]
    rows = np.stack([-nx, -ny, z * ny, -z * nx, y * nx - x * ny, aside], axis=1)
    return Faces(rows, variance[views], share[views] * on_side)
