"""Cameras that a BOP data set can describe: it knows a matrix K and no lens distortion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cellpick.errors import InputError
from cellpick.scene import SceneModels

DISPLACED = ("bumped", "drifting")
"""Faults after which a camera is no longer where the scene has it."""
FIRST_LOOK = 1
"""The look that is exported; looks count from 1."""


def pinhole(models: SceneModels) -> SceneModels:
    """The same station with lenses that do not distort; noise, blur and all else stay.

    Rendered so, a picture needs no undistortion, which would mix depth readings across edges.
    Raises `InputError` for cameras that expose on the way or are displaced by a fault: the truth
    of a look has one place for each.
    """
    spec = models.spec
    if spec.rig.capture_2d == "moving":
        rule, key, got = "a data set is taken standing still", "rig.capture_2d", "moving"
        raise InputError(rule, source=spec.source, key=key, got=got, accepted="standing")
    for i, fault in enumerate(spec.faults):
        if fault.kind in DISPLACED and fault.from_look <= FIRST_LOOK:
            raise InputError(
                "a displaced camera's true pose is not known to a data set",
                source=spec.source,
                key=f"faults.{i}.kind",
                got=fault.kind,
                accepted=f"any fault but {' and '.join(DISPLACED)}",
            )
    cameras = tuple(replace(camera, distortion=np.zeros(5)) for camera in models.cameras)
    return replace(models, cameras=cameras)
