"""Spheres through measured points, for ball bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats, checked

LEAST_POINTS = 4
STEPS = 20
"""Gauss-Newton steps at most; a ball bar's spheres need about five."""
SETTLED = 1e-9
"""Relative step from which the fit has converged."""


@dataclass(frozen=True, eq=False)
class Sphere:
    """A fitted sphere, in the points' unit."""

    centre: Floats
    """(3,) centre."""
    radius: float
    """Radius."""
    rms: float
    """Root mean square distance of the points to its surface."""


def fit_sphere(points: Floats, radius: float | None = None) -> Sphere:
    """Orthogonal least-squares sphere through points (n, 3); a known `radius` is kept.

    Starts from the algebraic fit; Gauss-Newton on the distances follows. With the certified radius
    only the centre is free, as ball bars are evaluated when a camera sees less than half a ball.
    Raises `InputError` for fewer than four finite points.
    """
    p = checked("points", points, (None, 3), finite=False)
    p = p[np.isfinite(p).all(axis=1)]
    if len(p) < LEAST_POINTS:
        raise InputError("a sphere needs four points", key="points", got=len(p))
    # |p|^2 = 2 c.p + (r^2 - |c|^2), about the points' mean for the sake of the condition
    mean = p.mean(axis=0)
    q = p - mean
    A = np.column_stack([2 * q, np.ones(len(q))])
    solution = np.linalg.lstsq(A, (q**2).sum(axis=1), rcond=None)[0]
    centre = solution[:3]
    size = float(np.sqrt(max(solution[3] + centre @ centre, 0.0))) if radius is None else radius
    if radius is not None:
        away = centre / max(float(np.linalg.norm(centre)), 1e-12)
        centre = away * radius
    for _ in range(STEPS):
        ray = centre - q
        distance = np.maximum(np.linalg.norm(ray, axis=1), 1e-12)
        J = ray / distance[:, None]
        if radius is None:
            J = np.column_stack([J, -np.ones(len(J))])
        step = np.linalg.lstsq(J, size - distance, rcond=None)[0]
        centre = centre + step[:3]
        size = size if radius is not None else size + float(step[3])
        if np.linalg.norm(step) < SETTLED * size:
            break
    rms = float(np.sqrt(np.mean((np.linalg.norm(q - centre, axis=1) - size) ** 2)))
    return Sphere(centre + mean, size, rms)
