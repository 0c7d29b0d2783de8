"""Reads the printed 2D codes: each code's square, rectified from the sharpest cameras."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.rectify import rectify
from cellpick.structures import Capture, CellModel, SurfaceFeature

PIXELS = 160
"""Side of a rectified code; a DataMatrix of 18 modules then has about 7 pixels a module."""
MARGIN_SHARE = 0.15
"""Surroundings shown on every side, as a share of the code's side: the quiet zone and slack."""
MOST_VIEWS = 4
"""Cameras tried, sharpest first."""
ZOOMS = (1, 2)
"""Enlargements tried: the decoder's binarisation favours now one, now the other."""
FORMATS = zxingcpp.BarcodeFormats(
    [zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.QRCode]
)
"""Kinds of code that cells carry."""


def read_codes(
    Ts_base_cell: Floats, cell: CellModel, captures: Sequence[Capture], up: Floats
) -> tuple[str, ...]:
    """(n,) texts; empty where a cell has no code on the face that looks up, or none that reads."""
    texts = [""] * len(Ts_base_cell)
    for feature in cell.features:
        if feature.kind != "code" or not texts:
            continue
        sign = 1.0 if feature.face == "+z" else -1.0
        visible = sign * (Ts_base_cell[:, :3, 2] @ up) > 0
        p_cell = square(cell, feature)
        for capture in sharpest(captures, Ts_base_cell):
            rows = np.flatnonzero(visible & np.array([not text for text in texts]))
            if not rows.size:
                break
            for row, view in zip(rows, rectify(capture, Ts_base_cell[rows], p_cell), strict=True):
                texts[row] = decode(view)
    return tuple(texts)


def sharpest(captures: Sequence[Capture], Ts_base_cell: Floats) -> list[Capture]:
    """The cameras with the most pixels a metre at the cells first."""
    centre = Ts_base_cell[:, :3, 3].mean(0)
    scale = [
        c.calibration.K[0, 0] / float(np.linalg.norm(c.T_base_camera[:3, 3] - centre))
        for c in captures
    ]
    order = sorted(range(len(captures)), key=lambda i: (-scale[i], captures[i].calibration.camera))
    return [captures[i] for i in order[:MOST_VIEWS]]


def square(cell: CellModel, feature: SurfaceFeature) -> Floats:
    """(PIXELS^2, 3) places of a picture of the code in the cell frame, reading from outside.

    Where the yaw is free the code may be anywhere round the axis: the whole face.
    """
    sign = 1.0 if feature.face == "+z" else -1.0
    side, centre = float(feature.size_m.max()), feature.center_m
    scale = 1 + 2 * MARGIN_SHARE
    if cell.turns_freely and np.hypot(*centre) > 0:
        side, centre = float(cell.size_m[0]), np.zeros(2)
        scale = 1.0
    n = round(PIXELS * side * scale / (float(feature.size_m.max()) * (1 + 2 * MARGIN_SHARE)))
    along = (np.arange(n) + 0.5) / n - 0.5
    u, v = np.meshgrid(along, -along)
    z = np.full(u.size, sign * (cell.height_m / 2 + feature.height_m))
    x, y = centre[:, None] + scale * side * np.stack([sign * u.ravel(), v.ravel()])
    return np.column_stack([x, y, z])


def decode(view: NDArray[np.float32]) -> str:
    """Text in one rectified picture (pixels^2, 3); empty if none reads."""
    side = int(np.sqrt(len(view)))
    grey = view.mean(-1)
    if not np.isfinite(grey).all():
        return ""
    picture = np.clip(grey, 0, 255).astype(np.uint8).reshape(side, side)
    for zoom in ZOOMS:
        size = (zoom * side, zoom * side)
        zoomed = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
        texts = {str(code.text) for code in zxingcpp.read_barcodes(zoomed, formats=FORMATS)}
        if len(texts) == 1:
            return texts.pop()
    return ""
