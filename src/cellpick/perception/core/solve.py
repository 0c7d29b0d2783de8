"""The weighted least-squares step of all cells at once, with each camera's pose error taken out.

A camera whose calibration is off sees every cell moved by a small motion that it shares over all of
that cell's readings. That motion is an unknown beside the cell's own, with the calibration's
covariance as its prior; eliminating it (Schur complement) weighs each camera by what it knows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats, translation
from cellpick.perception.core.views import adjoint

PRIOR_SIGMA = np.array([5e-3] * 3 + [np.radians(5.0)] * 3)
"""Weak prior about the initial pose, metres and radians: keeps unseen directions where they are."""
FREE_SIGMA_RAD = np.pi / 2
"""Standard deviation of an angle that a symmetry leaves free."""


@dataclass(frozen=True, eq=False)
class Step:
    """The solution of n cells' normal equations."""

    cell: Floats
    """(n, 6) small motion of the cells."""
    seen: Floats
    """(n, c, 6) small motion from the new cell pose to where each camera sees the cell."""
    covariance: Floats
    """(n, 6, 6) of the cells' small motion."""


def free_axes(symmetry_axes: Floats) -> Floats:
    """(6, 6) projector onto the small rotations about the free axes (s, 3)."""
    out = np.zeros((6, 6))
    for axis in symmetry_axes:
        out[3:, 3:] += np.outer(axis, axis) / (axis @ axis)
    return out


def weak_prior(pivots: Floats) -> Floats:
    """(n, 6, 6) information of `PRIOR_SIGMA` about points (n, 3) fixed in the cells' frames."""
    A = adjoint(translation(-pivots)) / PRIOR_SIGMA[:, None]
    result: Floats = np.swapaxes(A, -1, -2) @ A
    return result


def solve_step(
    A: Floats,
    g: Floats,
    calibration: Floats,
    seen: Floats,
    prior: Floats,
    pull: Floats,
    free: Floats,
) -> Step:
    """Solve for the cells and the cameras' views of them.

    `A` (n, c, 6, 6) and `g` (n, c, 6) are each camera's information and gradient about where it
    sees the cell now, `calibration` (n, c, 6, 6) the inverse covariance of that view about the
    cell, `seen` (n, c, 6) the views' present motion, `prior` (n, 6, 6) and `pull` (n, 6) the
    information and gradient of what is known of the cells beside the cameras, `free` (6, 6) the
    projector of `free_axes`.
    """
    fixed = np.eye(6) - free
    A, g = fixed @ A @ fixed, g @ fixed
    target = g + (A @ seen[..., None])[..., 0]
    # A - A (A + P^-1)^-1 A = A (A + P^-1)^-1 P^-1, the second form without cancellation
    gain = np.swapaxes(np.linalg.solve(A + calibration, A), -1, -2)
    information = gain @ calibration
    known = _symmetric(information).sum(axis=1)
    pulls = target - (gain @ target[..., None])[..., 0]
    H = known + fixed @ prior @ fixed + free / FREE_SIGMA_RAD**2
    right = pulls.sum(axis=1) + pull @ fixed
    covariance = _symmetric(np.linalg.inv(H))
    cell = (covariance @ right[..., None])[..., 0]
    left = target - (A @ cell[:, None, :, None])[..., 0]
    views = np.linalg.solve(A + calibration, left[..., None])[..., 0]
    return Step(cell, views, covariance)


def _symmetric(matrix: Floats) -> Floats:
    result: Floats = 0.5 * (matrix + np.swapaxes(matrix, -1, -2))
    return result
