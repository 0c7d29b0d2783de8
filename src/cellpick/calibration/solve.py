"""Calibrates a whole rig: every camera, every pose and one board in one least-squares problem."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from cellpick.calibration.pinhole import INTRINSICS
from cellpick.calibration.poses import check_sightings
from cellpick.calibration.problem import Geometry, JointProblem
from cellpick.calibration.sightings import Sighting, Sightings
from cellpick.calibration.spread import (
    formal_covariance,
    jackknife,
    jackknife_covariance,
    shared_covariance,
)
from cellpick.calibration.start import CameraStart, start_geometry
from cellpick.geometry import Floats

Intrinsics = Literal["solve", "hold"]
FOCAL_SHARE = 5e-4
"""Prior of a focal length, as a share of it: what a maker's calibration is still worth in the
plant; assumed."""
CENTRE_PX = 0.5
"""Prior of the principal point in pixels; assumed."""
DISTORTION = (2e-3, 5e-3, 1e-4, 1e-4, 5e-3)
"""Prior of k1 k2 p1 p2 k3; assumed."""
CONTRADICTED = 33.7
"""A camera's lens is not what was believed when its nine deviations weigh more: exceeded by chance
once in 10,000 lenses (chi-squared, nine degrees of freedom)."""
WIDER = 20.0
"""Factor on the prior of such a lens: its pictures decide."""
CORNER_PX = 0.1
"""Noise of a corner that the solution starts with, before the residuals tell it."""
ROBUST = 3.0
"""Residual in standard deviations beyond which a corner weighs less in the first fit."""
LONG_STEP = 1e5
"""First step allowed, in units of what moves the residuals by one standard deviation."""
OUTLIER_SIGMAS = 5.0
"""A corner farther off than this is none."""
SHARED_PX = 4e-3
"""Error that all corners of a camera share, along u and along v: the root mean square of the biases
that rendered corners were measured to have (benchmarks/results/calibration.md)."""
LEAST_SIGMA_PX = 1e-3
"""Noise never counts as smaller: corners are stored to about this."""


@dataclass(frozen=True, eq=False)
class Solution:
    """The joint problem, solved: parameters are small motions round the problem's geometry."""

    problem: JointProblem
    """Round its own solution."""
    x: Floats
    """(size,) the parameters there."""
    covariance: Floats
    """(size, size) of the parameters, by the Jacobian or the poses' spread, whichever is more, and
    by what the corners share."""
    leave_one_out: Floats
    """(k, size) changes of the parameters without each pose."""
    spread_ratio: float
    """Standard deviation over resampled poses as a multiple of the Jacobian's."""
    starts: tuple[CameraStart, ...]
    """Each camera on its own."""
    outliers: int
    """Corners that were left out."""
    contradicted: tuple[str, ...]
    """Cameras whose lens was found to be another than believed."""


def solve(sightings: Sightings, intrinsics: Intrinsics) -> Solution:
    """Solve a rig; raises `InputError` for pictures or poses that cannot be solved.

    `intrinsics` are held, or solved round what was believed before; a lens that its pictures
    contradict is solved from them alone.
    """
    check_sightings(sightings)
    geometry, starts = start_geometry(sightings)
    n = len(sightings.cameras)
    prior = np.zeros((n, INTRINSICS))
    if intrinsics == "solve":
        prior = np.stack([_prior(K) for K in geometry.intrinsics])
    solution = _solve(sightings, geometry, prior, starts)
    wrong = np.array([_deviation(solution, row) > CONTRADICTED for row in range(n)])
    if wrong.any():
        wider = np.where(wrong[:, None], WIDER * prior, prior)
        solution = _solve(sightings, geometry, wider, starts)
    names = tuple(c.camera for c, bad in zip(sightings.cameras, wrong, strict=True) if bad)
    return replace(solution, contradicted=names)


def _solve(
    sightings: Sightings, geometry: Geometry, prior: Floats, starts: tuple[CameraStart, ...]
) -> Solution:
    corner_px = np.full(len(prior), CORNER_PX)
    problem = JointProblem(sightings, geometry, corner_px, prior)
    x = _rigid(problem)
    kept = _without_outliers(problem, x)
    dropped = len(problem.picture) - sum(len(p.corners) for p in kept.pictures)
    problem = JointProblem(kept, geometry, corner_px, prior)
    problem, x = problem.recentred(x, _sigma_px(problem, x))
    problem, x = problem.recentred(_least(problem, x), problem.sigma_px)
    problem, x = problem.recentred(x, _sigma_px(problem, x))
    J = problem.jacobian(x)
    formal, left_out = formal_covariance(J), jackknife(problem, x, J)
    ratio = _ratio(jackknife_covariance(left_out), formal, problem.poses)
    covariance = formal * max(1.0, ratio) ** 2 + shared_covariance(problem, J, SHARED_PX)
    return Solution(problem, x, covariance, left_out, ratio, starts, dropped, ())


def _deviation(solution: Solution, row: int) -> float:
    """How far a camera's intrinsics are from the beliefs, against what chance would make of it.

    A solved deviation in units of its prior has the variance 1 less what is left unknown of it.
    """
    first = solution.problem.intrinsics.start + INTRINSICS * row
    at = slice(first, first + INTRINSICS)
    known = np.eye(INTRINSICS) - formal_covariance(solution.problem.jacobian(solution.x))[at, at]
    deviation = solution.x[at]
    # a lens that is held, or that no picture tells of, cannot be contradicted
    return float(deviation @ np.linalg.pinv(known, rcond=1e-6) @ deviation)


def _prior(K: Floats) -> Floats:
    return np.array([*(FOCAL_SHARE * K[:2]), CENTRE_PX, CENTRE_PX, *DISTORTION])


def _rigid(problem: JointProblem) -> Floats:
    """A first fit of the places alone, which a few corners far off do not disturb."""
    count = problem.board.stop
    rest = np.zeros(problem.size - count)

    def jacobian(x: Floats) -> Floats:
        return problem.jacobian(np.concatenate([x, rest]))[:, :count]

    found = least_squares(
        lambda x: problem.residuals(np.concatenate([x, rest])),
        np.zeros(count),
        jacobian,
        loss="soft_l1",
        f_scale=ROBUST,
        x_scale=_scale(jacobian(np.zeros(count))),
        ftol=1e-5,
    )
    return np.concatenate([found.x, rest])


def _least(problem: JointProblem, x: Floats) -> Floats:
    scale = _scale(problem.jacobian(x))
    found = least_squares(problem.residuals, x, problem.jacobian, x_scale=scale)
    result: Floats = found.x
    return result


def _scale(J: Floats) -> Floats:
    """(p,) of the parameters: SciPy's first step is at most 1 of them all together, and the start
    is near enough for a whole Gauss-Newton step."""
    result: Floats = LONG_STEP / np.maximum(np.linalg.norm(J, axis=0), 1e-9)
    return result


def _without_outliers(problem: JointProblem, x: Floats) -> Sightings:
    errors = problem.errors_px(x)
    camera = np.array([p.camera for p in problem.sightings.pictures])[problem.picture]
    middle = np.array(
        [np.median(np.abs(errors[camera == i])) for i in range(len(problem.sigma_px))]
    )
    # a normal deviate is beyond 0.6745 of its standard deviation half the time
    sigma = np.maximum(middle / 0.6745, LEAST_SIGMA_PX)
    good = (np.abs(errors) / sigma[camera, None]).max(axis=1) < OUTLIER_SIGMAS
    pictures = []
    for row, picture in enumerate(problem.sightings.pictures):
        rows = good[problem.picture == row]
        if rows.any():
            pictures.append(_some(picture, rows))
    return replace(problem.sightings, pictures=tuple(pictures))


def _some(picture: Sighting, rows: NDArray[np.bool_]) -> Sighting:
    return replace(picture, corners=picture.corners[rows], pixels=picture.pixels[rows])


def _sigma_px(problem: JointProblem, x: Floats) -> Floats:
    """(n,) noise of one corner along u or v, by what the fit left."""
    errors = problem.errors_px(x)
    camera = np.array([p.camera for p in problem.sightings.pictures])[problem.picture]
    sums = np.array([(errors[camera == i] ** 2).sum() for i in range(len(problem.sigma_px))])
    count = 2 * np.bincount(camera, minlength=len(sums))
    # each camera takes its share of the parameters that the corners have to feed
    free = 1 - (problem.size - 6 * len(problem.sigma_px)) / max(2 * len(camera), problem.size)
    result: Floats = np.maximum(np.sqrt(sums / count / free), LEAST_SIGMA_PX)
    return result


def _ratio(resampled: Floats, formal: Floats, rows: slice) -> float:
    share = np.diag(resampled)[rows] / np.diag(formal)[rows]
    return float(np.sqrt(np.median(share)))
