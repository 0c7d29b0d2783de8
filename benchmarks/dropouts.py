"""Share of bare-metal pixels on cell tops without depth: `python -m benchmarks.dropouts`.

Looks as the station takes them; the share is counted over the pixels whose ray truly meets the
material on a cell's upper side, camera by camera, and over what no 3D camera could read at all.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.scene import SceneState, load_scene, resolve_scene
from cellpick.sensors import true_camera_pose
from cellpick.sensors.bodies import Bodies
from cellpick.sensors.codes import CodeAtlas
from cellpick.sensors.lens import Lens
from cellpick.sensors.raycast import RayScene
from cellpick.sensors.surface import SurfaceTable
from cellpick.station import look_once
from cellpick.structures import Capture

UPRIGHT = 0.95
"""Least z of a triangle's normal on an upper side."""


@dataclass(frozen=True)
class Share:
    """What one 3D camera missed in one look."""

    camera: str
    """Its name."""
    pixels: int
    """Pixels on the material."""
    lost: float
    """Share of them without depth."""


def shares(scene: str, overrides: list[str], seed: int, materials: set[str]) -> list[Share]:
    """One entry a 3D camera that sees the materials on upper sides of cells."""
    look = look_once(resolve_scene(load_scene(scene, overrides)), seed)
    found = []
    for capture in look.captures.captures:
        if capture.depth is not None:
            on = tops(look.state, capture, materials)
            lost = np.isnan(capture.depth)[on]
            found.append(Share(capture.calibration.camera, lost.size, float(lost.mean())))
    return found


def tops(state: SceneState, capture: Capture, materials: set[str]) -> NDArray[np.bool_]:
    """(h, w) pixels whose ray truly meets one of the materials on the upper side of a cell."""
    spec = next(c for c in state.cameras if c.name == capture.calibration.camera)
    bodies = Bodies(state)
    mesh = bodies.placed(state)
    scene, table = RayScene(mesh), SurfaceTable(mesh, bodies, CodeAtlas(state.serials))
    lens, T = Lens(spec), true_camera_pose(state, spec)
    ways = lens.directions @ T[:3, :3].T.astype(np.float32)
    origin = T[:3, 3].astype(np.float32)
    hits = scene.cast(origin, ways)
    coat = table.coats(hits, origin, ways, lens.pixel_rad)
    rows = [bodies.material_row(name) for name in materials]
    bare = np.isin(coat.under, rows) & (coat.weight == 0) & (hits.triangle >= 0)
    on_cell = mesh.cells[np.maximum(hits.triangle, 0)] >= 0
    up = np.abs(table.planes.normal[hits.triangle, 2]) > UPRIGHT
    return (bare & on_cell & up).reshape(lens.shape)


def main() -> int:
    """Prints one row a scene and camera."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dropouts", description=__doc__)
    parser.add_argument("--scenes", nargs="+", default=["prismatic_tray", "cylindrical_tray"])
    parser.add_argument("--seeds", type=int, default=3, help="seeds 0 to N-1 (3)")
    parser.add_argument("--materials", nargs="+", default=["aluminium", "nickel_steel"])
    parser.add_argument("--set", dest="overrides", action="append", default=[], help="path=value")
    wanted = parser.parse_args()
    print("| scene | camera | pixels on bare metal | without depth | over seeds |")
    print("|---|---|---|---|---|")
    for scene in wanted.scenes:
        entries = [
            entry
            for seed in range(wanted.seeds)
            for entry in shares(scene, wanted.overrides, seed, set(wanted.materials))
        ]
        for camera in sorted({entry.camera for entry in entries}):
            own = [entry for entry in entries if entry.camera == camera]
            lost = np.array([entry.lost for entry in own])
            print(
                f"| {scene} | {camera} | {sum(entry.pixels for entry in own)} | {lost.mean():.0%} "
                f"| {lost.min():.0%} to {lost.max():.0%} |"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
