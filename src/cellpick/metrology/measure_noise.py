"""Noise of a 3D camera over distance and angle, and its correlation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cellpick.geometry import Floats
from cellpick.metrology.lab import Lab
from cellpick.metrology.nguyen import ANGLES_DEG, DISTANCES_M, axial_sigma_m
from cellpick.metrology.noise import correlation_length, growth_exponent
from cellpick.metrology.places import published_m, reference_m, tilted_m, working_range_m
from cellpick.metrology.plate import LAGS_PX, PlateNoise, dithered_noise, plate_noise
from cellpick.metrology.records import Curve, Figure, Series
from cellpick.metrology.solids import missing_share
from cellpick.scene import ActiveStereo, KinectDepth

OFTEN, SELDOM = 20, 8
"""Captures at a published distance, and at the other places of a curve."""
PLACES_OFTEN, PLACES_SELDOM = 12, 3
"""Places within a pixel of disparity at which a stereo camera takes two captures each; a tilted
plate has all fractions of a pixel at one place."""
TILTS_DEG = (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0)
FACED_DEG = 40.0
"""Steepest angle at which a camera of a station looks at the tops that it is there for."""
_NAN = float("nan")


class Measured(NamedTuple):
    """Figures and curves of one part of the examination."""

    figures: list[Figure]
    curves: list[Curve]


def noise_over_distance(lab: Lab) -> Measured:
    """Noise square on at each published distance and over the working range."""
    spots = published_m(lab.model, "point_precision_mm", reference_m(lab.model))
    published = [_noise(lab, z, often=True) for z in spots]
    first = published[0]
    at_mm = 1e3 * first.distance_m
    z = working_range_m(lab.model)
    walk = [_noise(lab, float(at)) for at in z]
    sigma = np.array([_precision(lab, seen)[0] for seen in walk])
    noise, error = first.temporal_correlation, first.spatial_correlation
    figures = [
        *(_precision_figure(lab, seen) for seen in published),
        Figure("temporal_noise_mm", 1e3 * first.temporal_m, 1e3 * first.temporal_doubt_m, at_mm),
        Figure("plane_rms_mm", 1e3 * first.spatial_m, 1e3 * first.spatial_doubt_m, at_mm),
        Figure("noise_exponent", growth_exponent(z, sigma)),
        *_subpixel(lab, z, sigma),
        Figure("noise_correlation_px", correlation_length(noise), at_mm=at_mm),
        Figure("error_correlation_px", correlation_length(error), at_mm=at_mm),
    ]
    return Measured(figures, [_distance_curve(lab, z, walk), _correlation_curve(first)])


def noise_over_angle(lab: Lab) -> Measured:
    """Noise and holes over the incidence angle, on white and on bare aluminium."""
    z = tilted_m(lab.model)
    x, tilts, at_mm = np.array(TILTS_DEG), np.radians(TILTS_DEG), 1e3 * z
    walk = [_noise(lab, z, float(a)) for a in tilts]
    noise = np.array([1e3 * _precision(lab, seen)[0] for seen in walk])
    white = np.array([seen.missing for seen in walk])
    bare = np.array([missing_share(lab, "aluminium", z, float(a)) for a in tilts])
    lines = [Series("measured", noise)]
    if isinstance(lab.model.depth, KinectDepth):
        lines.append(Series("Nguyen et al. 2012", 1e3 * axial_sigma_m(z, tilts), "model"))
    faced = x <= FACED_DEG
    figures = [
        Figure(
            "noise_at_60deg", float(noise[-1] / noise[0]) if noise[0] > 0 else _NAN, at_mm=at_mm
        ),
        Figure("missing_white", float(white[faced].mean()), at_mm=at_mm),
        Figure("missing_aluminium", float(bare[faced].mean()), at_mm=at_mm),
    ]
    over = "incidence angle, deg"
    holes = (Series("white matt", white), Series("bare aluminium", bare, "second"))
    return Measured(
        figures,
        [
            Curve(
                "noise_over_angle",
                f"Noise over incidence angle, white plate at {at_mm:.0f} mm",
                over,
                "standard deviation of depth, mm",
                x,
                tuple(lines),
            ),
            Curve(
                "missing_over_angle",
                f"Points without a reading at {at_mm:.0f} mm",
                over,
                "share of points",
                x,
                holes,
            ),
        ],
    )


def against_nguyen(lab: Lab) -> Measured:
    """The first Kinect's curve over distances and angles; nothing for another principle."""
    if not isinstance(lab.model.depth, KinectDepth):
        return Measured([], [])
    tilts, ratios, lines = np.radians(ANGLES_DEG), [], []
    for z in DISTANCES_M:
        sigma = np.array([plate_noise(lab, z, float(a), SELDOM).temporal_m for a in tilts])
        paper = axial_sigma_m(z, tilts)
        ratios += list(sigma / paper)
        lines += [
            Series(f"{z:g} m", 1e3 * sigma),
            Series("", 1e3 * paper, "model"),
        ]
    off = np.abs(np.log(np.where(np.isfinite(ratios), ratios, np.inf)))
    worst = Figure(
        "nguyen_worst",
        float(ratios[int(np.argmax(off))]),
        published=1.0,
        source="Nguyen, Izadi, Lovell (2012), eq. 3",
        certainty="second-hand",
    )
    curve = Curve(
        "nguyen",
        "Measured (points) against Nguyen et al. 2012 (dashed), white plate",
        "incidence angle, deg",
        "standard deviation of depth, mm",
        np.array(ANGLES_DEG),
        tuple(lines),
    )
    return Measured([worst], [curve])


def noise_m(lab: Lab, z_m: float) -> float:
    """Noise of one reading at a distance, as the headline figure has it."""
    return _precision(lab, _noise(lab, z_m))[0]


def _noise(lab: Lab, z_m: float, angle_rad: float = 0.0, *, often: bool = False) -> PlateNoise:
    depth = lab.model.depth
    if isinstance(depth, ActiveStereo):
        places = PLACES_OFTEN if often else PLACES_SELDOM if angle_rad == 0 else 1
        one_pixel = z_m**2 / (depth.focal_px * depth.baseline_m)
        return dithered_noise(lab, z_m, angle_rad, 2, places, one_pixel)
    return plate_noise(lab, z_m, angle_rad, OFTEN if often else SELDOM)


def _precision(lab: Lab, seen: PlateNoise) -> tuple[float, float]:
    """The maker's figure of noise, and its standard uncertainty."""
    if isinstance(lab.model.depth, ActiveStereo):
        return seen.spatial_m, seen.spatial_doubt_m
    return seen.temporal_m, seen.temporal_doubt_m


def _precision_figure(lab: Lab, seen: PlateNoise) -> Figure:
    value, doubt = _precision(lab, seen)
    return Figure("point_precision_mm", 1e3 * value, 1e3 * doubt, 1e3 * seen.distance_m)


def _subpixel(lab: Lab, z: Floats, sigma_m: Floats) -> list[Figure]:
    depth = lab.model.depth
    if not isinstance(depth, ActiveStereo):
        return []
    disparity = sigma_m * depth.focal_px * depth.baseline_m / z**2
    seen = disparity[np.isfinite(disparity)]
    if len(seen) < 2:
        return [Figure("subpixel_px", _NAN)]
    doubt = float(seen.std(ddof=1) / np.sqrt(len(seen)))
    return [Figure("subpixel_px", float(seen.mean()), doubt)]


def _distance_curve(lab: Lab, z: Floats, walk: list[PlateNoise]) -> Curve:
    x = 1e3 * z
    lines = [
        Series("temporal noise", np.array([1e3 * seen.temporal_m for seen in walk])),
        Series("plane fit rms", np.array([1e3 * seen.spatial_m for seen in walk]), "second"),
    ]
    if isinstance(lab.model.depth, KinectDepth):
        curve = np.array([1e3 * axial_sigma_m(float(at), np.zeros(1))[0] for at in z])
        lines.append(Series("Nguyen et al. 2012", curve, "model"))
    else:
        for p in lab.model.published:
            if p.figure == "point_precision_mm" and p.at_m is not None:
                name = f"published {p.value:g} mm at {1e3 * p.at_m:g} mm, growing with z^2"
                lines.append(Series(name, p.value * (z / p.at_m) ** 2, "model"))
                break
    return Curve(
        "noise_over_distance",
        "Noise over distance, white plate square on",
        "distance, mm",
        "standard deviation of depth, mm",
        x,
        tuple(lines),
        logarithmic=True,
    )


def _correlation_curve(seen: PlateNoise) -> Curve:
    noise = Series("noise: what changes from capture to capture", seen.temporal_correlation)
    error = Series("deviation from the best plane", seen.spatial_correlation, "second")
    return Curve(
        "correlation",
        f"Correlation of neighbouring depth errors, white plate at {1e3 * seen.distance_m:.0f} mm",
        "distance along the row, px",
        "correlation",
        np.arange(LAGS_PX + 1, dtype=np.float64),
        (noise, error),
    )
