"""Cameras that a BOP data set can describe: it knows a matrix K and no lens distortion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cellpick.scene import SceneModels


def pinhole(models: SceneModels) -> SceneModels:
    """The same station with lenses that do not distort; noise, blur and all else stay.

    Rendered so, a picture needs no undistortion, which would mix depth readings across edges.
    """
    cameras = tuple(replace(camera, distortion=np.zeros(5)) for camera in models.cameras)
    return replace(models, cameras=cameras)
