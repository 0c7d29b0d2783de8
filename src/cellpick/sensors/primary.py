"""What every pixel of a picture sees first, with few rays.

Pixels that no outline parts see one smooth piece of a surface. Probes on a coarse grid tell which,
and where it is flat its plane tells the rest. Pixels on outlines and on curved pieces are cast one
by one, and so is a region whose probes disagree (two bodies run through each other there).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.sensors.lens import Lens
from cellpick.sensors.outlines import outlines
from cellpick.sensors.planes import Planes
from cellpick.sensors.raycast import NO_HIT, Hits, RayScene

Array = NDArray[np.float32]
PROBE_PX = 4
"""Spacing of the grid of probes."""
MARGIN_PX = 2
"""Outlines this far outside a part of the picture are drawn as well."""
TILE_PX = 160
"""Regions are parted along a grid of this width, so that a disagreement costs little."""
UNKNOWN = -2
"""Triangle of a region that no probe has met."""


@dataclass(frozen=True, eq=False)
class FirstHits:
    """What the rays through all pixels' centres meet."""

    hits: Hits
    """(h * w,) row by row."""
    outlined: NDArray[np.bool_]
    """(h, w) pixels that an outline crosses, seen or hidden."""


def first_hits(
    lens: Lens, T_world_camera: Floats, directions: Array, scene: RayScene, planes: Planes
) -> FirstHits:
    """First hits of rays along `directions` (h * w, 3) from a camera's centre, world frame."""
    mesh, origin = scene.mesh, T_world_camera[:3, 3].astype(np.float32)
    facing = planes.facing(origin)
    outlined = outlines(lens, T_world_camera, mesh.vertices, mesh.edges, facing, mesh.facets)
    region, count = _regions(outlined)
    probes = _probes(lens.shape)
    met = scene.cast(origin, directions[probes]).triangle
    seen = _agreed(region[probes], met, mesh.facets, count)
    flat = (seen == NO_HIT) | ((seen >= 0) & ~mesh.curved[np.maximum(seen, 0)])
    plain = flat[region]
    plain &= ~outlined.ravel()
    triangle = seen[region]
    # a plane's 1 / t is linear in the ray; a region without one gets a plane at infinity
    met_one = np.flatnonzero(seen >= 0)
    inverse = np.zeros((count, 3), dtype=np.float32)
    inverse[met_one] = planes.inverse(seen[met_one], origin)
    with np.errstate(divide="ignore"):
        t = 1 / np.einsum("nc,nc->n", inverse[region], directions)
    uv = np.zeros((len(directions), 2), dtype=np.float32)
    rest = np.flatnonzero(~plain)
    cast = scene.cast(origin, directions[rest])
    t[rest], triangle[rest], uv[rest] = cast.t, cast.triangle, cast.uv
    return FirstHits(Hits(t, triangle, uv), outlined)


def hits_again(
    lens: Lens,
    T_world_camera: Floats,
    directions: Array,
    scene: RayScene,
    planes: Planes,
    pixels: NDArray[np.int64],
) -> FirstHits:
    """First hits of some `pixels` (n,) only, and outlines that are whole near these only."""
    mesh, origin = scene.mesh, T_world_camera[:3, 3].astype(np.float32)
    xy = lens.directions[pixels, :2]
    reach = np.float32(MARGIN_PX * lens.pixel_rad)
    field = (
        xy.min(axis=0, initial=np.inf) - reach,
        xy.max(axis=0, initial=-np.inf) + reach,
    )
    facing = planes.facing(origin)
    outlined = outlines(lens, T_world_camera, mesh.vertices, mesh.edges, facing, mesh.facets, field)
    return FirstHits(scene.cast(origin, directions[pixels]), outlined)


def _regions(outlined: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Region (h * w,) of each pixel that no outline crosses, and how many there are."""
    free = (~outlined).view(np.uint8)
    count, label = cv2.connectedComponents(free, connectivity=4, ltype=cv2.CV_32S)
    h, w = outlined.shape
    across = -(-w // TILE_PX)
    tile = (np.arange(h) // TILE_PX * across)[:, None] + np.arange(w) // TILE_PX
    label += (tile * count).astype(np.int32)
    return label.ravel(), count * (int(tile.max()) + 1)


def _probes(shape: tuple[int, int]) -> NDArray[np.int64]:
    h, w = shape
    rows = np.arange(min(PROBE_PX // 2, h - 1), h, PROBE_PX)
    columns = np.arange(min(PROBE_PX // 2, w - 1), w, PROBE_PX)
    return (rows[:, None] * w + columns).ravel()


def _agreed(
    region: NDArray[np.int32],
    triangle: NDArray[np.int32],
    facets: NDArray[np.int32],
    count: int,
) -> NDArray[np.int32]:
    """A triangle (count,) of the piece that all probes in a region have met, or `UNKNOWN`."""
    seen = np.full(count, UNKNOWN, dtype=np.int32)
    seen[region] = triangle
    facet = np.where(triangle == NO_HIT, NO_HIT, facets[triangle])
    last = seen[region]
    differs = facet != np.where(last == NO_HIT, NO_HIT, facets[last])
    seen[region[differs]] = UNKNOWN
    return seen
