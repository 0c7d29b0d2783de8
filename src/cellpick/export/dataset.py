"""A BOP data set as a folder that appears whole or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from cellpick.errors import InputError, UnavailableError
from cellpick.export.coco import IGNORED_BELOW
from cellpick.export.index import INDEX, BopIndex, index_text, read_index
from cellpick.export.models import OBJ_ID, model_ply, models_info
from cellpick.export.readme import readme_text
from cellpick.export.scene_folder import IM_ID, SceneWriter, camera_entry
from cellpick.scene import CameraSpec, SceneModels, SceneState
from cellpick.structures import CaptureSet

OURS = r"camera(_cam\d+)?\.json|dataset_info\..*|models|results|captures|{split}|{split}_targets_.*"
"""What stands at the top of a data set's folder."""


class BopDataset:
    """Collects looks beside `folder` and puts them there when the context ends without an error.

    Raises `InputError` where `folder` holds something else, `UnavailableError` when the disk
    refuses. `models` are those of `pinhole`.
    """

    def __init__(self, folder: Path, split: str, models: SceneModels, version: str) -> None:
        self._folder = Path(folder)
        refuse_foreign(self._folder, split)
        self._models, self._version = models, version
        self._writer = SceneWriter(dataset_name(self._folder), split)
        self._targets: list[dict[str, int]] = []
        self._seeds: list[int] = []
        self._staging = Path()

    def __enter__(self) -> BopDataset:
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            name = f".{self._folder.name}."
            self._staging = Path(tempfile.mkdtemp(prefix=name, dir=self._folder.parent))
        except OSError as error:
            raise _refused(self._folder, error) from error
        return self

    def add(self, seed: int, look: CaptureSet, state: SceneState) -> Path:
        """Write one look as scene `seed`; returns the folder for the look as the station saw it."""
        try:
            path = self._staging / self._writer.split / f"{seed:06d}"
            infos = self._writer.write(path, look, state)
        except OSError as error:
            raise _refused(self._folder, error) from error
        self._seeds.append(seed)
        clear = [i for i in infos[self._target] if i["visib_fract"] >= IGNORED_BELOW]
        if clear:
            self._targets.append(
                {"im_id": IM_ID, "inst_count": len(clear), "obj_id": OBJ_ID, "scene_id": seed}
            )
        return self._index.captures(self._staging, seed)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._write_root()
                _put_in_place(self._staging, self._folder)
        except OSError as refusal:
            raise _refused(self._folder, refusal) from refusal
        finally:
            shutil.rmtree(self._staging, ignore_errors=True)

    @property
    def _target(self) -> str:
        with_depth = [i for i, spec in enumerate(self._models.cameras) if spec.depth is not None]
        return f"cam{with_depth[0] if with_depth else 0}"

    @property
    def _index(self) -> BopIndex:
        cameras = {f"cam{row}": spec.name for row, spec in enumerate(self._models.cameras)}
        return BopIndex(
            name=self._writer.dataset,
            split=self._writer.split,
            scene=self._models.spec.name,
            cell=self._models.cell.name,
            cameras=cameras,
            target_camera=self._target,
            seeds=tuple(self._seeds),
            version=self._version,
        )

    def _write_root(self) -> None:
        root, cell = self._staging, self._models.cell
        (root / "models").mkdir()
        (root / "models" / f"obj_{OBJ_ID:06d}.ply").write_bytes(model_ply(cell))
        _write_json(root / "models" / "models_info.json", models_info(cell))
        for row, spec in enumerate(self._models.cameras):
            _write_json(root / f"camera_cam{row}.json", _camera_file(spec))
            if f"cam{row}" == self._target:
                _write_json(root / "camera.json", _camera_file(spec))
        _write_json(root / f"{self._writer.split}_targets_bop19.json", self._targets)
        images = [{"im_id": t["im_id"], "scene_id": t["scene_id"]} for t in self._targets]
        _write_json(root / f"{self._writer.split}_targets_bop24.json", images)
        (root / "dataset_info.md").write_text(readme_text(self._index), encoding="utf-8")
        (root / INDEX).write_text(index_text(self._index), encoding="utf-8")


def dataset_name(folder: Path) -> str:
    """The folder's name without signs that BOP's file names give a meaning to.

    Raises `InputError` where nothing is left.
    """
    name = re.sub(r"[^a-z0-9]", "", folder.absolute().name.lower())
    if not name:
        accepted = "a folder whose name has letters or digits: the data set is called so"
        raise InputError("no name for a data set", source=str(folder), accepted=accepted)
    return name


def refuse_foreign(folder: Path, split: str) -> None:
    """Raises `InputError` when `folder` holds something else than an older export of `split`."""
    dataset_name(folder)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    accepted = f"a new folder, an empty one, or one with an older export of the split {split!r}"
    if not folder.is_dir() or not (folder / INDEX).exists():
        rule = "holds something else than an exported data set"
        raise InputError(rule, source=str(folder), accepted=accepted)
    older = read_index(folder).split
    if older != split:
        rule = "holds another split, which would be lost"
        raise InputError(rule, source=str(folder), got=older, accepted=accepted)
    ours = re.compile(OURS.format(split=split))
    if foreign := sorted(path.name for path in folder.iterdir() if not ours.fullmatch(path.name)):
        rule = "holds more than an exported data set, which would be lost"
        raise InputError(rule, source=str(folder), got=foreign[0], accepted=accepted)


def _camera_file(spec: CameraSpec) -> dict[str, Any]:
    entry = camera_entry(spec)
    fields = {
        "cx": float(spec.K[0, 2]),
        "cy": float(spec.K[1, 2]),
        "fx": float(spec.K[0, 0]),
        "fy": float(spec.K[1, 1]),
        "height": spec.height_px,
        "width": spec.width_px,
    }
    return {key: value for key, value in entry.items() if key == "depth_scale"} | fields


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _put_in_place(staging: Path, folder: Path) -> None:
    # mkdtemp makes folders that nobody else may read
    umask = os.umask(0)
    os.umask(umask)
    staging.chmod(0o777 & ~umask)
    if not folder.exists():
        staging.rename(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    folder.rename(old / folder.name)
    staging.rename(folder)
    shutil.rmtree(old)


def _refused(folder: Path, error: OSError) -> UnavailableError:
    return UnavailableError(f"{folder}: cannot be written: {error.strerror}")
