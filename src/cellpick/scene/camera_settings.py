"""What a station sets on its cameras: HDR bracketing, and the focus of the 2D cameras' lenses."""

from __future__ import annotations

from dataclasses import replace

from cellpick.scene.camera_files import CameraModel
from cellpick.scene.depth_specs import StructuredLight


def focused(model: CameraModel, focus_m: float) -> CameraModel:
    """The camera with its lens set to a distance; 3D cameras come set, some lenses need none."""
    if model.depth is not None or model.imager.focus_m == 0:
        return model
    return replace(model, imager=replace(model.imager, focus_m=focus_m))


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
