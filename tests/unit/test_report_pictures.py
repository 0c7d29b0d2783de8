"""Overlays: lines where the projection puts them, colours by status, encodings that open again."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest
from grasping_stage import box_cell, changed, estimates, grid, round_cell

from cellpick.errors import UnavailableError
from cellpick.geometry import exp_rotation, invert, pose, project, rotation_z, transform
from cellpick.report import write_overview_png
from cellpick.report.cell_lines import cell_lines
from cellpick.report.overlay import STATUS_COLOURS, draw_estimates, label_of
from cellpick.report.pictures import data_uri
from cellpick.scene import data_folder, load_cell
from cellpick.structures import CameraCalibration, Capture, CaptureSet, SearchTask

DOWN = exp_rotation([np.pi, 0, 0])


def capture(width=640, height=480, focal=800.0, name="cam0", tilt=0.1) -> Capture:
    K = np.array([[focal, 0, width / 2 + 3], [0, focal, height / 2 - 5], [0, 0, 1]])
    distortion = np.array([-0.1, 0.02, 1e-3, -5e-4, 0.0])
    calibration = CameraCalibration(
        name, width, height, K, distortion, "flange", np.eye(4), 1e-4, 3e-4, 0.2, 0.0, 0.6
    )
    T_base_flange = pose(DOWN @ exp_rotation([tilt, 0, 0]), [0.5, -0.15, 0.6])
    image = np.full((height, width, 3), 100, dtype=np.uint8)
    return Capture(calibration, image, None, 0.0, T_base_flange)


def look(*captures: Capture) -> CaptureSet:
    task = SearchTask(box_cell(), {}, np.eye(4), np.ones(3), 0.99)
    return CaptureSet(captures, task)


def top_outline(view: Capture, T_base_cell) -> np.ndarray:
    cell = box_cell()
    x, y, z = cell.size_m / 2
    r = cell.corner_radius_m
    edge = np.linspace([-x + r, y, z], [x - r, y, z], 50)
    p = transform(invert(view.T_base_camera) @ T_base_cell, edge)
    return project(p, view.calibration.K, view.calibration.distortion)


@pytest.mark.parametrize("status", list(STATUS_COLOURS))
def test_outline_lies_where_the_believed_camera_sees_the_edge(status):
    """The picture is drawn whole by a cell so large in it that nothing is cut away."""
    view = capture(focal=2600.0, tilt=0.0)
    table = changed(estimates([pose(np.eye(3), [0.5, -0.15, 0.05])]), 0, status=status)
    image = draw_estimates(view, table, box_cell(), 640)
    assert image.shape == (480, 640, 3)
    pixels = np.round(top_outline(view, table.Ts_base_cell[0])).astype(int)
    u, v = pixels[((pixels >= 2) & (pixels < [638, 478])).all(axis=1)].T
    assert len(u) > 30
    drawn = image[v, u].astype(int)
    assert np.median(np.abs(drawn - STATUS_COLOURS[status]).max(axis=1)) < 60


def test_view_zooms_in_on_the_cells_and_keeps_the_proportions():
    view = capture()
    near = draw_estimates(view, estimates(grid(1, 1, (1, 1), 0.05)), box_cell(), 800)
    whole = draw_estimates(view, estimates(np.zeros((0, 4, 4))), box_cell(), 800)
    assert near.shape == whole.shape == (600, 800, 3)
    assert (whole == 100).all()
    green = (np.abs(near.astype(int) - STATUS_COLOURS["ok"]).max(axis=-1) < 40).any(axis=0)
    span = np.ptp(np.flatnonzero(green))
    assert 0.8 * 800 < span < 800


def test_cells_out_of_sight_behind_or_beside_the_camera_do_no_harm():
    behind = pose(np.eye(3), [0.5, -0.15, 2.0])
    beside = pose(np.eye(3), [9.0, -0.15, 0.05])
    through = pose(np.eye(3), [0.5, -0.15, 0.6])
    image = draw_estimates(capture(), estimates([behind, beside, through]), box_cell(), 320)
    assert image.shape == (240, 320, 3)


def test_the_picture_of_the_capture_is_not_changed():
    view = capture()
    draw_estimates(view, estimates(grid(2, 2, (0.15, 0.03), 0.05)), box_cell(), 640)
    assert (view.image == 100).all()


@pytest.mark.parametrize("end", [1, -1])
@pytest.mark.parametrize("cell", [box_cell(), round_cell()])
def test_lines_lie_on_the_end_that_is_up_and_within_the_case(cell, end):
    lines = cell_lines(cell, end)
    assert lines[-1].kind == "outline"
    outline = lines[-1].points
    assert np.allclose(outline[0], outline[-1])
    assert np.allclose(outline[:, 2], end * cell.height_m / 2)
    assert np.allclose(np.abs(outline[:, :2]).max(axis=0), cell.size_m[:2] / 2)
    if cell.shape == "cylinder":
        assert np.allclose(np.hypot(*outline[:, :2].T), cell.size_m[0] / 2, rtol=2e-3)
    kinds = {line.kind for line in lines}
    assert {"x", "y", "z"} <= kinds
    has_plus = any(
        f.polarity == "+" and f.face == ("+z" if end > 0 else "-z") for f in cell.features
    )
    assert ("positive" in kinds) == has_plus


@pytest.mark.parametrize("end", [1, -1])
def test_terminals_beside_the_case_are_drawn_there(end):
    cell = load_cell(data_folder("models") / "cells" / "blade_965x90x13.yaml")
    plus, minus = (
        next(line.points for line in cell_lines(cell, end) if line.kind == kind)
        for kind in ("positive", "negative")
    )
    half = cell.size_m / 2
    assert np.isclose(plus[:, 0].min(), half[0])
    assert np.isclose(plus[:, 0].max(), half[0] + 0.004)
    assert np.isclose(minus[:, 0].max(), -half[0])
    assert np.isclose(minus[:, 0].min(), -half[0] - 0.004)
    assert np.allclose([np.ptp(plus[:, 1]), np.ptp(minus[:, 1])], 0.009)
    assert np.allclose(plus[:, 2], end * 0.02)


def test_labels():
    table = estimates(grid(1, 2, (0.2, 1), 0.05))
    assert label_of(table, 1) == "+x 1.00 A001"
    unread = changed(changed(table, 0, polarity="unknown", polarity_probability=0.5), 0, code="")
    assert label_of(unread, 0) == "? 0.50"


def test_data_uri_opens_again_as_the_picture():
    image = np.zeros((32, 48, 3), dtype=np.uint8)
    image[:, :24] = [200, 30, 60]
    kind, text = data_uri(image).split(",")
    assert kind == "data:image/jpeg;base64"
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_COLOR)
    assert np.allclose(decoded[16, 8, ::-1].astype(int), [200, 30, 60], atol=12)


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)])
def test_overview_has_two_pictures_a_row(tmp_path, count, rows):
    views = [capture(name=f"cam{i}", tilt=0.05 * i) for i in range(count)]
    path = write_overview_png(tmp_path / "o.png", look(*views), estimates(grid(1, 1, (1, 1), 0.05)))
    picture = cv2.imread(str(path))
    assert picture.shape == (600 * rows, 1600, 3)
    assert (picture[-600:, :800] > 0).any()


def test_overview_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "o.png").mkdir()
    with pytest.raises(UnavailableError, match=r"cannot write .*o\.png"):
        write_overview_png(tmp_path / "o.png", look(capture()), estimates(np.zeros((0, 4, 4))))
    assert [p.name for p in tmp_path.iterdir()] == ["o.png"]


def test_turned_cells_are_drawn_turned():
    turned = estimates(grid(1, 1, (1, 1), 0.05) @ pose(rotation_z(np.pi), np.zeros(3)))
    plain = estimates(grid(1, 1, (1, 1), 0.05))
    one, other = (draw_estimates(capture(), t, box_cell(), 640) for t in (plain, turned))
    assert not np.array_equal(one, other)
