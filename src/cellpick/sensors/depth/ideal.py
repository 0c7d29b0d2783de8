"""Depth without error: what other parts can reach when this one is perfect."""

from __future__ import annotations

import numpy as np

from cellpick.sensors.depth.sensor import Array, DepthSensor, Sight, true_depth


class IdealSensor(DepthSensor):
    """Reads the truth, between its nearest and farthest distance."""

    def _read(self, sight: Sight, rng: np.random.Generator) -> Array:
        return true_depth(sight)
