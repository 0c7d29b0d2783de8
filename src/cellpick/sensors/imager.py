"""From radiance to grey values: lens blur, falloff, noise, gain, 12-bit conversion, sRGB, 8 bits.

The chain is that of EMVA Standard 1288 (release 4.0, section 2): photons, electrons with shot and
read noise, a system gain, a converter. With `gain` g the counts' variance rises with their mean
by g * levels / full well, and a pixel saturates at full well / g.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.scene.imager_specs import ImagerSpec
from cellpick.sensors.brackets import merge, tone
from cellpick.sensors.vignetting import Falloff

Array = NDArray[np.float32]
ADC_BITS = 12
"""Resolution of the converter before the grey-value curve; that of common machine-vision CMOS."""
LEVELS = (1 << ADC_BITS) - 1
"""Counts at saturation."""
MERGED_LEVELS = (1 << 16) - 1
"""Steps of a merged picture from black to its ceiling, before the grey-value curve."""
BAND_PX = 32
"""Image rows worked on at once: they fit a core's cache."""
PIXEL_VARIANCE = 1 / 12
"""Variance of the mean over a pixel's square, in px^2, which the radiance already carries."""


def expose(
    radiance: Array, spec: ImagerSpec, rng: np.random.Generator, falloff: Falloff | None = None
) -> NDArray[np.uint8]:
    """An 8-bit image (h, w, 3), sRGB encoded (IEC 61966-2-1), of radiance (h, w, 3).

    `white_level` saturates a unit exposure without gain. Shot noise is the normal limit of
    Poisson's law: its variance is the number of electrons; read noise adds to it. Several
    `brackets` are merged and their highlights compressed (`brackets.tone`).
    """
    soft = blur(radiance, spec.blur_px)
    image = np.empty(radiance.shape, dtype=np.uint8)
    develop = _single if len(spec.brackets) == 1 else _merged
    for start in range(0, len(image), BAND_PX):
        mean = np.maximum(soft[start : start + BAND_PX], 0)
        mean *= np.float32(spec.full_well_e / spec.white_level)
        if falloff is not None:
            mean *= falloff.rows(start, len(mean))
        image[start : start + BAND_PX] = develop(mean, spec, rng)
    return image


def _single(mean: Array, spec: ImagerSpec, rng: np.random.Generator) -> NDArray[np.uint8]:
    counts = _read_out(mean, spec.brackets[0], spec, rng)
    np.clip(counts, 0, LEVELS, out=counts)
    return _SRGB[counts.astype(np.uint16)]


def _merged(mean: Array, spec: ImagerSpec, rng: np.random.Generator) -> NDArray[np.uint8]:
    ceiling = 1 / min(spec.brackets)
    counts = []
    for exposure in spec.brackets:
        # a pedestal keeps what noise takes below black, or the merge would lift the shadows
        whole = np.floor(_read_out(mean, exposure, spec, rng))
        counts.append(np.minimum(whole, np.float32(LEVELS)))
    light = merge(counts, spec.brackets, LEVELS)
    light *= np.float32(MERGED_LEVELS / ceiling)
    light += np.float32(0.5)
    np.clip(light, 0, MERGED_LEVELS, out=light)
    return _toned(ceiling)[light.astype(np.uint16)]


def _read_out(mean: Array, exposure: float, spec: ImagerSpec, rng: np.random.Generator) -> Array:
    """Counts and a half, not yet whole or clipped, of `mean` electrons in a unit exposure."""
    if exposure != 1:
        mean = mean * np.float32(exposure)
    counts = rng.standard_normal(mean.shape, dtype=np.float32)
    counts *= np.sqrt(mean + np.float32(spec.read_noise_e**2))
    counts += mean
    counts *= np.float32(LEVELS * spec.gain / spec.full_well_e)
    counts += np.float32(0.5)
    return counts


def blur(radiance: Array, sigma_px: float) -> Array:
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


_SRGB = np.round(255 * srgb(np.arange(LEVELS + 1) / LEVELS)).astype(np.uint8)


@functools.cache
def _toned(ceiling: float) -> NDArray[np.uint8]:
    light = ceiling * np.arange(MERGED_LEVELS + 1) / MERGED_LEVELS
    return np.round(255 * srgb(tone(light, ceiling))).astype(np.uint8)
