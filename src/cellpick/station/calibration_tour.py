"""Takes the arm from pose to pose and the pictures there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from cellpick.calibration import Sighting, Sightings, find_board
from cellpick.errors import InputError
from cellpick.geometry import Floats, jacobian
from cellpick.motion import MotionPlanner
from cellpick.scene import SceneModels
from cellpick.sensors import CameraRig
from cellpick.station.calibration_poses import flange_poses
from cellpick.station.calibration_scene import CalibrationScene
from cellpick.station.looking import tray_task
from cellpick.structures import ArmModel, CaptureSet

MOST_TRIED = 8
"""Poses tried for each one that is wanted: some are out of reach or not free."""
Progress = Callable[[str], None]
"""Takes one line about what is going on."""


@dataclass(frozen=True, eq=False)
class Tour:
    """What the tour gave."""

    sightings: Sightings
    """The board in all pictures."""
    Ts_base_flange_true: Floats
    """(k, 4, 4) where the flange truly was: for evaluation only."""
    examples: tuple[CaptureSet, ...]
    """A few looks, to show."""
    example_rows: tuple[int, ...]
    """Rows of their poses."""
    duration_s: float
    """Station time of moves and looks."""

    def pictures(self) -> list[tuple[str, NDArray[np.uint8], Floats]]:
        """Camera, image (h, w, 3) RGB and corners (n, 2) found in it, of the examples."""
        names = [camera.camera for camera in self.sightings.cameras]
        found = {(s.pose, names[s.camera]): s.pixels for s in self.sightings.pictures}
        return [
            (name, capture.image, found.get((row, name), np.zeros((0, 2))))
            for row, look in zip(self.example_rows, self.examples, strict=True)
            for capture in look.captures
            for name in [capture.calibration.camera]
        ]


def planned_poses(
    scene: CalibrationScene, models: SceneModels, count: int, progress: Progress
) -> tuple[Floats, float]:
    """Joint angles (count, 6) that are reached one from the other, and the time of all moves.

    Raises `InputError` where the arm cannot reach so many.
    """
    planner = MotionPlanner(scene.recipe)
    q, duration_s, reason = scene.state.q, 0.0, ""
    found: list[Floats] = []
    for T_base_flange in islice(flange_poses(models, scene), MOST_TRIED * count):
        if len(found) == count:
            break
        plan = planner.reach(q, T_base_flange, scene.recipe.fixtures)
        if plan.status != "ok":
            reason = plan.reason
            continue
        q = plan.moves[-1].q[-1]
        duration_s += sum(move.duration_s for move in plan.moves)
        found.append(q)
        progress(f"pose {len(found)} of {count} planned")
    if len(found) < count:
        raise InputError(
            "the arm reaches too few poses that look at the board",
            source=models.spec.name,
            key="--poses",
            got=f"{len(found)} of {count}; the last refusal: {reason}",
            accepted="a board within the arm's reach, or fewer poses",
        )
    return np.array(found), duration_s


def take_tour(
    scene: CalibrationScene,
    rig: CameraRig,
    q: Floats,
    moving_s: float,
    rng: np.random.Generator,
    progress: Progress,
) -> Tour:
    """Pictures at joint angles (k, 6); `rng` draws the encoders' noise."""
    arm, task = scene.recipe.arm, tray_task(scene.recipe)
    reported = arm.flange_pose(q + rng.normal(size=q.shape) * arm.encoder_sigma_rad)
    found: list[Sighting] = []
    names = [camera.camera for camera in rig.calibrations]
    examples, shown = [], (0, len(q) // 2)
    for row, (angles, T_base_flange) in enumerate(zip(q, reported, strict=True)):
        progress(f"pictures at pose {row + 1} of {len(q)}")
        state = replace(scene.state, q=angles)
        look = rig.look(state, T_base_flange, task)
        found += find_board(look.captures, row, scene.board, names)
        if row in shown:
            examples.append(look)
    sightings = Sightings(
        rig.calibrations, scene.board, reported, encoder_covariance(arm, q), tuple(found)
    )
    duration_s = moving_s + len(q) * rig.capture_duration_s
    return Tour(sightings, arm.flange_pose(q), tuple(examples), shown, duration_s)


def encoder_covariance(arm: ArmModel, q: Floats) -> Floats:
    """(k, 6, 6) of the reported flange poses at q (k, 6), each in the flange's own frame."""
    J = jacobian(arm.Ts_parent_joint, arm.axes, q, arm.T_link_flange)
    R = np.swapaxes(arm.flange_pose(q)[:, :3, :3], 1, 2)
    local = np.concatenate([R @ J[:, :3], R @ J[:, 3:]], axis=1)
    result: Floats = arm.encoder_sigma_rad**2 * local @ np.swapaxes(local, 1, 2)
    return result
