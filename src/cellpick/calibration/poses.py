"""Whether the arm's poses suffice to solve for a camera's place."""

from __future__ import annotations

import numpy as np

from cellpick.calibration.sightings import Sightings
from cellpick.errors import InputError
from cellpick.geometry import Floats, log_rotation

LEAST_POSES = 5
"""Poses a camera must have seen the board in: three fix it, the rest says how well."""
LEAST_TURN_RAD = np.radians(5.0)
"""Some pair of poses must differ by more."""
LEAST_SPREAD = 0.1
"""Turns across the main axis must be this share of those about it, or all axes are parallel."""


def check_sightings(sightings: Sightings) -> None:
    """Raises `InputError` for pictures that cannot be solved, naming camera and cause."""
    names = [camera.camera for camera in sightings.cameras]
    if not names:
        raise InputError("there is no camera to calibrate", accepted="at least one")
    if len({camera.mount for camera in sightings.cameras}) > 1:
        raise InputError(
            "cameras on the flange and fixed ones cannot share one board",
            got=", ".join(f"{c.camera}: {c.mount}" for c in sightings.cameras),
            accepted="one mount a calibration",
        )
    check_rigid(sightings.Ts_base_flange)
    if not sightings.pictures:
        raise InputError(
            "the board was never seen by any camera",
            got=f"{len(sightings.Ts_base_flange)} poses",
            accepted=f"{LEAST_POSES} poses a camera, with the board in view and in focus",
        )
    for row, name in enumerate(names):
        seen = sightings.of_camera(row)
        if len(seen) < LEAST_POSES:
            never = "never saw the board" if not seen else "saw the board too seldom"
            raise InputError(
                f"the camera {never}",
                key=name,
                got=f"{len(seen)} of {len(sightings.Ts_base_flange)} poses",
                accepted=f"at least {LEAST_POSES}",
            )
        check_motions(sightings.Ts_base_flange[[picture.pose for picture in seen]], name)


def check_rigid(Ts: Floats) -> None:
    """Raises `InputError` unless all of (k, 4, 4) are rigid poses."""
    R = Ts[:, :3, :3]
    square = np.abs(R @ np.swapaxes(R, 1, 2) - np.eye(3)).max(axis=(1, 2), initial=0.0)
    bad = (square > 1e-6) | (np.linalg.det(R) < 0) | (Ts[:, 3] != [0, 0, 0, 1]).any(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            "not a rigid pose: its rotation is none",
            key=f"flange pose {row}",
            got=Ts[row].round(4).tolist(),
            accepted="4 x 4 rows, an orthonormal right-handed rotation, 0 0 0 1 last",
        )


def check_motions(Ts_base_flange: Floats, camera: str) -> None:
    """Raises `InputError` where k poses (k, 4, 4) leave a camera's place undetermined."""
    R = Ts_base_flange[:, :3, :3]
    first, second = np.triu_indices(len(R), 1)
    turns = log_rotation(np.swapaxes(R[first], 1, 2) @ R[second])
    most = float(np.linalg.norm(turns, axis=1).max(initial=0.0))
    accepted = "turns about at least two different axes, by 10 to 30 degrees and more"
    if most < LEAST_TURN_RAD:
        raise InputError(
            "degenerate poses: the arm does not turn between them",
            key=camera,
            got=f"turns of at most {np.degrees(most):.2f} degrees",
            accepted=accepted,
        )
    spread = np.linalg.svd(turns, compute_uv=False)
    if spread[1] < LEAST_SPREAD * spread[0]:
        raise InputError(
            "degenerate poses: all turns have parallel axes, so the camera's place along them "
            "is undetermined",
            key=camera,
            got=f"{spread[1] / spread[0]:.3f} of the turning is about other axes",
            accepted=accepted,
        )
