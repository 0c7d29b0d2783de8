"""The touch test: where a calibrated rig says that points are, against where they truly are.

A point of the working volume is seen by the true cameras at exact pixels, and placed by the
calibrated ones. What is left is the calibration's own error, without the noise of a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from cellpick.errors import InputError
from cellpick.evaluate.touch_views import View, crossing, placed, slopes, view_of
from cellpick.geometry import Floats
from cellpick.scene import CameraSpec
from cellpick.structures import CameraCalibration, RigCalibration
from cellpick.structures.calibration import CAMERA_PARAMETERS

LEVEL = 0.95
"""Level of the predicted figures."""
INSIDE = 7.815
"""Quantile of chi-squared with three degrees of freedom at `LEVEL`."""
DRAWS = 400
"""Draws of the calibration's parameters from their covariance."""
TOGETHER = "all cameras"
"""Name of the eye that triangulates from every camera that sees a point."""


@dataclass(frozen=True, eq=False)
class Touch:
    """What one eye, a camera or all together, makes of the points that it sees."""

    eye: str
    """The camera's name, or `TOGETHER`."""
    errors_m: Floats
    """(n, 3) predicted place less true one, in the base frame."""
    covariance: Floats
    """(n, 3, 3) predicted of those errors."""
    bound_m: float
    """Predicted: in 95 % of calibrations the distances' 95 % quantile is not above it."""

    @property
    def distances_m(self) -> Floats:
        """(n,) how far off the places are."""
        result: Floats = np.linalg.norm(self.errors_m, axis=1)
        return result

    @property
    def p95_m(self) -> float:
        """95 % quantile of the distances."""
        return float(np.quantile(self.distances_m, LEVEL))

    @property
    def held(self) -> bool:
        """Whether the prediction held."""
        return self.p95_m <= self.bound_m

    @property
    def inside_share(self) -> float:
        """Share of the errors that are inside their own predicted ellipsoid at `LEVEL`."""
        weighted = np.linalg.solve(self.covariance, self.errors_m[..., None])[..., 0]
        return float(np.mean((self.errors_m * weighted).sum(axis=1) <= INSIDE))


def touch_test(
    specs: Sequence[CameraSpec],
    depth_scales: Sequence[float],
    calibration: RigCalibration,
    Ts_base_flange: Floats,
    p_base: Floats,
    rng: np.random.Generator,
) -> tuple[Touch, ...]:
    """One entry a camera, then one for all together where there are several.

    `specs` are the n true cameras, `depth_scales` (n,) their readings over the true depth; points
    (m, 3) are seen from flange poses (k, 4, 4). A 2D camera alone is told the point's depth; all
    together triangulate. `rng` draws parameters for the bound. Raises `InputError` for a camera
    that sees none of the points.
    """
    views = [
        view_of(spec, scale, Ts_base_flange, p_base)
        for spec, scale in zip(specs, depth_scales, strict=True)
    ]
    truth = np.tile(p_base, (len(Ts_base_flange), 1))
    cameras, draws = calibration.cameras, _draws(calibration.covariance, rng)
    touches = []
    for row, (camera, view) in enumerate(zip(cameras, views, strict=True)):
        rows = np.flatnonzero(view.seen)
        if not len(rows):
            raise InputError("sees no point of the working volume", key=camera.camera)
        J = np.zeros((len(truth), 3, CAMERA_PARAMETERS * len(cameras)))
        J[..., _columns(row)] = slopes(partial(placed, view=view), camera)
        errors = placed(camera, view) - truth
        touches.append(_judged(camera.camera, errors[rows], J[rows], calibration, draws))
    rows = np.flatnonzero(np.sum([view.seen for view in views], axis=0) >= 2)
    if len(rows):
        errors = crossing(cameras, views) - truth
        J = _crossing_slopes(cameras, views)
        touches.append(_judged(TOGETHER, errors[rows], J[rows], calibration, draws))
    return tuple(touches)


def _columns(row: int) -> slice:
    return slice(CAMERA_PARAMETERS * row, CAMERA_PARAMETERS * (row + 1))


def _crossing_slopes(cameras: Sequence[CameraCalibration], views: Sequence[View]) -> Floats:
    def with_one(moved: CameraCalibration, row: int) -> Floats:
        return crossing([*cameras[:row], moved, *cameras[row + 1 :]], views)

    parts = [slopes(partial(with_one, row=row), camera) for row, camera in enumerate(cameras)]
    return np.concatenate(parts, axis=-1)


def _draws(covariance: Floats, rng: np.random.Generator) -> Floats:
    """(DRAWS, p) parameter errors; some directions of the covariance may have none."""
    value, vector = np.linalg.eigh(covariance)
    root = vector * np.sqrt(np.maximum(value, 0.0))
    result: Floats = rng.standard_normal((DRAWS, len(value))) @ root.T
    return result


def _judged(
    eye: str, errors_m: Floats, J: Floats, calibration: RigCalibration, draws: Floats
) -> Touch:
    covariance = J @ calibration.covariance @ np.swapaxes(J, 1, 2)
    distances = np.linalg.norm(np.einsum("nij,dj->dni", J, draws), axis=2)
    bound = np.quantile(np.quantile(distances, LEVEL, axis=1), LEVEL)
    return Touch(eye, errors_m, covariance, float(bound))
