"""HDR bracketing of a camera: what it changes in the pictures, in the depth and in the timing."""

from __future__ import annotations

from dataclasses import replace

from cellpick.scene.camera_files import CameraModel
from cellpick.scene.depth_specs import StructuredLight


def bracketed(model: CameraModel, exposures: tuple[float, ...] | None) -> CameraModel:
    """The camera taking `exposures`, or its file's own where None, with the time that they take.

    A 2D camera exposes once for each. One with structured light repeats all of its patterns, as
    its makers' HDR modes do; other 3D cameras take more pictures and leave the depth as it is.
    """
    wanted = model.imager.brackets if exposures is None else exposures
    depth, exposure_s = model.depth, model.timing.exposure_s
    if exposures is not None and isinstance(depth, StructuredLight):
        exposure_s *= sum(exposures) / sum(depth.brackets)
        depth = replace(depth, brackets=exposures)
    else:
        exposure_s += model.imager.exposure_s * (sum(wanted) - 1)
    return replace(
        model,
        imager=replace(model.imager, brackets=wanted),
        depth=depth,
        timing=replace(model.timing, exposure_s=exposure_s),
    )
