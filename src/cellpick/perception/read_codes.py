"""Reads the printed 2D codes: each code's square, rectified from the sharpest cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.rectify import rectify
from cellpick.structures import Capture, CaptureSet, CellEstimates, CellModel, SurfaceFeature

PIXELS = (80, 160)
"""Least and most pixels along a rectified code and its margins; a DataMatrix of 14 modules then has
4.4 to 9 pixels a module."""
OVERSAMPLING = 2.0
"""Pixels of a rectified code a pixel of the camera, within those bounds."""
MARGIN_SHARE = 0.15
"""Surroundings shown on every side, as a share of the code's side: the quiet zone and slack."""
MOST_VIEWS = 4
"""Cameras tried, sharpest first."""
FEWEST_MODULES = 12
"""Modules along the smallest DataMatrix with its quiet zone (ISO/IEC 16022: 10 and 2)."""
LEAST_MODULE_PX = 1.0
"""A module that spans fewer pixels in a camera shows nothing."""
ZOOMS = (1, 2)
"""Enlargements tried: the decoder's binarisation favours now one, now the other."""
FORMATS = zxingcpp.BarcodeFormats(
    [zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.QRCode]
)
"""Kinds of code that cells carry."""


def with_codes(estimates: CellEstimates, look: CaptureSet) -> CellEstimates:
    """The estimates with the codes of their cells, read from the look that they come from.

    Cameras that perception found off their places are left out: `look` still has them there.
    """
    off = {status.camera for status in estimates.cameras if status.verdict == "corrected"}
    captures = tuple(c for c in look.captures if c.calibration.camera not in off)
    return coded(estimates, replace(look, captures=captures))


def coded(estimates: CellEstimates, look: CaptureSet) -> CellEstimates:
    """The same where `look` has its cameras at their places."""
    bad = {status.camera for status in estimates.cameras if status.verdict == "distrusted"}
    captures = sorted(
        (c for c in look.captures if c.calibration.camera not in bad),
        key=lambda capture: capture.calibration.camera,
    )
    task = look.task
    texts = read_codes(estimates.Ts_base_cell, task.cell, captures, task.T_base_region[:3, 2])
    return replace(estimates, code=texts)


def read_codes(
    Ts_base_cell: Floats, cell: CellModel, captures: Sequence[Capture], up: Floats
) -> tuple[str, ...]:
    """(n,) texts; empty where a cell has no code on the face that looks up, or none that reads.

    Each cell's sharpest camera is tried first, another one only where that fails.
    """
    texts = np.full(len(Ts_base_cell), "", dtype=object)
    for feature in cell.features:
        if feature.kind != "code" or not len(texts) or not captures:
            continue
        sign = 1.0 if feature.face == "+z" else -1.0
        visible = sign * (Ts_base_cell[:, :3, 2] @ up) > 0
        density = np.stack([density_px(c, Ts_base_cell, cell, feature) for c in captures], axis=1)
        coarse = density * float(feature.size_m.max()) < LEAST_MODULE_PX * FEWEST_MODULES
        order = np.argsort(-density, axis=1, kind="stable")
        for turn in order.T[:MOST_VIEWS]:
            open_ = visible & (texts == "") & ~coarse[np.arange(len(turn)), turn]
            for index, capture in enumerate(captures):
                rows = np.flatnonzero(open_ & (turn == index))
                if rows.size:
                    p_cell = square(cell, feature, raster(feature, density[rows, index]))
                    texts[rows] = read(capture, Ts_base_cell[rows], p_cell)
    return tuple(texts)


def density_px(
    capture: Capture, Ts_base_cell: Floats, cell: CellModel, feature: SurfaceFeature
) -> Floats:
    """(n,) pixels a metre of a feature's face, along the direction that the camera shortens most;
    0 where it looks at the face's back."""
    sign = 1.0 if feature.face == "+z" else -1.0
    centre = np.append(feature.center_m, sign * (cell.height_m / 2 + feature.height_m))
    if cell.turns_freely:
        centre[:2] = 0
    sight = Ts_base_cell[:, :3, :3] @ centre + Ts_base_cell[:, :3, 3] - capture.T_base_camera[:3, 3]
    depth = np.maximum(sight @ capture.T_base_camera[:3, 2], 1e-9)
    facing = -sign * np.sum(sight * Ts_base_cell[:, :3, 2], axis=1) / np.linalg.norm(sight, axis=1)
    result: Floats = np.maximum(facing, 0) * capture.calibration.K[0, 0] / depth
    return result


def raster(feature: SurfaceFeature, density_px: Floats) -> int:
    """Pixels along a rectified code with its margins where a camera has `density_px` (n,) pixels a
    metre."""
    side_m = float(feature.size_m.max()) * (1 + 2 * MARGIN_SHARE)
    wanted = OVERSAMPLING * float(np.median(density_px)) * side_m
    return int(np.clip(round(wanted), *PIXELS))


def square(cell: CellModel, feature: SurfaceFeature, pixels: int) -> Floats:
    """(k^2, 3) places of a picture of the code in the cell frame, reading from outside, `pixels`
    along the code with its margins.

    Where the yaw is free the code may be anywhere round the axis: the whole face.
    """
    sign = 1.0 if feature.face == "+z" else -1.0
    side, centre = float(feature.size_m.max()), feature.center_m
    scale = 1 + 2 * MARGIN_SHARE
    if cell.turns_freely and np.hypot(*centre) > 0:
        side, centre = float(cell.size_m[0]), np.zeros(2)
        scale = 1.0
    n = round(pixels * side * scale / (float(feature.size_m.max()) * (1 + 2 * MARGIN_SHARE)))
    along = (np.arange(n) + 0.5) / n - 0.5
    u, v = np.meshgrid(along, -along)
    z = np.full(u.size, sign * (cell.height_m / 2 + feature.height_m))
    x, y = centre[:, None] + scale * side * np.stack([sign * u.ravel(), v.ravel()])
    return np.column_stack([x, y, z])


def read(capture: Capture, Ts_base_cell: Floats, p_cell: Floats) -> list[str]:
    """Texts of n cells in one camera, empty for none, from a square of places (k^2, 3)."""
    view = rectify(capture, Ts_base_cell, p_cell)
    side = int(np.sqrt(len(p_cell)))
    grey = (view.colour.sum(axis=0, dtype=np.uint16) // 3).astype(np.uint8)
    whole: NDArray[np.bool_] = np.all(view.seen, axis=1)
    pictures = grey.reshape(-1, side, side)
    return [decode(picture) if sees else "" for picture, sees in zip(pictures, whole, strict=True)]


def decode(picture: NDArray[np.uint8]) -> str:
    """Text in one rectified picture (k, k); empty if none reads, or several."""
    for zoom in ZOOMS:
        size = (zoom * len(picture), zoom * len(picture))
        found = zxingcpp.read_barcodes(
            cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC),
            formats=FORMATS,
            try_rotate=len(picture) > PIXELS[1],  # a whole face: its turn is not known
            try_downscale=False,
            try_invert=False,
        )
        texts = {str(code.text) for code in found}
        if len(texts) == 1:
            return texts.pop()
    return ""
