"""HDR bracketing: several exposures merged into one picture, highlights compressed.

The merge weighs each exposure by its length, which is the maximum-likelihood estimate where shot
noise rules (Granados et al. 2010, "Optimal HDR reconstruction with linear digital cameras",
section 4), and leaves out what saturates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Array = NDArray[np.float32]
TRUSTED, SATURATED = 0.90, 0.98
"""Shares of the converter's range between which an exposure's weight falls to none; assumed."""
KNEE = 0.5
"""Share of the white level up to which a merged picture has the grey values of a plain one."""


def merge(counts: Sequence[Array], exposures: Sequence[float], levels: int) -> Array:
    """Light in units of what saturates a unit exposure, from read-outs of up to `levels` counts.

    `exposures` are multiples of the unit exposure, in the order of `counts`. The shortest one
    always counts, so that what saturates in all of them has its ceiling.
    """
    shortest = int(np.argmin(exposures))
    total = np.zeros_like(counts[0])
    weights = np.zeros_like(counts[0])
    for i, (count, exposure) in enumerate(zip(counts, exposures, strict=True)):
        if i == shortest:
            total += count
            weights += np.float32(exposure)
            continue
        fade = (np.float32(SATURATED * levels) - count) / np.float32((SATURATED - TRUSTED) * levels)
        weight = np.clip(fade, 0, 1, out=fade)
        total += weight * count
        weights += weight * np.float32(exposure)
    result: Array = total / (weights * np.float32(levels))
    return result


def tone(light: NDArray[np.float64], ceiling: float) -> NDArray[np.float64]:
    """Linear grey values, 0 to 1, of light from 0 to `ceiling`, in units of the white level.

    Up to `KNEE` grey is light; above, it rises with light's logarithm and meets 1 at the ceiling,
    without a bend at the knee. A ceiling of 1 or below leaves no highlights to compress: light is
    then only scaled.
    """
    if ceiling <= 1:
        return light / ceiling
    span, room = ceiling - KNEE, 1 - KNEE

    def bend(rate: float) -> float:
        return room * rate / float(np.log1p(rate * span)) - 1

    rate = float(brentq(bend, 1e-9, 2 * span / room**2 + 2))
    high = KNEE + room * np.log1p(rate * np.maximum(light - KNEE, 0)) / np.log1p(rate * span)
    result: NDArray[np.float64] = np.where(light <= KNEE, light, high)
    return result
