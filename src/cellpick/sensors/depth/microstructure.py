"""The relief of bare metal at the scale of a camera's pixel, as one camera finds it.

A microfacet lobe is the mean over very many facets. Rolled, stamped or machined metal has besides
a waviness over millimetres and, within the footprint of one pixel, only few facets that face the
right way (Jakob et al. 2014, "Discrete stochastic microfacet models"), so that the light that comes
back is patchy. The pattern lies on the surface: it stays where it is from look to look.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cellpick.sensors.depth.noise import spread
from cellpick.sensors.shading import unit

Array = NDArray[np.float32]
TEXEL_M = 0.25e-3
"""Grid of the pattern: the footprint of a pixel of a 5-megapixel camera at half a metre."""
TEXELS = 512
"""Side of the pattern, which repeats beyond."""
WAVE_M = 2.5e-3
"""Correlation length (standard deviation of the kernel) of the waviness; assumed."""
WAVE_RAD = 0.06
"""Standard deviation of the slopes of the waviness; assumed: 3.4 degrees."""
FACETS = 3.0
"""Number of facets that send light to a pixel, on average; assumed."""
PATCH_M = 0.5e-3
"""Correlation length of the facets' density: grain and rolling marks; assumed."""


class Relief:
    """The relief that one camera finds on every piece of bare metal."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._wave_rng, self._facet_rng = rng.spawn(2)

    @cached_property
    def _slope(self) -> Array:
        fields = [_field(WAVE_M, self._wave_rng) for _ in range(2)]
        slopes: Array = np.float32(WAVE_RAD) * np.stack(fields, axis=-1)
        return slopes

    @cached_property
    def _gain(self) -> Array:
        # a squared normal has a gamma distribution: the light of few facets, of mean 1
        squares = [_field(PATCH_M, self._facet_rng) ** 2 for _ in range(int(2 * FACETS))]
        result: Array = np.stack(squares).mean(axis=0, dtype=np.float32)
        return result

    def at(self, p: Array, normal: Array) -> tuple[Array, Array]:
        """Normals (n, 3) and factors (n,) on the specular light at points `p` (n, 3)."""
        axis = np.abs(normal).argmax(axis=1)
        across = np.array([[1, 2], [0, 2], [0, 1]])[axis]
        place = np.take_along_axis(p, across, axis=1) / np.float32(TEXEL_M)
        row, column = (np.floor(place).astype(np.int64) % TEXELS).T
        tilted = normal.copy()
        slope = np.take_along_axis(tilted, across, axis=1) + self._slope[row, column]
        np.put_along_axis(tilted, across, slope, axis=1)
        return unit(tilted), self._gain[row, column]


def _field(length_m: float, rng: np.random.Generator) -> Array:
    """Unit normal field (TEXELS, TEXELS) that repeats seamlessly."""
    sigma = length_m / TEXEL_M
    radius = int(np.ceil(4 * sigma))
    white = rng.standard_normal((TEXELS, TEXELS), dtype=np.float32)
    return spread(np.pad(white, radius, mode="wrap"), sigma, radius)
