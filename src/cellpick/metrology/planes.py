"""Planes through measured points: fit, residuals, flatness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats, checked

LEAST_POINTS = 3


@dataclass(frozen=True, eq=False)
class Plane:
    """The plane `normal . p = offset`."""

    normal: Floats
    """(3,) unit normal; its z is not positive, so that it points to a camera at the origin."""
    offset: float
    """Signed distance of the plane from the origin along the normal, in the points' unit."""

    def distances(self, points: Floats) -> Floats:
        """Signed distances (n,) of points (n, 3); positive towards the camera."""
        result: Floats = points @ self.normal - self.offset
        return result


def fit_plane(points: Floats) -> Plane:
    """Orthogonal least-squares plane (Gaussian fit, ISO 12781-1) through points (n, 3).

    Raises `InputError` for fewer than three finite points.
    """
    p = checked("points", points, (None, 3), finite=False)
    p = p[np.isfinite(p).all(axis=1)]
    if len(p) < LEAST_POINTS:
        raise InputError("a plane needs three points", key="points", got=len(p))
    centre = p.mean(axis=0)
    # the smallest eigenvector of the scatter is the normal
    _, vectors = np.linalg.eigh((p - centre).T @ (p - centre))
    normal = vectors[:, 0]
    normal = -normal if normal[2] > 0 else normal
    return Plane(normal, float(normal @ centre))


def plane_rms(points: Floats) -> float:
    """Root mean square distance of points (n, 3) to their own best plane; NaN below three points.

    "Plane fit RMS error" (spatial noise) of the RealSense depth quality tool.
    """
    p = points[np.isfinite(points).all(axis=1)]
    if len(p) < LEAST_POINTS:
        return float("nan")
    return float(np.sqrt(np.mean(fit_plane(p).distances(p) ** 2)))


def flatness(points: Floats) -> float:
    """Range of the signed distances to the best plane; NaN below three points.

    Flatness measurement error RE of VDI/VDE 2634 part 2: the farthest point on one side plus the
    farthest on the other.
    """
    p = points[np.isfinite(points).all(axis=1)]
    if len(p) < LEAST_POINTS:
        return float("nan")
    return float(np.ptp(fit_plane(p).distances(p)))
