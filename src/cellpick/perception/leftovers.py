"""Measured surface that no found cell explains: what lies on the cells, or stands among them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert, pose, rotation_z
from cellpick.perception.fusion import Cloud
from cellpick.perception.grid import Grid
from cellpick.perception.seat import owners
from cellpick.perception.tops import tallest
from cellpick.structures import CellModel, ForeignObject

Singles = NDArray[np.float32]

TILE_M = 0.004
"""Tile of the maps of what is left."""
MOST_READINGS = 60_000
"""Of a denser cloud every so many-th reading is looked at."""
MARGIN_M = 0.003
"""What a cell's surface may lie off its drawing, beside what the readings may err by."""
CERTAIN = 5.0
"""Standard deviations of a reading beyond which it is no error, even where neighbours err alike."""
ABOVE_M = 0.008
"""Nothing lower over the support is looked at: pads, and the support's own unevenness."""
LEAST_READINGS = 3
"""A tile with fewer readings left may show a cell's edge or flying pixels."""
LEAST_AREA_M2 = 2.4e-4
"""Connected surface smaller than this may be noise."""
BORDER_M = 0.012
"""The tray's walls are this near to the region's border."""
TOUCHING_M = 0.012
"""What lies level with the cells this near to a foreign object is part of a cell under it."""
HIGHEST = 99.0
"""Percentile of the readings that counts as an object's height."""
LEVEL_M = 0.004
"""Half the spread in height of a surface that may be a cell's top."""
TOP_SHARE = 0.3
"""Share of a cell's top that has to be seen before it is sought at another height."""
SAME_LEVEL_M = 0.006
"""Heights nearer than this are one level."""


@dataclass(frozen=True, eq=False)
class Leftovers:
    """m readings that no cell explains, on tiles."""

    grid: Grid
    """The tiles."""
    p_region: Singles
    """(m, 3) in the region frame."""
    tile: NDArray[np.intp]
    """(m,) flat index of each reading's tile."""
    level: NDArray[np.bool_]
    """(rows, columns) where they lie at the height of the cells' tops."""
    high: NDArray[np.bool_]
    """(rows, columns) where they lie higher."""
    low: NDArray[np.bool_]
    """(rows, columns) where they lie lower."""


def leftovers(cloud: Cloud, Ts_region_cell: Floats, cell: CellModel, size_m: Floats) -> Leftovers:
    """What the cells at (n, 4, 4) leave of a cloud; `size_m` (3,) are the region's extents."""
    columns, rows = (max(1, int(np.ceil(e / TILE_M))) for e in size_m[:2])
    grid = Grid((-(columns - 1) / 2 * TILE_M, -(rows - 1) / 2 * TILE_M), TILE_M, (rows, columns))
    thin = slice(None, None, max(1, len(cloud) // MOST_READINGS))
    p, slack = cloud.p_region[thin], MARGIN_M + np.float32(CERTAIN) * cloud.doubt_m[thin]
    tile, on = grid.tiles_of(p[:, :2])
    rows_left = np.flatnonzero(on & (p[:, 2] > ABOVE_M + slack))
    above = above_tops(p[rows_left], tile[rows_left], Ts_region_cell, cell, grid)
    rows_left = rows_left[above > slack[rows_left]]
    rows_left = rows_left[outside(p[rows_left], slack[rows_left], Ts_region_cell, cell)]
    p, slack, tile = p[rows_left], slack[rows_left], tile[rows_left]
    raised = tallest(cell)
    low, high = p[:, 2] < cell.height_m - slack, p[:, 2] > cell.height_m + raised + slack
    maps = (crowded(tile[some], grid) for some in (~low & ~high, high, low))
    return Leftovers(grid, p, tile, *maps)


def above_tops(
    p: Singles, tile: NDArray[np.intp], Ts_region_cell: Floats, cell: CellModel, grid: Grid
) -> Singles:
    """(m,) height of points above the tallest thing on the cell they lie over; infinite over
    none."""
    outward = np.where(Ts_region_cell[:, 2, 2] < 0, -1.0, 1.0)[:, None] * Ts_region_cell[:, :3, 2]
    top = Ts_region_cell[:, :3, 3] + outward * (cell.height_m / 2 + tallest(cell))
    yaw = np.arctan2(Ts_region_cell[:, 1, 0], Ts_region_cell[:, 0, 0])
    owner = owners(top[:, :2], yaw, cell, grid, 0.0).ravel()[tile]
    above = np.full(len(p), np.inf, np.float32)
    over = np.flatnonzero(owner >= 0)
    whose = owner[over]
    off = p[over] - top[whose].astype(np.float32)
    above[over] = (off * outward[whose].astype(np.float32)).sum(1)
    return above


def outside(
    p: Singles, slack: Singles, Ts_region_cell: Floats, cell: CellModel
) -> NDArray[np.bool_]:
    """(m,) whether points are outside all cells, each larger by `slack` (m,) all round; what is
    under a cell carries it."""
    free = np.ones(len(p), np.bool_)
    aside = max((f.height_m for f in cell.features if f.face[1] == "x"), default=0.0)
    half = (cell.size_m / 2 + [aside, 0.0, tallest(cell)]).astype(np.float32)
    up = np.sign(Ts_region_cell[:, 2, 2]).astype(np.float32)
    for T, sign in zip(invert(Ts_region_cell).astype(np.float32), up, strict=True):
        q = p @ T[:3, :3].T + T[:3, 3]
        q[:, :2] = np.abs(q[:, :2])
        q[:, 2] *= sign
        free &= (q - slack[:, None] > half).any(axis=1)
    return free


def crowded(tile: NDArray[np.intp], grid: Grid) -> NDArray[np.bool_]:
    """(rows, columns) tiles with enough readings, small gaps between them closed."""
    count = np.bincount(tile, minlength=grid.shape[0] * grid.shape[1]).reshape(grid.shape)
    there = (count >= LEAST_READINGS).astype(np.uint8)
    closed = cv2.morphologyEx(there, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return np.asarray(closed > 0)


def foreign_objects(
    left: Leftovers, T_base_region: Floats, cell: CellModel, cells: int
) -> list[ForeignObject]:
    """Connected surface that is large enough, and neither a wall of the tray nor part of a cell
    that lies under such a surface.

    Where more surface is left at the cells' own height than the `cells` surely found explain, it
    is cells that were not found.
    """
    found = []
    strange = np.zeros(left.grid.shape, np.uint8)
    for tiles in parts(left.high):
        strange[tiles] = 1
        words = "it lies higher than the cells"
        found.append(boxed(left, tiles, T_base_region, words, cell.height_m))
    reach = round(TOUCHING_M / TILE_M)
    near = cv2.dilate(strange, np.ones((2 * reach + 1,) * 2, np.uint8)) > 0
    unfound = float(left.level.sum()) * TILE_M**2
    most = cells * float(np.prod(cell.size_m[:2]))
    for tiles in parts(left.level) if unfound < most else []:
        if not (tiles & near).any():
            words = "it is as high as the cells and shows none of their drawing"
            found.append(boxed(left, tiles, T_base_region, words))
    for tiles in parts(left.low):
        if not (tiles & near).any():
            found.append(boxed(left, tiles, T_base_region, "it is lower than the cells"))
    return found


def parts(tiles: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """The connected parts of a map (rows, columns) that are too large to be noise; of what lies
    along the region's border, where the tray's walls are, only what reaches farther in."""
    count, label = cv2.connectedComponents(tiles.astype(np.uint8), connectivity=8)
    reach = round(BORDER_M / TILE_M)
    area = np.bincount(label[reach:-reach, reach:-reach].ravel(), minlength=count)
    least = LEAST_AREA_M2 / TILE_M**2
    return [label == part for part in range(1, count) if area[part] >= least]


def boxed(
    left: Leftovers,
    tiles: NDArray[np.bool_],
    T_base_region: Floats,
    reason: str,
    lowest_m: float = 0.0,
) -> ForeignObject:
    """The smallest upright box round the readings on some tiles, from `lowest_m` up."""
    p = left.p_region[tiles.ravel()[left.tile]]
    (x, y), (a, b), degrees = cv2.minAreaRect(np.ascontiguousarray(p[:, :2]))
    high = float(np.percentile(p[:, 2], HIGHEST))
    low = min(lowest_m, high)
    T = pose(rotation_z(np.radians(degrees)), np.array([x, y, (low + high) / 2]))
    return ForeignObject(T_base_region @ T, np.array([a, b, high - low]), reason)


def levels(left: Leftovers, cell: CellModel) -> list[float]:
    """How much higher than on the support cells may stand, by how large a level surface is left
    there; largest first."""
    least = TOP_SHARE * float(np.prod(cell.size_m[:2]))
    surfaces: list[tuple[float, float]] = []
    for tiles in [*parts(left.high), *parts(left.low)]:
        z = left.p_region[tiles.ravel()[left.tile], 2]
        edges = np.arange(0.0, float(z.max()) + 2 * LEVEL_M, LEVEL_M)
        number = np.histogram(z, edges)[0]
        best = int(number.argmax())
        height = float(np.median(z[np.abs(z - edges[best] - LEVEL_M / 2) < LEVEL_M]))
        area = float(tiles.sum()) * TILE_M**2
        seen = area * number[best] / len(z)
        if seen > least and height > cell.height_m + SAME_LEVEL_M:
            surfaces.append((area, height - cell.height_m))
    chosen: list[float] = []
    for _, height in sorted(surfaces, reverse=True):
        if all(abs(height - other) > SAME_LEVEL_M for other in chosen):
            chosen.append(height)
    return chosen


def hiding(left: Leftovers, grid: Grid) -> NDArray[np.bool_]:
    """(rows, columns) tiles of a grid over which something lies that is higher than cells."""
    wide = cv2.dilate(left.high.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    x, y = grid.centres()
    tile, on = left.grid.tiles_of(np.stack([x.ravel(), y.ravel()], -1))
    result: NDArray[np.bool_] = (wide.ravel()[tile] & on).reshape(grid.shape)
    return result
