"""Grey scale and slanted edge: noise and sharpness of a camera's images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats
from cellpick.metrology.lab import Lab
from cellpick.metrology.sharpness import EdgeSharpness, edge_sharpness
from cellpick.metrology.targets import PATCHES, grey_place
from cellpick.metrology.transfer import PhotonTransfer, linear, patch_noise, photon_transfer
from cellpick.metrology.views import middle

HALF_PATCH_PX = 64
GREEN = 1
PAIRS = 3


@dataclass(frozen=True, eq=False)
class GreyScale:
    """Noise over signal, in shares of saturation."""

    mean: Floats
    """(n,) of the grey patches."""
    variance: Floats
    """(n,) temporal variance of one pixel."""
    transfer: PhotonTransfer
    """What follows from the line through them."""


def grey_scale(lab: Lab, distance_m: float) -> GreyScale:
    """Noise of each grey patch, from pairs of captures."""
    rows, columns = middle(lab.model, HALF_PATCH_PX, HALF_PATCH_PX)
    found = np.empty((PATCHES, PAIRS, 2))
    for row in range(PATCHES):
        for pair in range(PAIRS):
            a, b = (lab.shoot("greys", distance_m, at_m=grey_place(row)).image for _ in range(2))
            found[row, pair] = patch_noise(a[rows, columns], b[rows, columns])
    mean, variance = found.mean(axis=1).T
    return GreyScale(mean, variance, photon_transfer(mean, variance))


def sharpness(lab: Lab, distance_m: float, times: int) -> EdgeSharpness:
    """Sharpness at the slanted edge, from the mean of `times` captures."""
    rows, columns = middle(lab.model, HALF_PATCH_PX, HALF_PATCH_PX)
    shots = [linear(lab.shoot("edge", distance_m).image[..., GREEN]) for _ in range(times)]
    return edge_sharpness(np.mean(shots, axis=0)[rows, columns])


def object_pixel_m(lab: Lab, distance_m: float) -> float:
    """Size of a pixel on an object at a distance, in the image's middle."""
    return distance_m / float(lab.model.K[0, 0])
