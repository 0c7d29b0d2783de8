"""Looks of the evidence benchmark, and the poorer ones made of them: fewer cameras, holes, no
depth."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert, project, transform
from cellpick.scene import SceneState, load_scene, resolve_scene
from cellpick.station import look_once
from cellpick.store import read_look, write_look
from cellpick.structures import Capture, CaptureSet

SCENE = "prismatic_tray"
RIG = (
    f"rig.cameras=[{', '.join(['zivid_2plus_m60'] * 4)}]",
    "rig.offset_mm=[170, 150]",
    "rig.standoff_mm=600",
)
"""Four 3D cameras with colour, so that rows with equal counts have equal cameras."""
CAMERAS = (4, 3, 2, 1)
HOLES = (0.0, 0.3, 0.6)
"""Share of the tops' pixels without depth."""
BLOB_M = 4e-3
"""Standard deviation of the kernel that makes holes of noise: blobs of about a centimetre, as glare
is on metal with some waviness."""
BY_CELL = 0.5
"""Part of the holes' variance that a whole cell shares: its lean decides whether it shines."""


@dataclass(frozen=True, eq=False)
class Stored:
    """One look."""

    captures: CaptureSet
    """What the cameras saw."""
    state: SceneState
    """The truth."""


def take_look(
    scene: str, overrides: tuple[str, ...], seed: int, folder: Path | None = None
) -> Stored:
    """A look as a station takes its first; with a folder, the one that was kept there before, or
    kept there from now on."""
    state = None if folder is None else folder / "state.pickle"
    if folder is not None and state is not None and state.exists():
        # only what this benchmark wrote itself
        return Stored(read_look(folder / "captures"), pickle.loads(state.read_bytes()))
    look = look_once(resolve_scene(load_scene(scene, list(overrides))), seed)
    if folder is not None and state is not None:
        write_look(look.captures, folder / "captures")
        state.write_bytes(pickle.dumps(look.state))
    return Stored(look.captures, look.state)


def with_cameras(look: CaptureSet, count: int) -> CaptureSet:
    """The look of the rig's first cameras alone."""
    kept = look.captures[:count]
    return replace(look, captures=kept, expected=tuple(c.calibration.camera for c in kept))


def without_depth(look: CaptureSet) -> CaptureSet:
    """The pictures alone."""
    return replace(look, captures=tuple(replace(c, depth=None) for c in look.captures))


def with_holes(stored: Stored, share: float, rng: np.random.Generator) -> Stored:
    """The look with `share` of the pixels on the cells' tops without depth, camera by camera.

    White noise, smoothed over `BLOB_M` on the tops, with one draw a cell mixed in, is largest
    where the holes are; each camera has a draw of its own, as glare depends on where one looks
    from.
    """
    if share == 0:
        return stored
    Ts = invert(stored.state.T_world_base) @ stored.state.Ts_world_cell
    captures = [
        _holed(capture, Ts, stored.state.cell.size_m, share, stream)
        for capture, stream in zip(
            stored.captures.captures, rng.spawn(len(stored.captures.captures)), strict=True
        )
    ]
    return replace(stored, captures=replace(stored.captures, captures=tuple(captures)))


def _holed(
    capture: Capture, Ts: Floats, size_m: Floats, share: float, rng: np.random.Generator
) -> Capture:
    if capture.depth is None:
        return capture
    owner = top_owner(capture, Ts, size_m)
    distance = float(np.median(transform(invert(capture.T_base_camera), Ts[:, :3, 3])[:, 2]))
    blob_px = BLOB_M * capture.calibration.K[0, 0] / distance
    field = cv2.GaussianBlur(rng.standard_normal(owner.shape), (0, 0), blob_px)
    field /= field.std()
    field = np.sqrt(1 - BY_CELL) * field
    field += np.sqrt(BY_CELL) * rng.standard_normal(len(Ts))[np.maximum(owner, 0)]
    on = owner >= 0
    if not on.any():
        return capture
    lost = on & (field > np.quantile(field[on], 1 - share))
    return replace(capture, depth=np.where(lost, np.float32(np.nan), capture.depth))


def top_owner(capture: Capture, Ts: Floats, size_m: Floats) -> NDArray[np.int32]:
    """(h, w) cell whose top each pixel shows by the believed calibration, -1 none."""
    x, y, z = size_m / 2
    corners = np.array([[x, y, z], [-x, y, z], [-x, -y, z], [x, -y, z]])
    p = transform(invert(capture.T_base_camera) @ Ts, corners)
    belief = capture.calibration
    owner = np.full((belief.height_px, belief.width_px), -1, np.int32)
    for row, outline in enumerate(project(p, belief.K, belief.distortion)):
        cv2.fillConvexPoly(owner, np.rint(outline).astype(np.int32), row)
    return owner
