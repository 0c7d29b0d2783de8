"""The board that is printed is the one that OpenCV detects."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from calibration_stage import camera

from cellpick.calibration import black_rectangles, corner_points, find_board
from cellpick.calibration.board import DICTIONARY, FIRST_MARK
from cellpick.errors import InputError
from cellpick.structures import CalibrationBoard, Capture

PX_PER_M = 3000.0


def raster(board):
    """The board's print as an image of 3 pixels a millimetre, drawn from our rectangles."""
    w, h = (round(n * board.square_m * PX_PER_M) for n in (board.columns, board.rows))
    image = np.full((h, w), 255, dtype=np.uint8)
    for x0, y0, x1, y1 in black_rectangles(board):
        u0, u1 = (round(w / 2 + x * PX_PER_M) for x in (x0, x1))
        v0, v1 = (round(h / 2 - y * PX_PER_M) for y in (y1, y0))
        image[v0:v1, u0:u1] = 0
    return image


@pytest.mark.parametrize("size", [(9, 7, 0.030, 0.022), (7, 5, 0.040, 0.030), (6, 4, 0.04, 0.03)])
def test_our_rectangles_are_opencvs_board(size):
    board = CalibrationBoard(*size)
    numbers = FIRST_MARK + np.arange(board.columns * board.rows // 2)
    dictionary = cv2.aruco.getPredefinedDictionary(DICTIONARY)
    theirs = cv2.aruco.CharucoBoard(size[:2], size[2], size[3], dictionary, numbers)
    ours = raster(board)
    drawn = theirs.generateImage(ours.shape[::-1])
    assert (ours != drawn).mean() < 1e-3


def test_rectangles_do_not_overlap_and_are_black_in_number():
    board = CalibrationBoard(9, 7, 0.030, 0.022)
    rects = black_rectangles(board)
    area = ((rects[:, 2] - rects[:, 0]) * (rects[:, 3] - rects[:, 1])).sum()
    assert area * PX_PER_M**2 == pytest.approx((raster(board) == 0).sum(), rel=1e-2)


def test_a_picture_of_the_board_gives_its_corners_and_readings_of_depth():
    board = CalibrationBoard(6, 5, 0.04, 0.03)
    turn, fine = np.radians(7.0), raster(board)
    A = 0.45 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = (np.array(fine.shape[::-1]) - 1) / 2
    M = np.column_stack([A, [320.2, 240.7] - A @ middle])
    # a lens blurs; edges as hard as a raster's shift OpenCV's corners
    soft = cv2.GaussianBlur(fine, (0, 0), 2.0)
    grey = cv2.warpAffine(soft, M, (640, 480), flags=cv2.INTER_AREA, borderValue=255)
    image = np.repeat(grey[..., None], 3, axis=2)
    depth = np.full((480, 640), np.nan, dtype=np.float32)
    depth[:, 300:] = 0.6
    capture = Capture(camera(), image, depth, 0.0, np.eye(4))
    other = replace(camera(), camera="blind")
    blank = Capture(other, np.full_like(image, 90), depth, 0.0, np.eye(4))
    names = ["blind", "silent", capture.calibration.camera]
    found = find_board([blank, capture], 7, board, names)
    assert [(s.camera, s.pose) for s in found] == [(2, 7)]
    assert len(found[0].corners) == 20
    flat = corner_points(board)[found[0].corners, :2] * [PX_PER_M, -PX_PER_M]
    assert np.abs(found[0].pixels - (flat @ A.T + [320.2, 240.7])).max() < 0.15
    assert (found[0].depth_m == np.float32(0.6)).all()
    assert found[0].depth_pixels[:, 0].min() >= 300
    assert found[0].depth_pixels[:, 0].max() <= found[0].pixels[:, 0].max() + 1


@pytest.mark.parametrize(
    ("board", "said"),
    [
        (CalibrationBoard(2, 7, 0.03, 0.02), "too few or too many squares"),
        (CalibrationBoard(20, 7, 0.03, 0.02), "too few or too many squares"),
        (CalibrationBoard(9, 7, 0.03, 0.03), "sizes do not fit"),
        (CalibrationBoard(9, 7, 30.0, 22.0), "metres"),
        (CalibrationBoard(9, 7, 0.03, -0.02), "sizes do not fit"),
    ],
)
def test_a_board_that_nobody_can_print_is_refused(board, said):
    with pytest.raises(InputError, match=said):
        black_rectangles(board)
