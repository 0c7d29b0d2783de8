"""How sure the solution is: by its Jacobian, and by leaving out one pose after the other."""

from __future__ import annotations

import numpy as np

from cellpick.calibration.problem import JointProblem
from cellpick.geometry import Floats


def formal_covariance(J: Floats) -> Floats:
    """(size, size) covariance of the parameters; the rows of `J` (r, size) have unit variance."""
    result: Floats = np.linalg.inv(J.T @ J)
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
