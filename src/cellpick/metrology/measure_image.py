"""Everything that is measured of a camera's images."""

from __future__ import annotations

import numpy as np

from cellpick.metrology.images import grey_scale, object_pixel_m, sharpness
from cellpick.metrology.lab import Lab, Room, room, window
from cellpick.metrology.measure_noise import Measured
from cellpick.metrology.places import reference_m
from cellpick.metrology.records import Curve, Figure, Series
from cellpick.metrology.targets import picture_lamp
from cellpick.scene import CameraModel

WINDOW_PX = 160
CAPTURES = 4
USUAL_M = 0.6
"""Distance of the targets from a camera that is sharp everywhere."""
PLACES = 7
LAMP_SHARE, ROOM_SHARE = 0.55, 0.1
"""Light of the lamp and of the room, as shares of what saturates a white surface."""
OWN = "the camera's file, block imager"


def image_figures(model: CameraModel, native: CameraModel, rng: np.random.Generator) -> Measured:
    """Noise and sharpness of a camera's images at the read-out that scenes use."""
    imager = model.imager
    near = imager.focus_m or (USUAL_M if model.depth is None else reference_m(model))
    lab = Lab(_lit(model), rng)
    greys, edge = grey_scale(lab, near), sharpness(lab, near, CAPTURES)
    transfer, at_mm = greys.transfer, 1e3 * near
    full_well = imager.full_well_e / imager.gain
    figures = [
        Figure("full_well_e", transfer.full_well_e, published=full_well, source=OWN),
        Figure("read_noise_e", transfer.read_noise_e, published=imager.read_noise_e, source=OWN),
        Figure("dynamic_range_db", transfer.dynamic_range_db),
        Figure("blur_px", edge.blur_px, at_mm=at_mm, published=imager.blur_px, source=OWN),
        Figure("edge_rise_px", edge.rise_px, at_mm=at_mm),
        Figure("mtf50_cpp", edge.mtf50, at_mm=at_mm),
    ]
    if model.depth is None:
        whole = Lab(_lit(native), rng)
        figures.append(Figure("object_pixel_mm", 1e3 * object_pixel_m(whole, near), at_mm=at_mm))
    line = greys.mean / transfer.full_well_e
    line = line + (transfer.read_noise_e / transfer.full_well_e) ** 2
    distances = np.geomspace(near / 2, 2 * near, PLACES)
    blur = np.array([sharpness(lab, float(z), 1).blur_px for z in distances])
    return Measured(
        figures,
        [
            Curve(
                "photon_transfer",
                "Photon transfer on the grey scale",
                "mean signal, share of saturation",
                "temporal variance, shares squared",
                greys.mean,
                (
                    Series("measured", greys.variance, "points"),
                    Series("fitted line", line, "model"),
                ),
                logarithmic=True,
            ),
            Curve(
                "blur_over_distance",
                "Blur of a slanted edge over distance",
                "distance, mm",
                "blur (sd), px",
                1e3 * distances,
                (Series("measured", blur),),
            ),
        ],
    )


def _lit(model: CameraModel) -> Room:
    """A room whose white surfaces nearly fill the camera's range of grey values."""
    white = model.imager.white_level
    lamp = picture_lamp(LAMP_SHARE * white)
    part = window(model, WINDOW_PX, WINDOW_PX)
    return room(part, lamp=lamp, ambient=ROOM_SHARE * white)
