"""How sure the solution is: by its Jacobian, and by leaving out one pose after the other."""

from __future__ import annotations

import numpy as np

from cellpick.calibration.problem import JointProblem
from cellpick.geometry import Floats


def formal_covariance(J: Floats) -> Floats:
    """(size, size) covariance of the parameters; the rows of `J` (r, size) have unit variance."""
    result: Floats = np.linalg.inv(J.T @ J)
    return result


def shared_covariance(problem: JointProblem, J: Floats, sigma_px: float) -> Floats:
    """(size, size) covariance of the parameters by an error of `sigma_px` along u and along v that
    all corners of a camera share: it is not solved for, and more pictures do not average it out.

    A considered parameter: Tapley, Schutz and Born (2004), "Statistical orbit determination",
    section 6.2. `J` (r, size) are the derivatives of the problem's residuals.
    """
    camera = np.array([picture.camera for picture in problem.sightings.pictures])
    of_row = camera[problem.picture_rows]
    shared = np.zeros((len(J), 2 * len(problem.sigma_px)))
    rows = np.arange(len(of_row))
    shared[rows, 2 * of_row + rows % 2] = sigma_px / problem.sigma_px[of_row]
    moved = np.linalg.solve(J.T @ J, J.T @ shared)
    result: Floats = moved @ moved.T
    return result


def jackknife(problem: JointProblem, x: Floats, J: Floats) -> Floats:
    """(k, size) changes of the parameters when each of k poses is left out.

    One Gauss-Newton step each from the solution `x`, with the derivatives `J` there.
    """
    r = problem.residuals(x)
    pose = np.array([picture.pose for picture in problem.sightings.pictures])
    of_row = pose[problem.picture_rows]
    H = J.T @ J
    steps = []
    for j in range(len(problem.sightings.Ts_base_flange)):
        rows = np.flatnonzero(of_row == j)
        own = J[rows]
        steps.append(np.linalg.solve(H - own.T @ own, own.T @ r[rows]))
    return np.array(steps)


def jackknife_covariance(steps: Floats) -> Floats:
    """(p, p) covariance of k leave-one-out changes (k, p).

    Efron and Tibshirani (1993), "An introduction to the bootstrap", eq. 11.5.
    """
    k = len(steps)
    centred = steps - steps.mean(axis=0)
    result: Floats = (k - 1) / k * centred.T @ centred
    return result
