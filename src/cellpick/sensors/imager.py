"""From radiance to grey values: lens blur, shot and read noise, 12-bit conversion, sRGB, 8 bits."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.scene.imager_specs import ImagerSpec

ADC_BITS = 12
"""Resolution of the converter before the grey-value curve; that of common machine-vision CMOS."""
BAND_PX = 32
"""Image rows worked on at once: they fit a core's cache."""
PIXEL_VARIANCE = 1 / 12
"""Variance of the mean over a pixel's square, in px^2, which the radiance already carries."""


def expose(
    radiance: NDArray[np.float32], spec: ImagerSpec, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """An 8-bit image (h, w, 3), sRGB encoded (IEC 61966-2-1), of radiance (h, w, 3).

    `white_level` saturates. Shot noise is the normal limit of Poisson's law: its variance is the
    number of electrons (EMVA Standard 1288, section 2); read noise adds to it.
    """
    electrons = np.maximum(blur(radiance, spec.blur_px), 0)
    electrons *= np.float32(spec.full_well_e / spec.white_level)
    levels = (1 << ADC_BITS) - 1
    image = np.empty(radiance.shape, dtype=np.uint8)
    for start in range(0, len(image), BAND_PX):
        mean = electrons[start : start + BAND_PX]
        counts = rng.standard_normal(mean.shape, dtype=np.float32)
        counts *= np.sqrt(mean + np.float32(spec.read_noise_e**2))
        counts += mean
        counts *= np.float32(levels / spec.full_well_e)
        counts += np.float32(0.5)
        np.clip(counts, 0, levels, out=counts)
        image[start : start + BAND_PX] = _SRGB[counts.astype(np.uint16)]
    return image


def blur(radiance: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Blur so that, with the pixel's own square, the standard deviation is `sigma_px`."""
    rest = sigma_px**2 - PIXEL_VARIANCE
    if rest <= 0:
        return radiance
    sigma = float(np.sqrt(rest))
    soft = cv2.GaussianBlur(radiance, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return soft.astype(np.float32, copy=False)


def srgb(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Encoded values of linear ones, both 0 to 1 (IEC 61966-2-1)."""
    low = linear <= 0.0031308
    result: NDArray[np.float64] = np.where(
        low, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    )
    return result


_SRGB = np.round(255 * srgb(np.arange(1 << ADC_BITS) / ((1 << ADC_BITS) - 1))).astype(np.uint8)
