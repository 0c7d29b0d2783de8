"""Edges, spacing, planarity and scale of a 3D camera."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats
from cellpick.metrology.lab import Lab, room, window
from cellpick.metrology.measure_noise import Measured, noise_m
from cellpick.metrology.places import published_m, reference_m, tilted_m
from cellpick.metrology.plate import planarity, point_spacing
from cellpick.metrology.records import Figure
from cellpick.metrology.solids import ball_lengths, step_edge
from cellpick.metrology.targets import balls
from cellpick.scene import ActiveStereo, CameraModel

CAPTURES = 8
DEVICES, STEREO_DEVICES = 60, 20
"""Drawn for the scale error: its standard deviation is known to a share 1 / sqrt(2 n)."""
FLAT_DEVICES, FLAT_CAPTURES = 4, 2
SPACING_PX = 100
BALL_SPAN, BALL_SIZE = 0.5, 0.1
"""Length of the ball plate and diameter of its balls as shares of the image's width at the plate:
VDI/VDE 2634 part 2 asks for at least 0.3 and 0.02 to 0.2 of the measuring volume's diagonal."""
_NAN = float("nan")


def edge_figures(lab: Lab) -> Measured:
    """Flying and lateral scatter at a step."""
    z = tilted_m(lab.model)
    edge = step_edge(lab, z, CAPTURES, noise_m(lab, z))
    return Measured(
        [
            Figure("lateral_px", edge.lateral_px, at_mm=1e3 * z),
            Figure("flying_share", edge.flying, at_mm=1e3 * z),
        ],
        [],
    )


def spacing_figures(model: CameraModel, native: CameraModel, rng: np.random.Generator) -> Measured:
    """Distance between neighbouring points of the full sensor."""
    # a stereo matcher loses the image's side, as wide as its largest disparity
    width = native.width_px if isinstance(native.depth, ActiveStereo) else SPACING_PX
    lab = Lab(room(window(native, width, SPACING_PX)), rng)
    spots = published_m(model, "point_spacing_mm", reference_m(model))
    spacings = [point_spacing(lab.model, lab.depths(1, "plate", z)[0]) for z in spots]
    pairs = zip(spacings, spots, strict=True)
    return Measured([Figure("point_spacing_mm", 1e3 * s, at_mm=1e3 * z) for s, z in pairs], [])


def planarity_figures(model: CameraModel, rng: np.random.Generator) -> Measured:
    """Form of a plate that fills the image, over devices."""
    z = published_m(model, "planarity_mm", reference_m(model))[0]
    whole = room(model)
    form = 1e3 * np.array(
        [planarity(Lab(whole, device), z, FLAT_CAPTURES) for device in rng.spawn(FLAT_DEVICES)]
    )
    warp = float(np.sqrt(np.mean(form[:, 0] ** 2)))
    return Measured(
        [
            Figure("planarity_mm", warp, _standard_error(form[:, 0]), 1e3 * z),
            Figure(
                "flatness_mm", float(np.median(form[:, 1])), _standard_error(form[:, 1]), 1e3 * z
            ),
        ],
        [],
    )


def scale_figures(model: CameraModel, rng: np.random.Generator) -> Measured:
    """Length errors of a ball plate, over devices."""
    z = published_m(model, "scale_permille", reference_m(model))[0]
    field = z * model.width_px / float(model.K[0, 0])
    span, size = BALL_SPAN * field, BALL_SIZE * field
    strip = window(model, model.width_px, int(1.3 * BALL_SIZE * model.width_px) + 8)
    stage = room(strip, balls(span, size))
    count = STEREO_DEVICES if isinstance(model.depth, ActiveStereo) else DEVICES
    seen = [ball_lengths(Lab(stage, device), z, span, size) for device in rng.spawn(count)]
    errors, lengths = np.array([s.errors for s in seen]), seen[0].lengths_m
    errors = errors[np.isfinite(errors).all(axis=1)]
    if len(errors) < 2:
        return Measured([Figure("scale_permille", _NAN), Figure("sphere_spacing_mm", _NAN)], [])
    scale = 1e3 * errors @ lengths**2 / (lengths**2).sum()
    sigma = float(np.sqrt(np.mean(scale**2)))
    worst = 1e3 * np.abs(errors * lengths).max(axis=1)
    return Measured(
        [
            Figure("scale_permille", sigma, sigma / float(np.sqrt(2 * len(scale))), 1e3 * z),
            Figure("sphere_spacing_mm", float(np.median(worst)), _standard_error(worst), 1e3 * z),
        ],
        [],
    )


def _standard_error(values: Floats) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else _NAN
