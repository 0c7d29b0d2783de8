"""A camera's picture with the estimates drawn on it, through the believed calibration."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from cellpick.geometry import Floats, invert, project, transform
from cellpick.report.cell_lines import cell_lines
from cellpick.report.lettering import Colour, Image, label_place, write_along
from cellpick.structures import Capture, CellEstimates, CellModel

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
    "feature": (120, 130, 140),
    "x": (255, 60, 60),
    "y": (60, 230, 60),
    "z": (80, 120, 255),
}
"""RGB of what else is drawn."""
_SHIFT = 4
_VIEW_MARGIN = 1.12
_FAR_PX = 1e4
_FINE_WIDTH_PX = 800
_TEXT_SIZE = 0.42 / 800


class _View(NamedTuple):
    """A part of a picture, enlarged."""

    corner_px: Floats
    """(2,) its top-left corner in the picture."""
    size_px: Floats
    """(2,) its width and height in the picture."""
    target_px: Floats
    """(2,) width and height that it is enlarged to."""

    def place(self, pixels: Floats) -> Floats:
        """Where pixels (..., 2) of the picture are in the view."""
        scale = self.target_px / self.size_px
        result: Floats = (pixels - self.corner_px + 0.5) * scale - 0.5
        return result


def draw_estimates(
    capture: Capture, estimates: CellEstimates, cell: CellModel, width_px: int
) -> Image:
    """The part of the picture that shows the cells, with every estimated one drawn on it.

    (h, width, 3) RGB with the picture's own proportions; the whole picture where there is no cell.
    """
    T_camera_base = invert(capture.T_base_camera)
    Ts_camera_cell = T_camera_base @ estimates.Ts_base_cell
    ends = np.where(invert(Ts_camera_cell)[:, 2, 3] >= 0, 1, -1).tolist()
    lines = {end: cell_lines(cell, end) for end in (1, -1)}
    drawn = [
        [(line.kind, _pixels(capture, T, line.points)) for line in lines[end]]
        for T, end in zip(Ts_camera_cell, ends, strict=True)
    ]
    view = _view(capture, [pixels for cell_drawn in drawn for _, pixels in cell_drawn], width_px)
    image = _enlarged(capture.image, view)
    for row, cell_drawn in enumerate(drawn):
        colour = STATUS_COLOURS[estimates.status[row]]
        for kind, pixels in cell_drawn:
            _draw_line(image, view.place(pixels), LINE_COLOURS.get(kind, colour), kind)
    for row, cell_drawn in enumerate(drawn):
        outline = view.place(cell_drawn[-1][1])
        if np.isfinite(outline).all() and (np.abs(outline) < _FAR_PX).all():
            colour = STATUS_COLOURS[estimates.status[row]]
            at, angle = label_place(outline)
            write_along(image, label_of(estimates, row), at, angle, colour, _TEXT_SIZE * width_px)
    return image


def label_of(estimates: CellEstimates, row: int) -> str:
    """Polarity with its probability, and the code where it was read."""
    polarity = "?" if estimates.polarity[row] == "unknown" else estimates.polarity[row]
    text = f"{polarity} {estimates.polarity_probability[row]:.2f}"
    return f"{text} {estimates.code[row]}" if estimates.code[row] else text


def _pixels(capture: Capture, T_camera_cell: Floats, points: Floats) -> Floats:
    p_camera = transform(T_camera_cell, points)
    return project(p_camera, capture.calibration.K, capture.calibration.distortion)


def _view(capture: Capture, pixels: list[Floats], width_px: int) -> _View:
    """The smallest part of the picture, in its proportions, that holds the pixels and a margin."""
    whole = np.array([capture.calibration.width_px, capture.calibration.height_px], dtype=float)
    target = np.round(whole * width_px / whole[0])
    points = np.concatenate([np.zeros((0, 2)), *pixels])
    points = points[((points >= 0) & (points < whole)).all(axis=1)]
    if not len(points):
        return _View(np.zeros(2), whole, target)
    low, high = points.min(axis=0), points.max(axis=0)
    share = min(1.0, float(((high - low) / whole).max()) * _VIEW_MARGIN)
    size = np.round(whole * share)
    corner = np.round(np.clip((low + high - size) / 2, 0.0, whole - size))
    return _View(corner, size, target)


def _enlarged(picture: Image, view: _View) -> Image:
    x, y = view.corner_px.astype(int)
    w, h = view.size_px.astype(int)
    target_w, target_h = view.target_px.astype(int).tolist()
    method = cv2.INTER_AREA if target_w < w else cv2.INTER_CUBIC
    part = cv2.resize(picture[y : y + h, x : x + w], (target_w, target_h), interpolation=method)
    return np.ascontiguousarray(part, dtype=np.uint8)


def _draw_line(image: Image, pixels: Floats, colour: Colour, kind: str) -> None:
    if not (np.abs(pixels) < _FAR_PX).all():
        return
    thick = max(1, round(image.shape[1] / _FINE_WIDTH_PX)) * (2 if kind == "outline" else 1)
    points = np.round(pixels * 2**_SHIFT).astype(np.int32).reshape(-1, 1, 2)
    if kind == "outline":
        cv2.polylines(image, [points], False, (0, 0, 0), thick + 2, cv2.LINE_AA, _SHIFT)
    cv2.polylines(image, [points], False, colour, thick, cv2.LINE_AA, _SHIFT)
