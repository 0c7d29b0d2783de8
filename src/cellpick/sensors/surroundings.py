"""The diffuse surroundings: a bright ceiling, dimmer walls, a dark floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
HORIZON = 0.5
"""Radiance at the horizon, as a share of the ambient one; assumed."""
BELOW = 0.25
"""Radiance below the horizon, as a share of the ambient one; assumed."""


@dataclass(frozen=True)
class Surroundings:
    """Light that comes from all sides."""

    ambient: float
    """Radiance of a white matt surface that faces up and sees nothing else."""

    def radiance(self, up: Array) -> Array:
        """Radiance in directions whose unit vectors have z-components `up`, of the same shape.

        Linear in `up` above the horizon, with a cosine-weighted mean of 1 ambient: a + 2 b / 3 = 1.
        """
        rise = np.float32(1.5 * (1 - HORIZON))
        share = np.where(up > 0, np.float32(HORIZON) + rise * up, np.float32(BELOW))
        result: Array = np.float32(self.ambient) * share
        return result
