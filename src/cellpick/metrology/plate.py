"""The white plate: noise over distance and angle, correlation, point spacing, planarity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats
from cellpick.metrology.lab import Lab
from cellpick.metrology.noise import (
    autocorrelation,
    sigma_uncertainty,
    temporal_part,
    temporal_sigma,
)
from cellpick.metrology.planes import fit_plane
from cellpick.metrology.views import cloud, directions, middle
from cellpick.scene import CameraModel

HALF_ANGLE_RAD = float(np.radians(2.5))
"""Half the width of what is evaluated: on a tilted plate the distance changes with the column."""
HALF_ROWS_PX = 32
HALF_FIELD_PX = 80
"""Half the width of the field whose deviation from a plane is taken."""
LAGS_PX = 60
BLOCK_PX = 16
"""Side of the blocks whose mean stands for the plate's form: noise is averaged out of it."""


@dataclass(frozen=True, eq=False)
class PlateNoise:
    """What repeated captures of a plate show, in metres along the camera's z."""

    distance_m: float
    """Where the plate stood."""
    angle_rad: float
    """Incidence angle of the optical axis."""
    temporal_m: float
    """Standard deviation of a point over the captures; NaN where nothing was read."""
    temporal_doubt_m: float
    """Standard uncertainty of `temporal_m`."""
    spatial_m: float
    """Root mean square deviation from the best plane in one capture, over all captures."""
    spatial_doubt_m: float
    """Standard uncertainty of `spatial_m`; NaN from one place of the plate alone."""
    missing: float
    """Share of the points without a reading."""
    temporal_correlation: Floats
    """(61,) of the noise with that of 0 to 60 columns to the right."""
    spatial_correlation: Floats
    """(61,) likewise of the deviation from the plane."""


def plate_noise(
    lab: Lab, distance_m: float, angle_rad: float, times: int, target: str = "plate"
) -> PlateNoise:
    """Noise of a camera before a plate, from `times` captures."""
    model = lab.model
    stack = lab.depths(times, target, distance_m, angle_rad)
    half = model.K[0, 0] * np.tan(HALF_ANGLE_RAD)
    rows, columns = middle(model, min(half, HALF_FIELD_PX), HALF_ROWS_PX)
    near = stack[:, rows, columns]
    field = (slice(None), *middle(model, HALF_FIELD_PX, HALF_ROWS_PX))
    residual = _along_z(cloud(model, stack)[field])
    return PlateNoise(
        distance_m=distance_m,
        angle_rad=angle_rad,
        temporal_m=temporal_sigma(near),
        temporal_doubt_m=sigma_uncertainty(near),
        spatial_m=float(np.sqrt(np.nanmean(residual**2))) if np.isfinite(residual).any() else _NAN,
        spatial_doubt_m=_NAN,
        missing=float(np.mean(np.isnan(near))),
        temporal_correlation=autocorrelation(temporal_part(stack[field]), LAGS_PX),
        spatial_correlation=autocorrelation(residual, LAGS_PX),
    )


def dithered_noise(
    lab: Lab, distance_m: float, angle_rad: float, times: int, places: int, width_m: float
) -> PlateNoise:
    """`plate_noise` over `places` of the plate spread evenly over `width_m` about the distance.

    A stereo matcher's error depends on the fraction of a pixel that the disparity has; a plate
    square on has one fraction all over, so one place would show one sample of that error.
    """
    offset = width_m * ((np.arange(places) + 0.5) / places - 0.5)
    walk = [plate_noise(lab, distance_m + float(d), angle_rad, times) for d in offset]
    temporal = np.array([seen.temporal_m for seen in walk])
    spatial = np.array([seen.spatial_m for seen in walk])
    return PlateNoise(
        distance_m=distance_m,
        angle_rad=angle_rad,
        temporal_m=_rms(temporal),
        temporal_doubt_m=_doubt(temporal),
        spatial_m=_rms(spatial),
        spatial_doubt_m=_doubt(spatial),
        missing=float(np.mean([seen.missing for seen in walk])),
        temporal_correlation=np.mean([seen.temporal_correlation for seen in walk], axis=0),
        spatial_correlation=np.mean([seen.spatial_correlation for seen in walk], axis=0),
    )


def point_spacing(model: CameraModel, depth: Floats) -> float:
    """Median distance in metres between neighbouring points of the image's middle.

    Noise would lengthen it, so all points are put at the plate's median depth; NaN without any.
    """
    if not np.isfinite(depth).any():
        return _NAN
    rows, columns = middle(model, HALF_ROWS_PX, HALF_ROWS_PX)
    points = (directions(model) * np.nanmedian(depth))[rows, columns]
    return float(np.median(np.linalg.norm(np.diff(points, axis=1), axis=-1)))


def planarity(lab: Lab, distance_m: float, times: int) -> tuple[float, float]:
    """Root mean square and range, in metres, of a plate's form over the whole image.

    The captures are averaged, then blocks of 16 x 16 pixels, so that the form is left and noise
    is not; what noise is left is taken off the first figure.
    """
    stack = lab.depths(times, "plate", distance_m)
    blocks = _block_means(cloud(lab.model, stack))
    form = blocks.mean(axis=0).reshape(-1, 3)
    form = form[np.isfinite(form).all(axis=1)]
    if len(form) < 4:
        return _NAN, _NAN
    away = fit_plane(form).distances(form)
    # variance of the mean over the captures of what changes between them
    rest = temporal_sigma(blocks[..., 2]) ** 2 / times if times > 1 else 0.0
    return float(np.sqrt(max(np.mean(away**2) - rest, 0.0))), float(np.ptp(away))


_NAN = float("nan")


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _doubt(values: Floats) -> float:
    """Standard uncertainty of the mean of independent values; NaN of one."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else _NAN


def _along_z(points: Floats) -> Floats:
    """Deviation (k, h, w) along z of each image's points from its own best plane."""
    out = np.full(points.shape[:-1], np.nan)
    for row, image in enumerate(points):
        flat = image.reshape(-1, 3)
        seen = flat[np.isfinite(flat).all(axis=1)]
        if len(seen) >= 4:
            plane = fit_plane(seen)
            out[row] = (plane.distances(flat) / plane.normal[2]).reshape(image.shape[:-1])
    return out


def _block_means(points: Floats) -> Floats:
    """Means (k, bh, bw, 3) of the blocks of clouds (k, h, w, 3); NaN where half a block is NaN."""
    k, h, w, _ = points.shape
    bh, bw = h // BLOCK_PX, w // BLOCK_PX
    cut = points[:, : bh * BLOCK_PX, : bw * BLOCK_PX]
    blocks = cut.reshape(k, bh, BLOCK_PX, bw, BLOCK_PX, 3)
    seen = np.isfinite(blocks[..., 2])
    count: Floats = np.sum(seen, axis=(2, 4), dtype=np.float64)
    total = np.where(seen[..., None], blocks, 0.0).sum(axis=(2, 4))
    mean = total / np.maximum(count, 1)[..., None]
    result: Floats = np.where((count >= BLOCK_PX**2 / 2)[..., None], mean, np.nan)
    return result
