"""The arm's poses for a calibration: well spread over tilt, roll, distance and aim."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cellpick.geometry import Floats, exp_rotation, invert, pose, rotation_z
from cellpick.scene import SceneModels
from cellpick.station.calibration_scene import CalibrationScene

TILT_RAD = (np.radians(6.0), np.radians(28.0))
"""Least and largest tilt between the board and the rig's axis."""
DISTANCE = (0.9, 1.2)
"""Least and largest distance of a flange rig from the board, in units of its standoff."""
AIM_M = 0.05
"""How far beside the board's middle the rig aims, along x and y."""
HEIGHT_M = (0.12, 0.36)
"""Least and largest height of a carried board over the surface that cells stand on."""
_GOLDEN = (1 + np.sqrt(5)) / 2
_DIMENSIONS = 6


def flange_poses(
    models: SceneModels, scene: CalibrationScene, distance: tuple[float, float] = DISTANCE
) -> Iterator[Floats]:
    """`T_base_flange` (4, 4), one after the other, without end; any first few are well spread.

    `distance` bounds that of a flange rig from the board, in units of its standoff.
    """
    index = 1
    while True:
        u = _spread(index)
        if scene.mount == "flange":
            yield _around_the_board(models, scene, u, distance)
        else:
            yield _under_the_rig(models, scene, u)
        index += 1


def _around_the_board(
    models: SceneModels, scene: CalibrationScene, u: Floats, between: tuple[float, float]
) -> Floats:
    turn = _tilted(u) @ rotation_z(2 * np.pi * u[2]) @ np.diag([1.0, -1.0, -1.0])
    R = scene.T_home_board[:3, :3] @ turn
    aim = scene.T_home_board[:3, 3] + scene.T_home_board[:3, :2] @ (AIM_M * (2 * u[4:6] - 1))
    distance = models.spec.rig.standoff_m * _between(between, u[3])
    return pose(R, aim - distance * R[:, 2])


def _under_the_rig(models: SceneModels, scene: CalibrationScene, u: Floats) -> Floats:
    T_base_tray = scene.recipe.T_base_tray
    # the board sticks out along its own x: away from the arm, whose links would hide it
    away = T_base_tray[:2, :2].T @ T_base_tray[:2, 3]
    roll = np.arctan2(away[1], away[0]) + np.pi * (u[2] - 0.5)
    R = T_base_tray[:3, :3] @ _tilted(u) @ rotation_z(roll)
    across = (2 * u[4:6] - 1) * models.tray_size_m[:2] / 2
    place = T_base_tray[:3, :3] @ np.append(across, _between(HEIGHT_M, u[3]))
    result: Floats = pose(R, T_base_tray[:3, 3] + place) @ invert(scene.T_home_board)
    return result


def _tilted(u: Floats) -> Floats:
    """A tilt (3, 3) about an axis in the plane."""
    azimuth, tilt = 2 * np.pi * u[0], _between(TILT_RAD, u[1])
    return exp_rotation(tilt * np.array([np.cos(azimuth), np.sin(azimuth), 0.0]))


def _between(ends: tuple[float, float], share: float) -> float:
    return ends[0] + share * (ends[1] - ends[0])


def _spread(index: int) -> Floats:
    """(6,) in 0 to 1, the index-th point of an additive sequence on generalised golden ratios.

    Roberts (2018), "The unreasonable effectiveness of quasirandom sequences": the base solves
    x^(d + 1) = x + 1.
    """
    base = _GOLDEN
    for _ in range(60):
        base = (1 + base) ** (1 / (_DIMENSIONS + 1))
    result: Floats = (0.5 + index * base ** -np.arange(1.0, _DIMENSIONS + 1)) % 1
    return result
