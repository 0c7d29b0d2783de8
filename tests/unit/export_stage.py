"""A small station whose looks cost little: few cells, few pixels, a fixed rig, ideal depth."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import yaml

from cellpick.export import BopDataset, pinhole
from cellpick.geometry import invert
from cellpick.scene import data_folder, draw_scene, load_scene, resolve_scene
from cellpick.sensors import CameraRig
from cellpick.structures import SearchTask

CAMERAS = data_folder("models") / "cameras"
OVERRIDES = ("tray.rows=2", "tray.columns=2", "noise.depth=0", "rig.mount=fixed")


def small_scene(folder: Path, scene: str = "cylindrical_tray", fov_deg: float = 20.0) -> Path:
    """A shipped scene under one 3D and one 2D camera, with few pixels behind a longer lens."""
    for name in ("zivid_2plus_m60", "industrial_2d_2mp"):
        camera = yaml.safe_load((CAMERAS / f"{name}.yaml").read_text())
        camera["image"] |= {"subsample": 12, "horizontal_fov_deg": fov_deg}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(camera))
    shipped = yaml.safe_load((data_folder("scenes") / f"{scene}.yaml").read_text())
    shipped["rig"] = {"cameras": ["./zivid_2plus_m60.yaml", "./industrial_2d_2mp.yaml"]}
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(shipped))
    return path


def small_models(folder: Path, *overrides: str, **scene):
    """The scene's models, with lenses that do not distort."""
    path = small_scene(folder, **scene)
    return pinhole(resolve_scene(load_scene(str(path), (*OVERRIDES, *overrides))))


def small_look(models, seed=0):
    """One look without a station: `captures` and `state`, as `look_once` gives them."""
    scene_rng, rig_rng = np.random.default_rng(seed).spawn(2)
    state = draw_scene(models, scene_rng)
    region = invert(state.T_world_base) @ state.T_world_tray
    task = SearchTask(state.cell, state.materials, region, np.full(3, 0.3), 0.99)
    T_base_flange = invert(state.T_world_base) @ state.T_world_flange
    captures = CameraRig(state, rig_rng).look(state, T_base_flange, task)
    return SimpleNamespace(captures=captures, state=state)


def exported(folder: Path, models, *looks, split="test"):
    """A data set in `folder` of looks with the seeds 0, 1 ..."""
    with BopDataset(folder, split, models, "0") as dataset:
        for seed, look in enumerate(looks):
            dataset.add(seed, look.captures, look.state)
    return folder


class Scene:
    """One camera's files of one scene, read as any consumer of BOP would."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self.folder, self.suffix = folder, suffix
        self.camera, self.gt, self.info, self.coco = (
            json.loads((folder / f"scene_{name}_{suffix}.json").read_text())
            for name in ("camera", "gt", "gt_info", "gt_coco")
        )
        self.K = np.reshape(self.camera["0"]["cam_K"], (3, 3))

    def picture(self, kind: str, name: str = "000000") -> np.ndarray:
        path = self.folder / f"{kind}_{self.suffix}" / f"{name}.png"
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert image is not None, path
        return image

    def mask(self, kind: str, cell: int) -> np.ndarray:
        image = self.picture(kind, f"000000_{cell:06d}")
        assert image.dtype == np.uint8
        assert np.isin(image, (0, 255)).all()
        return image > 0

    def depth_mm(self) -> np.ndarray:
        steps = self.picture("depth")
        assert steps.dtype == np.uint16
        return steps * self.camera["0"]["depth_scale"]

    def pose(self, cell: int) -> tuple[np.ndarray, np.ndarray]:
        """R (3, 3) and t (3,) in mm, model to camera."""
        entry = self.gt["0"][cell]
        return np.reshape(entry["cam_R_m2c"], (3, 3)), np.array(entry["cam_t_m2c"])
