"""How well each cell of a heap is placed: readings' noise, and what a camera's readings share."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats
from cellpick.perception.fusion import shared_sigma
from cellpick.perception.heap.hypotheses import Hypotheses
from cellpick.perception.heap.surface import Surface

FREE_RAD = np.pi / 2
"""Standard deviation of the turn about the axis, which is a symmetry."""
READ_END_M = 3e-4
"""Standard deviation of an end that is read from depth: a third of a pixel's footprint."""
SHORTEST = 0.05
"""Part of a side that is thought to be seen at least."""


def covariances(found: Hypotheses, surfaces: list[Surface], height_m: float) -> Floats:
    """(n, 6, 6) of the small motion in the cell frame."""
    n = len(found.Ts)
    cov = np.zeros((n, 6, 6))
    if not n:
        return cov
    axis = found.fitted.covariance()
    # the axis was fitted about the middle of what is seen; the cell's middle lies beyond it
    shift = found.places.middle
    J = np.tile(np.eye(4), (n, 1, 1))
    J[:, 0, 3], J[:, 1, 2] = shift, -shift
    lateral = J @ axis @ np.swapaxes(J, 1, 2)
    rows = np.array([0, 1, 3, 4])
    cov[:, rows[:, None], rows] = lateral
    cov[:, 2, 2] = found.places.doubt_m**2 + READ_END_M**2
    cov[:, 5, 5] = FREE_RAD**2
    place, turn = _shared(found, surfaces, height_m)
    for k in range(3):
        cov[:, k, k] += place**2
    for k in (3, 4):
        cov[:, k, k] += turn**2
    return cov


def _shared(found: Hypotheses, surfaces: list[Surface], height_m: float) -> tuple[Floats, Floats]:
    """Standard deviations (n,) of place and turn that a camera's readings have in common; those
    of two cameras are independent."""
    n = len(found.Ts)
    weight = np.zeros((2, n))
    # what of a side is seen, as if it were seen evenly
    moments = np.diagonal(found.fitted.information, axis1=1, axis2=2)
    spread = moments[:, 2:].sum(axis=1) / np.maximum(moments[:, :2].sum(axis=1), 1e-9)
    length = np.clip(np.sqrt(12 * spread), SHORTEST * height_m, height_m)
    for surface, used in zip(surfaces, found.by_camera.T, strict=True):
        belief = surface.capture.calibration
        z = np.linalg.norm(found.Ts[:, :3, 3] - surface.eye_region, axis=1)
        depth = shared_sigma(belief, z).astype(np.float64)
        place = np.hypot(belief.translation_sigma_m, belief.rotation_sigma_rad * z)
        turn = np.hypot(belief.rotation_sigma_rad, 2 * belief.depth_warp_m / length)
        weight[0] += (used > 0) / (place**2 + depth**2)
        weight[1] += (used > 0) / turn**2
    place, turn = 1 / np.sqrt(np.maximum(weight, 1e-12))
    # cameras that see different parts of a cell lean it by what their places differ
    return place, np.hypot(turn, 2 * place * found.fitted.lean)
