"""Chooses the principle that a camera's spec names."""

from __future__ import annotations

import numpy as np

from cellpick.scene.cameras import CameraSpec
from cellpick.scene.depth_specs import (
    DepthSpec,
    IdealDepth,
    KinectDepth,
    StructuredLight,
)
from cellpick.sensors.depth.active_stereo import ActiveStereoSensor
from cellpick.sensors.depth.ideal import IdealSensor
from cellpick.sensors.depth.kinect import KinectSensor
from cellpick.sensors.depth.sensor import DepthSensor
from cellpick.sensors.depth.structured_light import StructuredLightSensor
from cellpick.sensors.lens import Lens
from cellpick.sensors.shading import Palette


def make_depth_sensor(
    spec: DepthSpec, camera: CameraSpec, lens: Lens, palette: Palette, rng: np.random.Generator
) -> DepthSensor:
    """A device of the kind that `spec` describes, behind `lens`; `rng` draws what it is born with.

    Its readings are drawn from the generator that `measure` is given.
    """
    if isinstance(spec, IdealDepth):
        return IdealSensor(spec, rng)
    if isinstance(spec, StructuredLight):
        return StructuredLightSensor(spec, lens, palette, rng)
    if isinstance(spec, KinectDepth):
        return KinectSensor(spec, lens, rng)
    return ActiveStereoSensor(spec, camera, palette, rng)
