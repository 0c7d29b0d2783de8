"""Pictures as bytes: encoded, embedded, and the overview of a look."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from cellpick.report.files import make_folder, write_whole
from cellpick.report.lettering import Image, write_corner
from cellpick.report.overlay import draw_estimates
from cellpick.structures import CaptureSet, CellEstimates

_OVERVIEW_WIDTH_PX = 800
_JPEG_QUALITY = 88


def encode(image: Image, kind: Literal["png", "jpeg"]) -> bytes:
    """The RGB image as a file's bytes."""
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY] if kind == "jpeg" else []
    _, data = cv2.imencode(f".{kind}", image[..., ::-1], options)
    return bytes(data)


def data_uri(image: Image) -> str:
    """The RGB image as text that an HTML page can hold."""
    return "data:image/jpeg;base64," + base64.b64encode(encode(image, "jpeg")).decode()


def write_overview_png(path: Path, look: CaptureSet, estimates: CellEstimates) -> Path:
    """Write one PNG with all pictures of a look, two a row, the estimates drawn on them.

    Raises `UnavailableError` naming the path.
    """
    tiles = []
    for capture in look.captures:
        tile = draw_estimates(capture, estimates, look.task.cell, _OVERVIEW_WIDTH_PX)
        write_corner(tile, capture.calibration.camera, (255, 255, 255), 0.5)
        tiles.append(tile)
    make_folder(path.parent)
    return write_whole(path, encode(_mosaic(tiles), "png"))


def _mosaic(tiles: list[Image]) -> Image:
    """The tiles, two a row, on a black ground."""
    height = max((tile.shape[0] for tile in tiles), default=1)
    rows = (len(tiles) + 1) // 2
    canvas = np.zeros((max(rows, 1) * height, 2 * _OVERVIEW_WIDTH_PX, 3), dtype=np.uint8)
    for k, tile in enumerate(tiles):
        y, x = (k // 2) * height, (k % 2) * _OVERVIEW_WIDTH_PX
        canvas[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
    return canvas
