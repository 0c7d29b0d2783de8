"""The ChArUco board: where its corners are, and the black rectangles to print.

Board frame: origin in the middle, x to the right and y up as one looks at the print, +z out of it.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats
from cellpick.structures import CalibrationBoard

FIRST_MARK = 50
"""Number of the board's first mark: the numbers below belong to the station's reference marks."""
DICTIONARY = cv2.aruco.DICT_4X4_100
MARK_CELLS = 6
"""Cells along a mark's side: four of its code and its black border."""


def check_board(board: CalibrationBoard) -> None:
    """Raises `InputError` for a board that nobody could print."""
    marks = board.columns * board.rows // 2
    if board.columns < 3 or board.rows < 3 or marks > 100 - FIRST_MARK:
        raise InputError(
            "the board has too few or too many squares",
            key="board",
            got=f"{board.columns} x {board.rows}",
            accepted=f"at least 3 x 3, and at most {100 - FIRST_MARK} marks, one a white square",
        )
    if not 0 < board.marker_m < board.square_m < 1:
        raise InputError(
            "the board's sizes do not fit",
            key="board",
            got=f"square {board.square_m} m, mark {board.marker_m} m",
            accepted="metres, with 0 < mark < square < 1",
        )


def corner_points(board: CalibrationBoard) -> Floats:
    """(n, 3) inner corners in the board frame, row by row from the top left."""
    x = (np.arange(1, board.columns) - board.columns / 2) * board.square_m
    y = (board.rows / 2 - np.arange(1, board.rows)) * board.square_m
    grid = np.stack(np.broadcast_arrays(x[None, :], y[:, None], 0.0), axis=-1)
    return grid.reshape(-1, 3)


def black_rectangles(board: CalibrationBoard) -> Floats:
    """(n, 4) x0, y0, x1, y1 of all that is black, in the board frame; none overlap."""
    check_board(board)
    s, columns, rows = board.square_m, board.columns, board.rows
    rects, number = [], FIRST_MARK
    for row in range(rows):
        for column in range(columns):
            left, top = (column - columns / 2) * s, (rows / 2 - row) * s
            if (row + column) % 2 == 0:
                rects.append(np.array([[left, top - s, left + s, top]]))
                continue
            margin = (s - board.marker_m) / 2
            origin = np.array([left + margin, top - margin, left + margin, top - margin])
            rects.append(origin + board.marker_m * _mark(number))
            number += 1
    return np.concatenate(rects)


@cache
def detector(board: CalibrationBoard) -> cv2.aruco.CharucoDetector:
    """OpenCV's detector of this board."""
    check_board(board)
    dictionary = cv2.aruco.getPredefinedDictionary(DICTIONARY)
    numbers = FIRST_MARK + np.arange(board.columns * board.rows // 2)
    model = cv2.aruco.CharucoBoard(
        (board.columns, board.rows), board.square_m, board.marker_m, dictionary, numbers
    )
    return cv2.aruco.CharucoDetector(model)


@cache
def _mark(number: int) -> Floats:
    """(n, 4) black rectangles of a mark of side 1 whose top left corner is the origin."""
    dictionary = cv2.aruco.getPredefinedDictionary(DICTIONARY)
    black = cv2.aruco.generateImageMarker(dictionary, number, MARK_CELLS) == 0
    rects = []
    for row, cells in enumerate(black):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], cells, [0]]).astype(int)))
        for start, stop in edges.reshape(-1, 2):
            rects.append([start, -(row + 1), stop, -row])
    return np.array(rects, dtype=np.float64) / MARK_CELLS
