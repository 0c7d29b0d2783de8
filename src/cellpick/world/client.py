"""The physics client: one a run, its constants, and the only place that knows PyBullet's order."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from cellpick.geometry import Floats, quaternion_of

STEP_S = 1.0 / 480.0
"""Physics step. At 240 Hz a cell slips through a jaw gripper's pins by 0.3 mm/s; here by 0.01."""
GRAVITY_M_S2 = 9.81
"""Standard gravity, to three digits."""
SOLVER_ITERATIONS = 50
"""Sweeps of the contact solver a step."""
BREAKING_THRESHOLD = 0.004
"""Bullet's contact threshold, in metres round every body, and as a share of a body's size for its
contacts. A larger one keeps neighbours awake that nothing touches. It is global to the process: set
it every time."""


def connect() -> Any:
    """A fresh headless client with gravity and the fixed step; `disconnect()` ends it."""
    with _silent_streams():
        import pybullet
        from pybullet_utils.bullet_client import BulletClient

        client = BulletClient(pybullet.DIRECT)
    client.setGravity(0.0, 0.0, -GRAVITY_M_S2)
    client.setPhysicsEngineParameter(
        fixedTimeStep=STEP_S,
        numSubSteps=0,
        numSolverIterations=SOLVER_ITERATIONS,
        # an early end lets resting cells turn by 0.3 mrad/s; all sweeps, by 0.002
        solverResidualThreshold=0.0,
        contactBreakingThreshold=BREAKING_THRESHOLD,
        enableConeFriction=1,
        deterministicOverlappingPairs=1,
    )
    return client


def to_bullet(T_a_b: Floats) -> tuple[list[float], list[float]]:
    """Position and quaternion in PyBullet's order xyzw of a pose (4, 4)."""
    w, x, y, z = quaternion_of(T_a_b[:3, :3]).tolist()
    return T_a_b[:3, 3].tolist(), [x, y, z, w]


def from_bullet(client: Any, position: Any, orientation: Any) -> Floats:
    """The pose (4, 4) of a position and a quaternion that PyBullet returned."""
    T = np.eye(4)
    T[:3, :3] = np.reshape(client.getMatrixFromQuaternion(orientation), (3, 3))
    T[:3, 3] = position
    return T


@contextmanager
def _silent_streams() -> Iterator[None]:
    """Bullet greets on the C streams at import and at connection; a program's output is its own."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        yield
    finally:
        # printf buffers inside libc when stdout is no terminal: flush before the streams return
        _flush_libc()
        for stream, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
        os.close(sink)


def _flush_libc() -> None:
    import ctypes

    ctypes.CDLL(None).fflush(None)
