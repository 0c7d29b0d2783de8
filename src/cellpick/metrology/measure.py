"""One camera model through the whole examination."""

from __future__ import annotations

import numpy as np

from cellpick.metrology.compared import with_published
from cellpick.metrology.lab import Lab, room, window
from cellpick.metrology.measure_form import (
    edge_figures,
    planarity_figures,
    scale_figures,
    spacing_figures,
)
from cellpick.metrology.measure_image import image_figures
from cellpick.metrology.measure_noise import (
    Measured,
    against_nguyen,
    noise_over_angle,
    noise_over_distance,
)
from cellpick.metrology.records import CameraReport
from cellpick.scene import ActiveStereo, CameraModel

STRIP_PX = (200, 96)
"""Window in which noise is measured; a stereo matcher needs the whole width."""


def measure_camera(
    model: CameraModel, native: CameraModel, rng: np.random.Generator
) -> CameraReport:
    """Measures a camera model on virtual targets through the shipped sensors' own code.

    `model` reads out what scenes use; `native` is the same camera with every pixel of its sensor.
    """
    depth_rng, image_rng = rng.spawn(2)
    image = image_figures(model, native, image_rng)
    figures, curves = image.figures, image.curves
    principle = "2d"
    if model.depth is not None:
        parts = _depth_parts(model, native, depth_rng)
        figures = [f for part in parts for f in part.figures] + figures
        curves = [c for part in parts for c in part.curves] + curves
        principle = model.depth.model
    return CameraReport(
        name=model.name,
        principle=principle,
        read_out_px=(model.width_px, model.height_px),
        native_px=(native.width_px, native.height_px),
        figures=with_published(figures, model),
        curves=tuple(curves),
    )


def _depth_parts(
    model: CameraModel, native: CameraModel, rng: np.random.Generator
) -> list[Measured]:
    bench_rng, flat_rng, scale_rng, native_rng = rng.spawn(4)
    width = model.width_px if isinstance(model.depth, ActiveStereo) else STRIP_PX[0]
    lab = Lab(room(window(model, width, STRIP_PX[1])), bench_rng)
    return [
        noise_over_distance(lab),
        noise_over_angle(lab),
        against_nguyen(lab),
        spacing_figures(model, native, native_rng),
        planarity_figures(model, flat_rng),
        scale_figures(model, scale_rng),
        edge_figures(lab),
    ]
