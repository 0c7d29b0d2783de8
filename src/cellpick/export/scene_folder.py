"""One look as one BOP scene: a set of files and folders for each camera, told apart by suffix."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellpick.export import coco
from cellpick.export.images import colour_png, depth_png, depth_scale_mm, depth_steps, mask_png
from cellpick.export.models import MM, OBJ_ID
from cellpick.export.visibility import gt_info
from cellpick.geometry import Floats, invert
from cellpick.scene import CameraSpec, SceneState
from cellpick.sensors import Labels, label_look, true_camera_pose
from cellpick.structures import Capture, CaptureSet

IM_ID = 0
"""A scene is one look, so each camera has one picture in it."""


@dataclass(frozen=True)
class SceneWriter:
    """Writes looks of one data set."""

    dataset: str
    """Name of the data set."""
    split: str
    """Name of the split."""

    def write(self, folder: Path, look: CaptureSet, state: SceneState) -> dict[str, list[Any]]:
        """Write the look into `folder`; the `scene_gt_info` of each camera's picture, by suffix.

        A camera that gave no picture of this look, or an old one, has files without entries.
        """
        captures = {
            capture.calibration.camera: capture
            for capture in look.captures
            if capture.time_s >= look.triggered_s
        }
        folder.mkdir(parents=True)
        return {
            f"cam{row}": self._camera(
                folder, f"cam{row}", spec, state, captures.get(spec.name), labels
            )
            for row, (spec, labels) in enumerate(zip(state.cameras, label_look(state), strict=True))
        }

    def _camera(
        self,
        folder: Path,
        suffix: str,
        spec: CameraSpec,
        state: SceneState,
        capture: Capture | None,
        labels: Labels,
    ) -> list[Any]:
        T_camera_world = invert(true_camera_pose(state, spec))
        infos: list[Any] = []
        images: list[Any] = []
        annotations: list[Any] = []
        if capture is not None:
            has_depth = _write_pictures(folder, suffix, spec, capture)
            infos = [gt_info(labels, i, has_depth) for i in range(len(labels.silhouettes))]
            file_name = f"rgb_{suffix}/{IM_ID:06d}.png"
            images = [coco.image_entry(IM_ID, file_name, labels.cells.shape)]
            annotations = _write_masks(folder, suffix, labels, infos)
        poses = [_pose_entry(T) for T in T_camera_world @ state.Ts_world_cell]
        camera = camera_entry(spec) | _named_pose("w2c", T_camera_world)
        names = {"camera": camera, "gt": poses, "gt_info": infos}
        for name, content in names.items():
            entries = {} if capture is None else {str(IM_ID): content}
            _write_json(folder / f"scene_{name}_{suffix}.json", entries)
        text = coco.document(self.dataset, self.split, OBJ_ID, images, annotations)
        _write_json(folder / f"scene_gt_coco_{suffix}.json", text)
        return infos


def camera_entry(spec: CameraSpec) -> dict[str, Any]:
    """Matrix and, for a 3D camera, the step of its depth images, as in `scene_camera`."""
    entry: dict[str, Any] = {"cam_K": spec.K.ravel().tolist()}
    if spec.depth is not None:
        entry["depth_scale"] = depth_scale_mm(spec.depth.far_m)
    return entry


def _write_pictures(
    folder: Path, suffix: str, spec: CameraSpec, capture: Capture
) -> NDArray[np.bool_] | None:
    """Image and depth; where (h, w) there is a reading, None from a 2D camera."""
    _write(folder / f"rgb_{suffix}" / f"{IM_ID:06d}.png", colour_png(capture.image))
    if spec.depth is None or capture.depth is None:
        return None
    steps = depth_steps(capture.depth, depth_scale_mm(spec.depth.far_m))
    _write(folder / f"depth_{suffix}" / f"{IM_ID:06d}.png", depth_png(steps))
    return steps > 0


def _write_masks(folder: Path, suffix: str, labels: Labels, infos: list[Any]) -> list[Any]:
    """Masks of every cell; the COCO annotations of those that are visible."""
    annotations: list[Any] = []
    for row, (silhouette, info) in enumerate(zip(labels.silhouettes, infos, strict=True)):
        whole, visible = silhouette.inside(labels.cells.shape), labels.cells == row
        name = f"{IM_ID:06d}_{row:06d}.png"
        _write(folder / f"mask_{suffix}" / name, mask_png(whole))
        _write(folder / f"mask_visib_{suffix}" / name, mask_png(visible))
        if visible.any():
            number, share = len(annotations) + 1, info["visib_fract"]
            annotations.append(coco.annotation(number, IM_ID, OBJ_ID, whole, visible, share))
    return annotations


def _pose_entry(T_camera_cell: Floats) -> dict[str, Any]:
    return _named_pose("m2c", T_camera_cell) | {"obj_id": OBJ_ID}


def _named_pose(ends: str, T: Floats) -> dict[str, Any]:
    return {f"cam_R_{ends}": T[:3, :3].ravel().tolist(), f"cam_t_{ends}": (T[:3, 3] * MM).tolist()}


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, allow_nan=False) + "\n", encoding="utf-8")
