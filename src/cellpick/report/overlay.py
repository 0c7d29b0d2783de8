"""A camera's picture with the estimates drawn on it, through the believed calibration."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert, project, transform
from cellpick.report.cell_lines import Line, cell_lines
from cellpick.structures import Capture, CellEstimates, CellModel

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

STATUS_COLOURS: dict[str, Colour] = {
    "ok": (64, 220, 120),
    "ambiguous": (255, 196, 0),
    "uncertain": (255, 140, 40),
    "inconsistent": (255, 70, 70),
}
"""RGB of a cell's outline and label, by status."""
LINE_COLOURS: dict[str, Colour] = {
    "positive": (255, 92, 92),
    "negative": (96, 160, 255),
    "feature": (190, 190, 190),
    "x": (255, 60, 60),
    "y": (60, 230, 60),
    "z": (80, 120, 255),
}
"""RGB of what else is drawn."""
_SHIFT = 4


def draw_estimates(
    capture: Capture, estimates: CellEstimates, cell: CellModel, width_px: int
) -> Image:
    """The picture scaled to `width_px`, (h, width, 3) RGB, with every estimated cell on it."""
    scale = width_px / capture.calibration.width_px
    height_px = round(capture.calibration.height_px * scale)
    shrink = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    image = np.ascontiguousarray(
        cv2.resize(capture.image, (width_px, height_px), interpolation=shrink), dtype=np.uint8
    )
    T_camera_base = invert(capture.T_base_camera)
    for row in range(len(estimates)):
        T_camera_cell = T_camera_base @ estimates.Ts_base_cell[row]
        end = 1 if (invert(T_camera_cell)[2, 3]) >= 0 else -1
        colour = STATUS_COLOURS[estimates.status[row]]
        for line in cell_lines(cell, end):
            pixels = _pixels(capture, T_camera_cell, line, scale)
            _draw_line(image, pixels, LINE_COLOURS.get(line.kind, colour), line.kind)
    for row in range(len(estimates)):
        _draw_label(image, capture, estimates, row, scale, T_camera_base)
    return image


def label_of(estimates: CellEstimates, row: int) -> str:
    """Polarity with its probability, and the code where it was read."""
    polarity = "?" if estimates.polarity[row] == "unknown" else estimates.polarity[row]
    text = f"{polarity} {estimates.polarity_probability[row]:.2f}"
    return f"{text} {estimates.code[row]}" if estimates.code[row] else text


def _pixels(capture: Capture, T_camera_cell: Floats, line: Line, scale: float) -> Floats:
    points = transform(T_camera_cell, line.points)
    pixels = project(points, capture.calibration.K, capture.calibration.distortion)
    result: Floats = (pixels + 0.5) * scale - 0.5
    return result


def _draw_line(image: Image, pixels: Floats, colour: Colour, kind: str) -> None:
    h, w = image.shape[:2]
    near = (np.abs(pixels - np.array([w, h]) / 2) < 2 * max(w, h)).all()
    if not near:
        return
    thick = 2 if kind in ("outline", "x", "y", "z") else 1
    points = np.round(pixels * 2**_SHIFT).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(image, [points], False, (0, 0, 0), thick + 2, cv2.LINE_AA, _SHIFT)
    cv2.polylines(image, [points], False, colour, thick, cv2.LINE_AA, _SHIFT)


def _draw_label(
    image: Image,
    capture: Capture,
    estimates: CellEstimates,
    row: int,
    scale: float,
    T_camera_base: Floats,
) -> None:
    p_camera = transform(T_camera_base, estimates.Ts_base_cell[row : row + 1, :3, 3])
    at = project(p_camera, capture.calibration.K, capture.calibration.distortion)[0] * scale
    if not np.isfinite(at).all() or (np.abs(at) > 1e5).any():
        return
    write_text(image, label_of(estimates, row), at, STATUS_COLOURS[estimates.status[row]], 0.4)


def write_text(image: Image, text: str, at: Floats, colour: Colour, size: float) -> None:
    """Write `text` with its middle at `at` (2,) pixels, on a dark plate, into the image."""
    font = cv2.FONT_HERSHEY_SIMPLEX
    (w, h), base = cv2.getTextSize(text, font, size, 1)
    x, y = round(at[0] - w / 2), round(at[1] + h / 2)
    box = image[max(y - h - 3, 0) : max(y + base, 0), max(x - 3, 0) : max(x + w + 3, 0)]
    box[:] = (box * 0.35).astype(np.uint8)
    cv2.putText(image, text, (x, y), font, size, colour, 1, cv2.LINE_AA)
