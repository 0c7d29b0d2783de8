"""Where the targets stand before a camera: at its published distances, within its range."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats
from cellpick.metrology.targets import STEP_M
from cellpick.scene import CameraModel

FARTHEST_M = 2.5
"""The plate does not fill the image from farther away, and no pick is made there."""
PLACES = 7
INSIDE = 0.005
"""Least share of the distance by which a plate stands inside the range: noise must not cut it."""
ROOM_FOR_TILT = 0.08
"""The same for a tilted plate, whose evaluated part reaches nearer and farther."""


def published_m(model: CameraModel, key: str, otherwise_m: float) -> list[float]:
    """Distances at which a figure is published, or the given one where none is; all in range."""
    found = [p.at_m for p in model.published if p.figure == key and p.at_m is not None]
    return [in_range(model, z, INSIDE) for z in found or [otherwise_m]]


def reference_m(model: CameraModel) -> float:
    """Distance of a 3D camera's headline figures: the published precision's, else its own."""
    assert model.depth is not None
    return published_m(model, "point_precision_mm", model.depth.stated.reference_m)[0]


def tilted_m(model: CameraModel) -> float:
    """The headline distance, or the nearest at which a tilted plate and a step are in range."""
    assert model.depth is not None
    room = min(reference_m(model), model.depth.far_m - STEP_M)
    return in_range(model, room, ROOM_FOR_TILT)


def working_range_m(model: CameraModel) -> Floats:
    """(7,) distances over the working range, evenly spread on a logarithmic scale."""
    assert model.depth is not None
    low, high = model.depth.near_m, min(model.depth.far_m, FARTHEST_M)
    low = 1.02 * low
    return np.geomspace(low, max(0.98 * high, 1.001 * low), PLACES)


def in_range(model: CameraModel, z_m: float, share: float) -> float:
    """The distance, moved inside the camera's range by at least `share` of the range's ends."""
    if model.depth is None:
        return z_m
    low, high = (1 + share) * model.depth.near_m, (1 - share) * model.depth.far_m
    return float(np.clip(z_m, min(low, high), max(low, high)))
