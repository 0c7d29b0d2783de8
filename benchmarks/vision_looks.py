"""Looks at trays of prismatic cells by four 3D cameras of any size, and what is true there."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from cellpick.scene import SceneState, find_model, load_scene, resolve_scene
from cellpick.station import look_once
from cellpick.structures import CaptureSet

CAMERA = "zivid_2plus_m60"
"""Its optics and noise, with as many pixels as the benchmark asks for over the same field."""
SCENE = "prismatic_32"
COLUMNS = 2


@dataclass(frozen=True, eq=False)
class Stored:
    """One look."""

    captures: CaptureSet
    """What the cameras saw."""
    state: SceneState
    """The truth."""


def take_look(width: int, height: int, cells: int = 32, seed: int = 0) -> Stored:
    """A look at `cells` cells (of at most 32) by four cameras of `width` x `height` pixels."""
    with tempfile.TemporaryDirectory() as folder:
        camera = Path(folder) / "camera.yaml"
        camera.write_text(yaml.safe_dump(_camera(width, height)))
        cameras = ", ".join([str(camera)] * 4)
        overrides = [
            f"rig.cameras=[{cameras}]",
            "rig.offset_mm=[170, 150]",
            f"tray.cells={cells}",
        ]
        look = look_once(resolve_scene(load_scene(SCENE, overrides)), seed)
    return Stored(look.captures, look.state)


def _camera(width: int, height: int) -> Mapping[str, object]:
    document = yaml.safe_load(find_model("cameras", CAMERA, Path()).read_text())
    document["name"] = f"{CAMERA}_{width}x{height}"
    document["image"] |= {"width_px": width, "height_px": height, "subsample": 1}
    document.pop("published", None)
    result: Mapping[str, object] = document
    return result
