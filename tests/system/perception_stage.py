"""Looks of real scenes through the simulated cameras, with the truth beside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from cellpick.geometry import Floats, invert
from cellpick.scene import SceneState, draw_scene, load_scene, resolve_scene
from cellpick.scene.arrangement import tray_fill_m
from cellpick.sensors import CameraRig
from cellpick.station.looking import HEADROOM
from cellpick.structures import Capture, CaptureSet, CellEstimates, SearchTask

# a rig over the tray with the flange rig's geometry: no arm has to be brought there
FIXED = ("rig.mount=fixed", "rig.offset_mm=[130,110]", "rig.standoff_mm=600")


@dataclass(frozen=True, eq=False)
class Shot:
    """A look and the cells' true poses in the base frame."""

    look: CaptureSet
    Ts_base_cell: Floats
    serials: tuple[str, ...]


def shoot(
    scene: str,
    seed: int,
    overrides: Sequence[str] = (),
    change: Callable[[SceneState], SceneState] = lambda state: state,
) -> Shot:
    """One look at a drawn scene, changed by `change` before the cameras see it."""
    models = resolve_scene(load_scene(scene, [*FIXED, *overrides]))
    scene_rng, rig_rng = np.random.default_rng(seed).spawn(2)
    state = change(draw_scene(models, scene_rng))
    T_base_world = invert(state.T_world_base)
    tray = models.spec.tray
    size = np.append(models.tray_size_m[:2] + 0.01, HEADROOM * tray_fill_m(tray, models.cell))
    T_base_tray = T_base_world @ models.T_world_tray
    task = SearchTask(
        state.cell, state.materials, T_base_tray, size, 0.99, arrangement=tray.arrangement
    )
    look = CameraRig(state, rig_rng).look(state, state.arm.flange_pose(state.q), task)
    return Shot(look, T_base_world @ state.Ts_world_cell, state.serials)


def without_cells(state: SceneState, rows: Sequence[int]) -> SceneState:
    """The same scene after some cells were taken away."""
    kept = [row for row in range(len(state.serials)) if row not in set(rows)]
    serials = tuple(state.serials[row] for row in kept)
    return dataclasses.replace(state, Ts_world_cell=state.Ts_world_cell[kept], serials=serials)


def blinded(capture: Capture) -> Capture:
    """What a dead camera delivers: a black picture, and no depth if it should have any."""
    depth = None if capture.depth is None else np.full_like(capture.depth, np.nan)
    return Capture(
        capture.calibration,
        np.zeros_like(capture.image),
        depth,
        capture.time_s,
        capture.T_base_flange,
    )


def degraded(capture: Capture, rng: np.random.Generator) -> Capture:
    """What a poor 3D camera delivers and states: noise of 2 mm in patches, a scale that errs by a
    percent beyond its correction, holes in half of the picture; a 2D camera's stays."""
    if capture.depth is None:
        return capture
    shape = capture.depth.shape
    noise, holes = (cv2.GaussianBlur(rng.normal(size=shape), (0, 0), px) for px in (3.0, 4.0))
    left = 0.003 * rng.normal()
    depth = capture.depth * (1.05 + left) + 2e-3 * noise / noise.std()
    depth[holes > np.quantile(holes, 0.55)] = np.nan
    belief = replace(
        capture.calibration,
        depth_sigma_m=2e-3,
        depth_reference_m=0.6,
        depth_correlation_px=3.0,
        depth_scale=capture.calibration.depth_scale / 1.05,
        depth_scale_sigma=0.003,
    )
    return replace(capture, calibration=belief, depth=depth.astype(np.float32))


def nearest(estimates: CellEstimates, shot: Shot) -> tuple[Floats, Floats]:
    """For each estimate the true cell's row (n,) and its distance (n,) in metres."""
    gaps = np.linalg.norm(
        estimates.Ts_base_cell[:, None, :3, 3] - shot.Ts_base_cell[None, :, :3, 3], axis=-1
    )
    return gaps.argmin(1), gaps.min(1)


def angle_errors(estimates: CellEstimates, shot: Shot, rows: Floats) -> Floats:
    """(n,) rotation errors in radians, turns that the symmetry leaves free not counted."""
    Ts = shot.Ts_base_cell[rows]
    R = np.swapaxes(Ts[:, :3, :3], -1, -2) @ estimates.Ts_base_cell[:, :3, :3]
    if shot.look.task.cell.turns_freely:
        return np.arccos(np.clip(R[:, 2, 2], -1, 1))
    return np.arccos(np.clip((np.trace(R, axis1=1, axis2=2) - 1) / 2, -1, 1))
