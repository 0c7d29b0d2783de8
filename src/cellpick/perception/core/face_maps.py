"""What lies where on a cell's end faces, as rasters: looked up at each point, not computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.outlines import case_distance, signed_distance
from cellpick.structures import CellModel

Singles = NDArray[np.float32]
Value = TypeVar("Value", np.float32, np.uint8)

STEP_M = 2e-4
"""Pixel of the rasters: well below a camera's pixel on the cell."""
MOST_PIXELS = 300_000
"""Pixels of one face from which a larger one gets larger pixels."""
FRAME_M = 8e-3
"""How far the rasters go beyond the case: farther than any of its points lies, with a pixel."""
COLUMNS = 4096
"""`cv2.remap` takes at most 32767 rows or columns, so places are folded into rows this long."""
CODE = "code"
"""Stands for the mixed brightness of a printed code."""
ROUND = "round"
"""Stands for the rounded edge about an end face, which sends its light elsewhere."""


@dataclass(frozen=True, eq=False)
class FaceMaps:
    """The faces +z and -z in the cell's x and y, one above the other; made once a cell model."""

    step_m: float
    """Pixel."""
    corner_m: tuple[float, float]
    """x and y of the first pixel's centre."""
    rows: int
    """Rows of one face."""
    relief_m: Singles
    """(2 rows, columns, 2) how far it is raised, and how far the next edge of something raised is
    away; infinite from twice its height on, as readings across it are off by no more than that."""
    shade: NDArray[np.uint8]
    """(2 rows, columns) which of the brightnesses it shows."""
    shades: int
    """How many brightnesses there are."""

    def pixels(self, xy: Singles, over: NDArray[np.bool_]) -> tuple[Singles, Singles]:
        """Columns and rows (n, c, p) of places (n, c, 2, p) on the cells' faces +z or, where they
        stand upside `over` (n,), -z."""
        column = (xy[..., 0, :] - np.float32(self.corner_m[0])) / np.float32(self.step_m)
        row = (xy[..., 1, :] - np.float32(self.corner_m[1])) / np.float32(self.step_m)
        np.clip(row, 0, self.rows - 1, out=row)
        row += np.where(over, np.float32(self.rows), np.float32(0))[:, None, None]
        return column, row

    def relief_at(self, column: Singles, row: Singles) -> tuple[Singles, Singles]:
        """Both values (...) of the relief at pixels (...)."""
        found = _looked_up(self.relief_m, column, row)
        return found[..., 0], found[..., 1]

    def shade_at(self, column: Singles, row: Singles) -> NDArray[np.uint8]:
        """Brightnesses (...) at pixels (...)."""
        return _looked_up(self.shade, column, row)


def _looked_up(image: NDArray[Value], column: Singles, row: Singles) -> NDArray[Value]:
    """Nearest values of an image (h, w, ...) at pixels; its border's beyond it."""
    count = column.size
    rows = -(-count // COLUMNS)
    if not rows:
        return np.zeros((*column.shape, *image.shape[2:]), image.dtype)
    places = np.zeros((2, rows * COLUMNS), np.float32)
    places[0, :count], places[1, :count] = column.ravel(), row.ravel()
    u, v = places.reshape(2, rows, COLUMNS)
    found = cv2.remap(image, u, v, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    values = np.asarray(found, image.dtype).reshape(-1, *image.shape[2:])[:count]
    return values.reshape(*column.shape, *image.shape[2:])


def face_maps(cell: CellModel) -> FaceMaps:
    """The rasters of a cell model."""
    extent = cell.size_m[:2] + 2 * FRAME_M
    step = max(STEP_M, float(np.sqrt(np.prod(extent) / MOST_PIXELS)))
    columns, rows = (int(np.ceil(e / step)) + 1 for e in extent)
    corner = -(columns - 1) / 2 * step, -(rows - 1) / 2 * step
    x, y = corner[0] + step * np.arange(columns), corner[1] + step * np.arange(rows)
    xy = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    names = _brightnesses(cell)
    relief = [_relief(cell, face, xy) for face in ("+z", "-z")]
    shade = [_shade(cell, face, xy, names) for face in ("+z", "-z")]
    return FaceMaps(
        step,
        corner,
        rows,
        np.concatenate(relief).reshape(2 * rows, columns, 2).astype(np.float32),
        np.concatenate(shade).reshape(2 * rows, columns).astype(np.uint8),
        len(names),
    )


def _relief(cell: CellModel, face: str, xy: Floats) -> Floats:
    """(k, 2) as `FaceMaps.relief_m` has it, at places (k, 2)."""
    height, clear = np.zeros(len(xy)), np.full(len(xy), np.inf)
    for feature in cell.features:
        if feature.face == face and feature.height_m > 0:
            beyond = signed_distance(feature, xy)
            height = np.where(beyond < 0, height + feature.height_m, height)
            away = np.abs(beyond)
            clear = np.where(away < 2 * feature.height_m, np.minimum(clear, away), clear)
    return np.stack([height, clear], axis=-1)


def _brightnesses(cell: CellModel) -> list[str]:
    """The names of all brightnesses on both faces."""
    names = [cell.top_material, cell.bottom_material, ROUND]
    names += [CODE if f.kind == "code" else f.material for f in cell.features if f.face[1] == "z"]
    return list(dict.fromkeys(names))


def _shade(cell: CellModel, face: str, xy: Floats, names: list[str]) -> NDArray[np.int64]:
    """(k,) row in `names` of what lies at places (k, 2)."""
    base = cell.top_material if face == "+z" else cell.bottom_material
    shade = np.full(len(xy), names.index(base))
    for feature in cell.features:
        if feature.face == face:
            own = names.index(CODE if feature.kind == "code" else feature.material)
            shade[signed_distance(feature, xy) < 0] = own
    shade[case_distance(cell, xy) > -cell.rim_radius_m] = names.index(ROUND)
    return shade
