"""`calibration.html`: one calibration on one page that opens offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cellpick.geometry import Floats
from cellpick.report.files import make_folder, write_whole
from cellpick.report.lettering import Image, write_corner
from cellpick.report.page import page_environment
from cellpick.report.pictures import data_uri
from cellpick.report.plain_json import plain
from cellpick.report.svg import histogram

_PICTURE_WIDTH_PX = 900
_RED = (230, 40, 40)

Picture = tuple[str, Image, Floats]
"""A camera's name, its image (h, w, 3) RGB, and the corners (n, 2) found in it."""


def write_calibration_html(
    folder: Path, document: Mapping[str, Any], pictures: Sequence[Picture], command: str
) -> Path:
    """Write `calibration.html`, all of it or nothing; raises `UnavailableError`."""
    text = (
        page_environment()
        .get_template("calibration.html.j2")
        .render(
            d=plain(document),
            command=command,
            pictures=[
                (name, data_uri(_marked(name, image, corners))) for name, image, corners in pictures
            ],
            plots={
                touch["eye"]: histogram(touch["distances_mm"], "mm", touch["predicted_p95_mm"])
                for touch in document["touch"]
            },
        )
    )
    return write_whole(make_folder(folder) / "calibration.html", text.encode())


def _marked(name: str, image: Image, corners: Floats) -> Image:
    """The picture with a ring and a dot at every corner, of one width for all cameras."""
    scale = _PICTURE_WIDTH_PX / image.shape[1]
    size = (_PICTURE_WIDTH_PX, round(image.shape[0] * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    canvas: Image = np.ascontiguousarray(small, dtype=np.uint8)
    for u, v in (corners + 0.5) * scale - 0.5:
        # four binary digits of sub-pixel place
        centre = (round(16 * u), round(16 * v))
        cv2.circle(canvas, centre, 16 * 5, _RED, 1, cv2.LINE_AA, 4)
        cv2.circle(canvas, centre, 16, _RED, -1, cv2.LINE_AA, 4)
    write_corner(canvas, f"{name}: {len(corners)} corners", (255, 255, 255), 0.5)
    return canvas
