"""Where one picture shows the reference marks: first where the believed camera would see them, then
round there, and in the whole picture only where most of them are at neither."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert, project, transform
from cellpick.structures import Capture, ReferenceMark

DICTIONARY = cv2.aruco.DICT_4X4_50
"""The marks' dictionary."""
SQUARES = 6
"""Squares along a mark's side, its black border included: a square of white lies round it."""
CLEAR_LEVELS, CLEAR_SHARE = 4.0, 0.25
"""Every white square of a mark at its place is brighter than every black one by so many levels and
by this share."""
ROUND_SIDES = 1.0
"""A mark that is not at its place is looked for so many of its sides round it."""
MOST_ELSEWHERE = 0.5
"""Share of the expected marks that may be missing at their places and round them before the whole
picture is searched: the others then show that the camera is where it is believed."""


def find_marks(
    capture: Capture, marks: Sequence[ReferenceMark], expected: Sequence[int]
) -> tuple[NDArray[np.int64], Floats]:
    """Numbers (m,), rising, and corners (m, 4, 2) in pixels, off by a few pixels, of the marks that
    the picture shows; `expected` are the numbers of those that the believed camera shows whole."""
    number = np.array([mark.number for mark in marks], np.int64)
    corners = believed_corners(capture, marks)
    size = np.array([capture.calibration.width_px, capture.calibration.height_px])
    with np.errstate(invalid="ignore"):
        middle = corners.mean(axis=1)
        within = ((middle >= 0) & (middle <= size - 1)).all(axis=1)
    found = within & shows(capture, marks)
    for row in np.flatnonzero(within & ~found):
        near = _round(capture, corners[row], int(number[row]))
        if near.size:
            corners[row], found[row] = near, True
    missing = np.isin(expected, number[~found]).sum()
    if missing > MOST_ELSEWHERE * len(expected):
        return _everywhere(capture, number)
    rows = np.flatnonzero(found)
    rows = rows[np.argsort(number[rows])]
    return number[rows], corners[rows]


def believed_corners(capture: Capture, marks: Sequence[ReferenceMark], squares: int = 6) -> Floats:
    """(m, 4, 2) pixels of the corners of squares about the marks, `squares` of theirs a side,
    clockwise from the print's top left; NaN behind the camera."""
    half = np.array([mark.side_m for mark in marks]).reshape(-1, 1, 1) / 2 * squares / SQUARES
    square = np.array([[-1.0, 1, 0], [1, 1, 0], [1, -1, 0], [-1, -1, 0]])
    return _pixels(capture, marks, half * square)


def shows(capture: Capture, marks: Sequence[ReferenceMark]) -> NDArray[np.bool_]:
    """(m,) whether each mark's pattern stands where the believed camera would see it."""
    if not marks:
        return np.zeros(0, np.bool_)
    dictionary = cv2.aruco.getPredefinedDictionary(DICTIONARY)
    white = np.array(
        [cv2.aruco.generateImageMarker(dictionary, m.number, SQUARES).ravel() > 0 for m in marks]
    )
    step = (np.arange(SQUARES) + 0.5) / SQUARES - 0.5
    x, y = np.meshgrid(step, -step)
    middles = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=-1)
    side = np.array([mark.side_m for mark in marks]).reshape(-1, 1, 1)
    at = _pixels(capture, marks, side * middles).astype(np.float32)
    seen = np.isfinite(at).all(axis=(1, 2))
    at[~seen] = -2.0
    colour = cv2.remap(capture.image, at[..., 0], at[..., 1], cv2.INTER_LINEAR)
    grey = colour.mean(axis=2)
    darkest, brightest = (
        np.where(white, grey, np.inf).min(axis=1),
        np.where(white, -np.inf, grey).max(axis=1),
    )
    result: NDArray[np.bool_] = darkest > (1 + CLEAR_SHARE) * brightest + CLEAR_LEVELS
    return seen & result


def _pixels(capture: Capture, marks: Sequence[ReferenceMark], p_mark: Floats) -> Floats:
    """(m, k, 2) pixels of points (m, k, 3) in the frames of m marks."""
    belief = capture.calibration
    Ts = invert(capture.T_base_camera) @ np.array([m.T_base_mark for m in marks]).reshape(-1, 4, 4)
    return project(transform(Ts, p_mark), belief.K, belief.distortion)


def _round(capture: Capture, corners_px: Floats, number: int) -> Floats:
    """(4, 2) corners of a mark found near where it is believed; none (0, 2) where it is not."""
    low, high = corners_px.min(axis=0), corners_px.max(axis=0)
    reach = ROUND_SIDES * (high - low)
    size = np.array([capture.calibration.width_px, capture.calibration.height_px])
    u0, v0 = np.clip(np.floor(low - reach), 0, size - 1).astype(int)
    u1, v1 = np.clip(np.ceil(high + reach) + 1, 1, size).astype(int)
    numbers, corners = _detected(capture.image[v0:v1, u0:u1])
    mine = np.flatnonzero(numbers == number)
    return corners[mine[0]] + [u0, v0] if len(mine) == 1 else np.zeros((0, 2))


def _everywhere(capture: Capture, wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
    """Numbers and corners of the wanted marks in the whole picture; one shown twice is none."""
    numbers, corners = _detected(capture.image)
    once = [k for k, n in enumerate(numbers) if n in wanted and (numbers == n).sum() == 1]
    once.sort(key=lambda k: int(numbers[k]))
    return numbers[once], corners[once]


def _detected(image: NDArray[np.uint8]) -> tuple[NDArray[np.int64], Floats]:
    """Numbers (k,) and corners (k, 4, 2) of all marks that OpenCV finds."""
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(DICTIONARY))
    quads, ids, _ = detector.detectMarkers(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    numbers = np.zeros(0, np.int64) if ids is None else ids.ravel().astype(np.int64)
    return numbers, np.array(quads, np.float64).reshape(-1, 4, 2)
