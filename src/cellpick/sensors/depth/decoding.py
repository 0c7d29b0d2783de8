"""What a pixel can decode from projected fringes: its signal over noise, and when it is blinded.

A fringe on a surface has the intensity A + L (1 + cos phase) / 2 at exposure 1, with L the
projector's returned light and A the lamps', both in units of the projector's on a white matt
surface. Shot noise makes the phase's signal over noise `white_snr` sqrt(e) L / sqrt(L + A) at
exposure e; a fringe whose crest e (A + L) exceeds `headroom` is clipped. Of the exposures of an HDR
capture, each pixel takes the longest that is not clipped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.scene.depth_specs import StructuredLight

Array = NDArray[np.float32]
FULL_PRECISION = 0.2
"""Light, in units of white, from which more makes the reading no better: the device's own noise
rules, and the figure that its maker states for a bright matt plate holds; assumed."""
CLIPPED = 0.1
"""Part of a fringe's height that may be clipped before the reading is lost; assumed."""
HARMONIC = 0.2
"""Phase error in radians where that part is clipped; assumed: the first harmonic that clipping
leaves in a few-step phase shift."""


@dataclass(frozen=True, eq=False)
class Decoded:
    """What n pixels decode."""

    noise: Array
    """(n,) factor on the device's stated noise, 1 on a bright matt surface."""
    phase_error: Array
    """(n,) amplitude in radians of the phase's error by clipped crests."""
    lost: NDArray[np.bool_]
    """(n,) whether there is no reading: too dark, or blinded."""


def decoded(light: Array, ambient: Array, spec: StructuredLight) -> Decoded:
    """What pixels with the projector's `light` (n,) and the lamps' `ambient` (n,) decode."""
    crest = light + ambient
    shortest = np.float32(min(spec.brackets))
    exposure = np.full(light.shape, shortest)
    for bracket in sorted(spec.brackets):
        fits = np.float32(bracket) * crest <= spec.headroom
        exposure[fits] = bracket
    with np.errstate(divide="ignore", invalid="ignore"):
        snr = spec.white_snr * np.sqrt(exposure) * light / np.sqrt(np.maximum(crest, 1e-9))
        cut = np.maximum(shortest * crest - spec.headroom, 0) / (shortest * light)
    cut = np.where(light > 0, cut, np.float32(0)).astype(np.float32)
    full = spec.white_snr * np.sqrt(FULL_PRECISION)
    return Decoded(
        np.maximum(1, full / np.maximum(snr, 1e-6)).astype(np.float32),
        (HARMONIC / CLIPPED * np.minimum(cut, CLIPPED)).astype(np.float32),
        (snr < spec.least_snr) | (cut > CLIPPED),
    )
