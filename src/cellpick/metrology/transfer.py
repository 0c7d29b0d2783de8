"""Photon transfer: full well and read noise from the noise of grey patches (EMVA 1288)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats

LEVELS = 255
LINEAR_UP_TO = 0.7
"""Share of saturation up to which the transfer is fitted (EMVA 1288, release 3.1, section 6.6)."""


class PhotonTransfer(NamedTuple):
    """What the noise of grey patches says of an image sensor; NaN where it says nothing."""

    full_well_e: float
    """Electrons at saturation."""
    read_noise_e: float
    """Standard deviation of the noise without light, in electrons."""
    dynamic_range_db: float
    """20 log10 of full well over read noise."""


def photon_transfer(mean: Floats, variance: Floats) -> PhotonTransfer:
    """Line through the variances (n,) over the means (n,) of patches, in shares of saturation.

    var = mean / full well + (read noise / full well)^2, so the slope is the inverse full well;
    weights 1 / var, since a variance is known to a fixed share of itself.
    """
    used = np.isfinite(variance) & (variance > 0) & (mean <= LINEAR_UP_TO)
    if used.sum() < 2 or np.ptp(mean[used]) == 0:
        return PhotonTransfer(float("nan"), float("nan"), float("nan"))
    slope, dark = np.polyfit(mean[used], variance[used], 1, w=1 / variance[used])
    if slope <= 0:
        return PhotonTransfer(float("nan"), float("nan"), float("nan"))
    full_well = float(1 / slope)
    read = float(np.sqrt(max(dark, 0.0))) * full_well
    span = 20 * float(np.log10(full_well / read)) if read > 0 else float("nan")
    return PhotonTransfer(full_well, read, span)


def patch_noise(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean and temporal variance, in shares of saturation, of two 8-bit sRGB images of one patch.

    Half the variance of their difference (EMVA 1288, section 6.5), so that no pattern of the patch
    counts; the rounding to 8 bits is taken off (Sheppard's correction).
    """
    a, b = linear(first), linear(second)
    mean = float((a.mean() + b.mean()) / 2)
    step = linear(np.clip(first.astype(np.float64) + 0.5, 0, LEVELS)) - linear(
        np.clip(first.astype(np.float64) - 0.5, 0, LEVELS)
    )
    rounding = float(np.mean(step**2)) / 12
    return mean, float(np.var(a - b) / 2) - rounding


def linear(grey: NDArray[np.uint8] | Floats) -> Floats:
    """Shares of saturation of 8-bit sRGB values (IEC 61966-2-1)."""
    v = np.asarray(grey, dtype=np.float64) / LEVELS
    result: Floats = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    return result
