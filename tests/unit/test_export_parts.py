"""The parts of a BOP export by themselves: run lengths, depth steps, models, results."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import open3d as o3d
import pytest
from pycocotools import mask as coco_mask

from cellpick.export import (
    result_lines,
    results_name,
    results_text,
)
from cellpick.export.coco import box_of, run_lengths
from cellpick.export.images import depth_png, depth_scale_mm, depth_steps
from cellpick.export.models import diameter, model_ply, models_info
from cellpick.geometry import perturb
from cellpick.scene import data_folder, load_cell
from cellpick.structures import CellEstimates, Symmetry

CELL = load_cell(data_folder("models") / "cells" / "prismatic_148x26x91.yaml")
ROUND = load_cell(data_folder("models") / "cells" / "cylindrical_21700.yaml")
PYCOCOTOOLS = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"


@pytest.mark.filterwarnings(PYCOCOTOOLS)
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (7, 1), (1, 9), (13, 17)])
def test_run_lengths_decode_to_the_mask(shape, share):
    rng = np.random.default_rng(5)
    for _ in range(10):
        mask = rng.random(shape) < share
        code = run_lengths(mask)
        assert json.loads(json.dumps(code)) == code
        packed = coco_mask.frPyObjects(code, *shape)
        assert (coco_mask.decode(packed).astype(bool) == mask).all()
        assert coco_mask.area(packed) == mask.sum()
        if mask.any():
            assert box_of(mask) == coco_mask.toBbox(packed).tolist()


@pytest.mark.parametrize(
    ("far_m", "scale"),
    [(0.6, 0.01), (0.65535, 0.01), (0.656, 0.02), (1.1, 0.02), (4.0, 0.1), (99, 1)],
)
def test_depth_has_the_finest_step_that_reaches_far_enough(far_m, scale):
    assert depth_scale_mm(far_m) == scale


def test_depth_without_a_value_in_range_is_zero():
    depth = np.array([[np.nan, np.inf, -np.inf, -0.1, 0.0, 9e-6, 1.1e-5, 1.0, 1.3107, 1.31072]])
    steps = depth_steps(depth.astype(np.float32), 0.02)
    assert steps.dtype == np.uint16
    assert steps.tolist() == [[0, 0, 0, 0, 0, 0, 1, 50000, 65535, 0]]
    assert depth_png(steps)[24] == 16  # PNG's bit depth


@pytest.mark.parametrize("cell", [CELL, ROUND], ids=lambda cell: cell.shape)
def test_the_model_is_the_cell_in_millimetres_with_outward_triangles(cell, tmp_path):
    (tmp_path / "m.ply").write_bytes(model_ply(cell))
    mesh = o3d.io.read_triangle_mesh(str(tmp_path / "m.ply"))
    points, info = np.asarray(mesh.vertices), models_info(cell)["1"]
    low, high = points.min(axis=0), points.max(axis=0)
    raised = max([f.height_m for f in cell.features if f.face == "+z"], default=0.0)
    half = cell.size_m / 2 * 1e3
    np.testing.assert_allclose(low, -half, rtol=1e-3)
    half[2] += raised * 1e3
    np.testing.assert_allclose(high, half, rtol=1e-3)
    np.testing.assert_allclose([info[f"min_{a}"] for a in "xyz"], low, atol=1e-5)
    np.testing.assert_allclose([info[f"size_{a}"] for a in "xyz"], high - low, atol=1e-5)
    normals = np.asarray(mesh.vertex_normals)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    mesh.compute_triangle_normals()
    along = (np.asarray(mesh.triangle_normals)[:, None] * normals[np.asarray(mesh.triangles)]).sum(
        -1
    )
    assert (along > 0.5).all()


def test_the_diameter_is_the_largest_distance_of_two_points():
    points = np.random.default_rng(2).standard_normal((1500, 3))
    points[7], points[1400] = [9, 0, 0], [-9, 1, 0]
    assert diameter(points) == pytest.approx(np.hypot(18, 1))
    assert models_info(CELL)["1"]["diameter"] > np.linalg.norm(CELL.size_m[:2]) * 1e3


def test_only_declared_symmetries_are_written():
    x, z = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
    polar = models_info(replace(CELL, symmetries=()))["1"]
    assert not [key for key in polar if key.startswith("symmetries")]
    assert models_info(CELL)["1"] == polar
    free = models_info(ROUND)["1"]
    assert free["symmetries_continuous"] == [{"axis": [0, 0, 1], "offset": [0, 0, 0]}]
    assert "symmetries_discrete" not in free
    for turns, count in (([Symmetry(z, 4)], 3), ([Symmetry(z, 2), Symmetry(x, 2)], 3)):
        found = models_info(replace(CELL, symmetries=tuple(turns)))["1"]["symmetries_discrete"]
        matrices = np.reshape(found, (-1, 4, 4))
        assert len(found) == count
        assert all(len(entry) == 16 for entry in found)
        for T in matrices:
            power = np.linalg.matrix_power(T, 4)
            np.testing.assert_allclose(power, np.eye(4), atol=1e-12)
            assert np.abs(T - np.eye(4)).max() > 0.5
    assert models_info(replace(CELL, symmetries=(Symmetry(z, 1),)))["1"] == polar


def estimates_of(Ts, score=0.5, probability=0.9):
    n = len(Ts)
    return CellEstimates(
        cell="c",
        Ts_base_cell=Ts,
        covariance=np.zeros((n, 6, 6)),
        polarity=("+x",) * n,
        polarity_probability=np.full(n, probability),
        code=("",) * n,
        status=("ok",) * n,
        reason=("",) * n,
        score=np.full(n, score),
    )


def test_results_are_the_poses_in_the_cameras_frame():
    rng = np.random.default_rng(4)
    T_base_camera, *Ts = perturb(np.eye(4), rng.standard_normal((5, 6)))
    lines = result_lines(7, estimates_of(np.stack(Ts)), T_base_camera, 0.25)
    table = results_text(lines).splitlines()
    assert table[0] == "scene_id,im_id,obj_id,score,R,t,time"
    assert len(table) == 5
    for line, T in zip(table[1:], Ts, strict=True):
        scene_id, im_id, obj_id, score, R, t, time = line.split(",")
        assert (int(scene_id), int(im_id), int(obj_id)) == (7, 0, 1)
        assert float(score) == pytest.approx(0.45)
        assert float(time) == 0.25
        T_camera_cell = np.linalg.inv(T_base_camera) @ T
        R, t = np.reshape([float(x) for x in R.split()], (3, 3)), [float(x) for x in t.split()]
        np.testing.assert_allclose(R, T_camera_cell[:3, :3], atol=1e-12)
        np.testing.assert_allclose(t, T_camera_cell[:3, 3] * 1e3, atol=1e-9)


def test_no_estimates_and_no_time_are_legal():
    assert results_text(result_lines(0, estimates_of(np.zeros((0, 4, 4))), np.eye(4), 1.0)) == (
        "scene_id,im_id,obj_id,score,R,t,time\n"
    )
    assert result_lines(0, estimates_of(np.eye(4)[None]), np.eye(4), -1.0)[0].endswith(",-1")


def test_a_results_file_is_named_as_the_toolkit_reads_it():
    name = results_name("cells", "test")
    method, rest = name.removesuffix(".csv").split("_")
    assert (method, *rest.split("-")) == ("cellpick", "cells", "test")
