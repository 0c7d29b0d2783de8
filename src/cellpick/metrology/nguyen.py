"""Nguyen's curve for the first Kinect, written anew from the paper to measure against."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats

DISTANCES_M = (0.5, 0.75, 1.0, 1.5, 2.0)
ANGLES_DEG = (0.0, 15.0, 30.0, 45.0, 60.0)
"""Where the curve is compared; the paper measured 0.4 to 3 m and 10 to 60 degrees, and more."""


def axial_sigma_m(distance_m: float, angles_rad: Floats) -> Floats:
    """Axial noise (n,) in metres at incidence angles (n,) below pi/2.

    Nguyen, Izadi, Lovell (2012), "Modeling Kinect sensor noise for improved 3D reconstruction and
    tracking", eq. 3: 0.0012 + 0.0019 (z - 0.4)^2 + 0.0001 / sqrt(z) theta^2 / (pi/2 - theta)^2.
    """
    theta = np.asarray(angles_rad, dtype=np.float64)
    square_on = 0.0012 + 0.0019 * (distance_m - 0.4) ** 2
    result: Floats = square_on + 1e-4 * distance_m**-0.5 * theta**2 / (np.pi / 2 - theta) ** 2
    return result
