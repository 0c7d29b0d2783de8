"""Recognises poses given the wrong way round, in the wrong unit or for the wrong mount.

Whatever the convention, the board must stand still: its pose from all motions must agree. Where
it does not, and does under a common mistake's opposite, the mistake is named. F X B = Y is the same
equation as F^-1 Y B^-1 = X, so that one of two inverted poses shows, and both at once do not: no
board pose of `start.py` is inverted, as it is computed from the picture.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from cellpick.calibration.methods import hand_eye, mean_pose
from cellpick.errors import InputError
from cellpick.geometry import Floats, angle_between, invert

ARM_M = 0.5
"""A length that weighs turns against shifts: of an arm's size."""
DISAGREES_M = 0.01
"""Scatter of the board's place that no noise explains."""
FAR_BETTER = 0.2
"""A mistake's opposite explains the motions when it leaves less than this share of the scatter."""
FARTHEST_M = 20.0
"""No arm and no board is farther away."""
MM = 1e-3
Mount = Literal["flange", "base"]


class _Reading(NamedTuple):
    """One way to read what was given."""

    mistake: str
    turned: bool
    flange_unit_m: float
    board_unit_m: float


_MOUNTS = {"flange": "on the flange (eye-in-hand)", "base": "fixed (eye-to-hand)"}


def scatter(Ts_base_flange: Floats, Ts_camera_board: Floats, mount: Mount, T: Floats) -> Floats:
    """(k,) how far the board's place and turn by each pose is from their middle, in metres."""
    Ts = Ts_base_flange if mount == "flange" else invert(Ts_base_flange)
    boards = Ts @ T @ Ts_camera_board
    middle = mean_pose(boards)
    shift = np.linalg.norm(boards[:, :3, 3] - middle[:3, 3], axis=1)
    result: Floats = shift + ARM_M * angle_between(middle[:3, :3], boards[:, :3, :3])
    return result


def check_conventions(
    Ts_base_flange: Floats, Ts_camera_board: Floats, mount: Mount, camera: str
) -> None:
    """Raises `InputError` that names the mistake in flange and board poses (k, 4, 4)."""
    _check_size("flange poses", Ts_base_flange, camera)
    _check_size("board poses", Ts_camera_board, camera)
    given = _misfit(_Reading("", False, 1.0, 1.0), Ts_base_flange, Ts_camera_board, mount)
    if given < DISAGREES_M:
        return
    tried = [
        (_misfit(reading, Ts_base_flange, Ts_camera_board, mount), reading.mistake)
        for reading in _readings(mount)
    ]
    best, mistake = min(tried)
    if best < FAR_BETTER * given and best < DISAGREES_M:
        raise InputError(
            f"the board does not stand still, but would if {mistake}",
            key=camera,
            got=f"its place scatters by {1e3 * given:.0f} mm; else by {1e3 * best:.1f} mm",
            accepted="base->flange and camera->board poses in metres, and the camera's own mount",
        )
    raise InputError(
        "the board does not stand still, and no usual mistake of convention explains it",
        key=camera,
        got=f"its place scatters by {1e3 * given:.0f} mm",
        accepted="poses of one board that does not move, each with its own picture",
    )


def _readings(mount: Mount) -> list[_Reading]:
    turned = (
        "the flange poses were inverted (flange->base, not base->flange), or the board poses were "
        "(board->camera, not camera->board), or the camera is "
        f"{_MOUNTS[_other(mount)]} and not {_MOUNTS[mount]}: the motions are the same"
    )
    units = [
        ("", 1.0, 1.0),
        ("the flange poses were in millimetres, not metres", MM, 1.0),
        ("the board's size was in millimetres, not metres", 1.0, MM),
    ]
    return [
        _Reading(" and ".join(filter(None, (unit, way))), bool(way), flange_m, board_m)
        for way in ("", turned)
        for unit, flange_m, board_m in units
        if way or unit
    ]


def _other(mount: Mount) -> Mount:
    return "base" if mount == "flange" else "flange"


def _misfit(reading: _Reading, flanges: Floats, boards: Floats, mount: Mount) -> float:
    F, B = _in_unit(flanges, reading.flange_unit_m), _in_unit(boards, reading.board_unit_m)
    # a turned flange, a turned board and the other mount are one equation
    F = invert(F) if reading.turned else F
    T = hand_eye("park", mount, F, B)
    if not np.isfinite(T).all():
        return np.inf
    return float(np.sqrt(np.mean(scatter(F, B, mount, T) ** 2)))


def _in_unit(Ts: Floats, unit_m: float) -> Floats:
    out: Floats = Ts.copy()
    out[:, :3, 3] *= unit_m
    return out


def _check_size(what: str, Ts: Floats, camera: str) -> None:
    farthest = float(np.linalg.norm(Ts[:, :3, 3], axis=1).max(initial=0.0))
    if farthest > FARTHEST_M:
        raise InputError(
            f"the {what} look like millimetres",
            key=camera,
            got=f"a distance of {farthest:.0f} m",
            accepted=f"metres, at most {FARTHEST_M:.0f}",
        )
