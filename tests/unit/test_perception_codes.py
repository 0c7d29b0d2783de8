"""Codes are read from the cameras that can show them, and only from those that can be trusted."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import zxingcpp

from cellpick.geometry import exp_rotation, invert, pose, project, transform
from cellpick.perception import with_codes
from cellpick.perception.read_codes import (
    FEWEST_MODULES,
    LEAST_MODULE_PX,
    PIXELS,
    density_px,
    raster,
    read_codes,
)
from cellpick.scene import data_folder, load_cell, load_materials
from cellpick.structures import (
    CameraCalibration,
    CameraStatus,
    Capture,
    CaptureSet,
    CellEstimates,
    SearchTask,
)

CELL = load_cell(data_folder("models") / "cells" / "prismatic_148x26x91.yaml")
CODE = next(f for f in CELL.features if f.kind == "code")
TEXTS = ("AB12CD", "7XK9QZ", "PW44TM")
UP = np.array([0.0, 0.0, 1.0])
TURN = exp_rotation(np.array([0.0, 0.0, 0.3]))
T_CELLS = pose(
    np.stack([np.eye(3), TURN, np.eye(3)]),
    np.array([[0.02, -0.04, 0.0], [0.0, 0.0, 0.0], [0.03, 0.04, 0.0]]),
)


def printed(text):
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)
    image = np.array(zxingcpp.write_barcode_to_image(code, scale=1, add_quiet_zones=False))
    return np.pad(image, 1, constant_values=255).astype(np.uint8)


def capture(name, focal_px, tilt=0.0, texts=TEXTS):
    """A camera over the cells, with their codes painted in."""
    K = np.array([[focal_px, 0, 319.5], [0, focal_px, 239.5], [0, 0, 1]])
    R = np.diag([1.0, -1, -1]) @ exp_rotation(np.array([tilt, 0, 0]))
    T = pose(R, np.array([0.0, 0.0, 0.045]) - 0.5 * R[:, 2])
    belief = CameraCalibration(name, 640, 480, K, np.zeros(5), "base", T, 1e-4, 1e-4, 0.1, 0.0, 0.6)
    image = np.full((480, 640, 3), 90, np.uint8)
    half = CODE.size_m.max() / 2
    corners = np.array([[-half, half], [half, half], [half, -half], [-half, -half]])
    square = np.column_stack([CODE.center_m + corners, np.full(4, CELL.height_m / 2)])
    for T_cell, text in zip(T_CELLS, texts, strict=True):
        if text:
            code = cv2.resize(printed(text), (420, 420), interpolation=cv2.INTER_NEAREST)
            frame = np.array([[0, 0], [420, 0], [420, 420], [0, 420]], np.float32) - 0.5
            pixels = project(transform(invert(T) @ T_cell, square), K, np.zeros(5))
            H = cv2.getPerspectiveTransform(frame, pixels.astype(np.float32))
            painted = cv2.warpPerspective(code, H, (640, 480), flags=cv2.INTER_AREA)
            inside = cv2.warpPerspective(np.full_like(code, 255), H, (640, 480)) > 128
            image[inside] = painted[inside][:, None]
    image = cv2.GaussianBlur(image, (0, 0), 0.6)
    return Capture(belief, image, None, 0.0, np.eye(4))


def estimates(verdicts):
    n = len(T_CELLS)
    return CellEstimates(
        CELL.name,
        T_CELLS,
        np.tile(1e-8 * np.eye(6), (n, 1, 1)),
        ("+x",) * n,
        np.ones(n),
        ("",) * n,
        ("ok",) * n,
        ("",) * n,
        np.ones(n),
        cameras=tuple(CameraStatus(name, verdict, "") for name, verdict in verdicts.items()),
    )


def look(*captures):
    materials = load_materials(data_folder("models") / "materials.yaml")
    task = SearchTask(CELL, materials, np.eye(4), np.array([0.3, 0.3, 0.1]), 0.99)
    return CaptureSet(captures, task)


def test_each_cells_own_code_is_read():
    assert read_codes(T_CELLS, CELL, [capture("a", 1800.0)], UP) == TEXTS
    assert read_codes(T_CELLS, CELL, [capture("a", 1800.0, 0.4)], UP) == TEXTS


def test_the_next_camera_is_asked_only_for_what_the_first_does_not_show():
    sharp, other = capture("a", 1900.0, 0, ("AB12CD", "", "")), capture("b", 1500.0)
    for captures in ([sharp, other], [other, sharp]):
        assert read_codes(T_CELLS, CELL, captures, UP) == TEXTS
    misread = capture("b", 1500.0, 0, ("ZZZZZZ", "7XK9QZ", "PW44TM"))
    assert read_codes(T_CELLS, CELL, [misread, sharp], UP) == TEXTS


def test_a_face_that_looks_down_and_a_camera_that_is_too_coarse_show_no_code():
    shot = capture("a", 1800.0)
    assert read_codes(T_CELLS, CELL, [shot], -UP) == ("",) * 3
    assert read_codes(T_CELLS, CELL, [], UP) == ("",) * 3
    assert read_codes(T_CELLS[:0], CELL, [shot], UP) == ()
    limit = FEWEST_MODULES * LEAST_MODULE_PX
    for focal_px in (300.0, 1800.0):
        side_px = density_px(capture("a", focal_px), T_CELLS, CELL, CODE) * CODE.size_m.max()
        assert (side_px > limit).all() == (focal_px == 1800.0)
    assert read_codes(T_CELLS, CELL, [capture("a", 300.0)], UP) == ("",) * 3


def test_density_falls_with_distance_and_slant_and_is_none_behind_the_face():
    straight = density_px(capture("a", 1800.0), T_CELLS[1:2], CELL, CODE)[0]
    assert straight == pytest.approx(1800.0 / 0.5, rel=0.01)
    slanted = density_px(capture("a", 1800.0, 0.5), T_CELLS[1:2], CELL, CODE)[0]
    assert slanted == pytest.approx(np.cos(0.5) * straight, rel=0.03)
    over = T_CELLS[1:2] @ pose(np.diag([1.0, -1, -1]), np.zeros(3))
    assert density_px(capture("a", 1800.0), over, CELL, CODE)[0] == 0
    assert raster(CODE, np.array([1.0])) == PIXELS[0]
    assert raster(CODE, np.array([1e6])) == PIXELS[1]


@pytest.mark.parametrize(
    ("verdict", "read"),
    [("ok", True), ("degraded", True), ("corrected", False), ("distrusted", False)],
)
def test_codes_read_later_come_from_cameras_at_their_places(verdict, read):
    found = with_codes(estimates({"a": verdict}), look(capture("a", 1800.0)))
    assert found.code == (TEXTS if read else ("",) * 3)
    other = replace(estimates({"a": verdict}), code=found.code)
    np.testing.assert_array_equal(found.Ts_base_cell, other.Ts_base_cell)


def test_the_order_of_captures_and_of_cells_does_not_matter():
    a, b = capture("a", 1800.0, 0.1, ("AB12CD", "", "PW44TM")), capture("b", 1800.0, -0.1)
    table = estimates({"a": "ok", "b": "ok"})
    for captures in ((a, b), (b, a)):
        assert with_codes(table, look(*captures)).code == TEXTS
    order = np.array([2, 0, 1])
    turned = with_codes(table.rows(order), look(a, b)).code
    assert turned == tuple(TEXTS[k] for k in order)
