"""A written data set, read by other tools: pycocotools, Open3D, and plain projection."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace

import numpy as np
import open3d as o3d
import pytest
from export_stage import Scene, exported, small_look, small_models
from pycocotools.coco import COCO

SUFFIXES = ("cam0", "cam1")
CELLS = 4
STEP_MM = 0.02
"""The finest step that reaches the 3D camera's 1.1 m in 16 bit."""
RIM_PX = 2
"""Pixels on a silhouette's rim that two ray casts may see differently."""

PYCOCOTOOLS = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
"""What pycocotools 2.0.11 does under NumPy 2."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two looks; the cameras stand so close that cells reach beyond the images."""
    folder = tmp_path_factory.mktemp("bop")
    models = small_models(folder, scene="prismatic_tray", fov_deg=12.0)
    return exported(folder / "set", models, small_look(models, 0), small_look(models, 1))


@pytest.fixture(scope="module", params=SUFFIXES)
def scene(root, request):
    return Scene(root / "test" / "000000", request.param)


@pytest.fixture(scope="module")
def model(root):
    """The model as Open3D reads it, in millimetres."""
    return o3d.io.read_triangle_mesh(str(root / "models" / "obj_000001.ply"))


def coco_of(scene):
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(scene.folder / f"scene_gt_coco_{scene.suffix}.json"))


def caster(model, R, t):
    placed = o3d.geometry.TriangleMesh(model).rotate(R, center=(0, 0, 0)).translate(t)
    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(o3d.t.geometry.TriangleMesh.from_legacy(placed))
    return scene


def cast(scene, K, size, corner=(0, 0)):
    """(h, w) depth of the nearest hit by plain pinhole rays; infinite for none."""
    v, u = np.mgrid[: size[0], : size[1]]
    x, y = (u + corner[0] - K[0, 2]) / K[0, 0], (v + corner[1] - K[1, 2]) / K[1, 1]
    rays = np.stack([*np.zeros((3, *size)), x, y, np.ones(size)], axis=-1).astype(np.float32)
    return scene.cast_rays(o3d.core.Tensor(rays))["t_hit"].numpy()


def test_the_folder_has_the_files_of_a_data_set_of_two_sensors(root):
    names = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    wanted = {
        *("camera.json", "camera_cam0.json", "camera_cam1.json"),
        *("dataset_info.json", "dataset_info.md"),
        *("models/models_info.json", "models/obj_000001.ply"),
        *("test_targets_bop19.json", "test_targets_bop24.json"),
    }
    for seed in ("000000", "000001"):
        for cam in SUFFIXES:
            kinds = ("camera", "gt", "gt_info", "gt_coco")
            wanted |= {f"test/{seed}/scene_{kind}_{cam}.json" for kind in kinds}
            wanted.add(f"test/{seed}/rgb_{cam}/000000.png")
            for kind in ("mask", "mask_visib"):
                wanted |= {f"test/{seed}/{kind}_{cam}/000000_{i:06d}.png" for i in range(CELLS)}
        wanted.add(f"test/{seed}/depth_cam0/000000.png")
    assert names == wanted


@pytest.mark.filterwarnings(PYCOCOTOOLS)
def test_pycocotools_decodes_the_written_masks(scene):
    coco = coco_of(scene)
    (image,) = coco.loadImgs(coco.getImgIds())
    assert (scene.folder / image["file_name"]).is_file()
    assert scene.picture("rgb").shape == (image["height"], image["width"], 3)
    assert coco.getCatIds() == [1]
    seen = [i for i in range(CELLS) if scene.mask("mask_visib", i).any()]
    annotations = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
    assert len(annotations) == len(seen) > 0
    for annotation, cell in zip(annotations, seen, strict=True):
        visible, whole = scene.mask("mask_visib", cell), scene.mask("mask", cell)
        assert (coco.annToMask(annotation).astype(bool) == visible).all()
        assert annotation["area"] == visible.sum()
        x, y, w, h = annotation["bbox"]
        inside = np.zeros_like(whole)
        inside[y : y + h, x : x + w] = True
        assert not whole[~inside].any()
        assert whole[y].any()
        assert whole[y + h - 1].any()
        assert whole[:, x].any()
        assert whole[:, x + w - 1].any()
        assert annotation["iscrowd"] == 0
        assert annotation["ignore"] == (scene.info["0"][cell]["visib_fract"] < 0.1)


def test_the_model_drawn_at_the_written_pose_is_the_mask(scene, model):
    for cell in range(CELLS):
        R, t = scene.pose(cell)
        whole = scene.mask("mask", cell)
        drawn = np.isfinite(cast(caster(model, R, t), scene.K, whole.shape))
        assert (drawn != whole).sum() <= RIM_PX
        for wrong_R, wrong_t in ((R.T, t), (R, t / 1000), (R.T, -R.T @ t), (R, t * [1, -1, 1])):
            drawn = np.isfinite(cast(caster(model, wrong_R, wrong_t), scene.K, whole.shape))
            assert (drawn != whole).sum() > 50 * RIM_PX


def test_a_cell_is_visible_where_no_other_is_nearer(scene, model):
    shape = scene.mask("mask", 0).shape
    depths = np.stack([cast(caster(model, *scene.pose(i)), scene.K, shape) for i in range(CELLS)])
    for cell in range(CELLS):
        visible, whole = scene.mask("mask_visib", cell), scene.mask("mask", cell)
        assert not (visible & ~whole).any()
        assert (depths[cell] <= depths.min(axis=0) + 0.01)[
            visible & np.isfinite(depths[cell])
        ].all()
    together = sum(scene.mask("mask_visib", i).astype(int) for i in range(CELLS))
    assert together.max() == 1


def distances_mm(scene, model, cell, R, t, K):
    """Of the visible depth readings, taken into the model's frame, from the model's surface."""
    depth, visible = scene.depth_mm(), scene.mask("mask_visib", cell)
    v, u = np.nonzero(visible & (depth > 0))
    rays = np.stack([(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], np.ones(len(u))], axis=-1)
    points = ((rays * depth[v, u, None]) - t) @ R
    surface = caster(model, np.eye(3), np.zeros(3))
    return surface.compute_distance(o3d.core.Tensor(points.astype(np.float32))).numpy()


def test_depth_is_that_of_the_model_at_the_written_pose(root, model):
    scene = Scene(root / "test" / "000000", "cam0")
    assert scene.camera["0"]["depth_scale"] == STEP_MM
    for cell in range(CELLS):
        visible, depth = scene.mask("mask_visib", cell), scene.depth_mm()
        drawn = cast(caster(model, *scene.pose(cell)), scene.K, depth.shape)
        read = visible & (depth > 0) & np.isfinite(drawn)
        assert read.sum() > 500
        assert np.abs(depth - drawn)[read].max() < 0.51 * STEP_MM


def test_depth_taken_back_into_the_model_lies_on_its_surface(root, model):
    scene = Scene(root / "test" / "000000", "cam0")
    for cell in range(CELLS):
        R, t = scene.pose(cell)
        assert distances_mm(scene, model, cell, R, t, scene.K).max() < 0.2
        shifted = scene.K + np.array([[0, 0, 6.0], [0, 0, 0], [0, 0, 0]])
        for wrong in ((R.T, t, scene.K), (R, t / 1000, scene.K), (R, t, shifted)):
            assert distances_mm(scene, model, cell, *wrong).max() > 1


def test_counts_and_boxes_are_bops(scene, model):
    h, w = scene.mask("mask", 0).shape
    readings = scene.depth_mm() > 0 if scene.suffix == "cam0" else np.zeros((h, w), bool)
    truncated = 0
    for cell, info in enumerate(scene.info["0"]):
        whole, visible = scene.mask("mask", cell), scene.mask("mask_visib", cell)
        canvas = np.isfinite(
            cast(caster(model, *scene.pose(cell)), scene.K, (3 * h, 3 * w), (-w, -h))
        )
        truncated += canvas.sum() > whole.sum() + RIM_PX
        assert abs(info["px_count_all"] - int(canvas.sum())) <= RIM_PX
        assert info["px_count_visib"] == visible.sum()
        assert info["px_count_valid"] == (whole & readings).sum()
        assert info["visib_fract"] == info["px_count_visib"] / info["px_count_all"]
        v, u = np.nonzero(canvas)
        box = [u.min() - w, v.min() - h, np.ptp(u), np.ptp(v)]
        assert np.abs(np.subtract(info["bbox_obj"], box)).max() <= 1
        v, u = np.nonzero(visible)
        assert info["bbox_visib"] == [u.min(), v.min(), np.ptp(u), np.ptp(v)]
    assert truncated > 0


def test_world_to_camera_is_the_same_world_for_all_cameras(root):
    found = []
    for suffix in SUFFIXES:
        scene = Scene(root / "test" / "000000", suffix)
        R_w2c = np.reshape(scene.camera["0"]["cam_R_w2c"], (3, 3))
        t_w2c = np.array(scene.camera["0"]["cam_t_w2c"])
        found.append(
            [(R_w2c.T @ R, R_w2c.T @ (t - t_w2c)) for R, t in map(scene.pose, range(CELLS))]
        )
    for (R, t), (S, s) in zip(*found, strict=True):
        np.testing.assert_allclose(R, S, atol=1e-9)
        np.testing.assert_allclose(t, s, atol=1e-6)


def test_targets_are_the_cells_that_the_target_camera_sees(root):
    targets = json.loads((root / "test_targets_bop19.json").read_text())
    images = json.loads((root / "test_targets_bop24.json").read_text())
    assert [t["scene_id"] for t in targets] == [0, 1]
    for target in targets:
        info = Scene(root / "test" / f"{target['scene_id']:06d}", "cam0").info["0"]
        assert target["inst_count"] == sum(i["visib_fract"] >= 0.1 for i in info)
        assert (target["im_id"], target["obj_id"]) == (0, 1)
    assert images == [{"im_id": t["im_id"], "scene_id": t["scene_id"]} for t in targets]


def test_root_camera_files_say_what_the_scenes_say(root):
    for suffix in SUFFIXES:
        entry = Scene(root / "test" / "000001", suffix).camera["0"]
        file = json.loads((root / f"camera_{suffix}.json").read_text())
        K = [file["fx"], 0, file["cx"], 0, file["fy"], file["cy"], 0, 0, 1]
        assert entry["cam_K"] == K
        assert file.get("depth_scale") == entry.get("depth_scale")
    assert ("depth_scale" in entry) is False
    assert (root / "camera.json").read_text() == (root / "camera_cam0.json").read_text()


@pytest.mark.parametrize("fault", ["dead", "stale"])
def test_a_camera_without_a_picture_of_the_look_has_no_entries(tmp_path, fault):
    models = small_models(tmp_path)
    look = small_look(models)
    first, second = look.captures.captures
    kept = (first,) if fault == "dead" else (first, replace(second, time_s=-1.0))
    look.captures = replace(look.captures, captures=kept)
    exported(tmp_path / "set", models, look)
    folder = tmp_path / "set" / "test" / "000000"
    for kind in ("camera", "gt", "gt_info"):
        assert json.loads((folder / f"scene_{kind}_cam1.json").read_text()) == {}
        assert "0" in json.loads((folder / f"scene_{kind}_cam0.json").read_text())
    coco = json.loads((folder / "scene_gt_coco_cam1.json").read_text())
    assert (coco["images"], coco["annotations"]) == ([], [])
    assert not list(folder.glob("*_cam1"))


def test_a_look_without_cells_is_legal(tmp_path):
    models = small_models(tmp_path)
    look = small_look(models)
    look.state = replace(look.state, Ts_world_cell=np.zeros((0, 4, 4)), serials=())
    exported(tmp_path / "set", models, look)
    scene = Scene(tmp_path / "set" / "test" / "000000", "cam0")
    assert (scene.gt, scene.info) == ({"0": []}, {"0": []})
    assert json.loads((tmp_path / "set" / "test_targets_bop19.json").read_text()) == []


def test_the_same_look_gives_the_same_bytes(tmp_path):
    models = small_models(tmp_path)
    roots = [exported(tmp_path / name / "set", models, small_look(models, 3)) for name in "ab"]
    files = [{p.relative_to(r): p.read_bytes() for p in r.rglob("*") if p.is_file()} for r in roots]
    assert files[0] == files[1]
