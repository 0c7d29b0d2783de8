"""What all depth sensors are: a device with a scale error of its own, that measures a sight."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.scene.depth_specs import DepthSpec
from cellpick.sensors.lighting import Lighting
from cellpick.sensors.raycast import RayScene
from cellpick.sensors.render import Renderer
from cellpick.sensors.surface import SurfaceTable

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Sight:
    """What lies before a camera at the moment of a capture."""

    renderer: Renderer
    """The scene through the camera's own pixels."""
    scene: RayScene
    """The scene, for rays of other origins."""
    table: SurfaceTable
    """What each triangle of the scene is."""
    lighting: Lighting
    """The lamps."""
    T_world_camera: Floats
    """(4, 4) where the camera truly is."""
    light: Array
    """(h, w, 3) light of lamps and surroundings in each pixel, in units of the white level."""

    @property
    def glare(self) -> Array:
        """(h, w) that light in its strongest colour."""
        strongest: Array = self.light.max(axis=2)
        return strongest


class DepthSensor(ABC):
    """One device; what is drawn once for it stays the same from look to look."""

    def __init__(self, spec: DepthSpec, rng: np.random.Generator) -> None:
        self._near_m, self._far_m = spec.near_m, spec.far_m
        self.scale = 1 + float(rng.standard_normal()) * spec.scale_sigma
        """Reading over true distance."""

    def measure(self, sight: Sight, rng: np.random.Generator) -> Array:
        """Depth image (h, w) in metres along z, NaN where there is no reading."""
        depth = self._read(sight, rng) * np.float32(self.scale)
        out = ~((depth >= self._near_m) & (depth <= self._far_m))
        depth[out] = np.nan
        return self._stored(depth)

    @abstractmethod
    def _read(self, sight: Sight, rng: np.random.Generator) -> Array:
        """A new depth image (h, w) without the device's scale error."""

    def _stored(self, depth: Array) -> Array:
        """The values that the device's number format can hold."""
        return depth


def true_depth(sight: Sight) -> Array:
    """(h, w) a new image of the true depth, NaN where nothing is seen."""
    depth = sight.renderer.depth()
    result: Array = np.where(np.isfinite(depth), depth, np.float32(np.nan))
    return result


def image_of(
    shape: tuple[int, ...], pixels: NDArray[np.int64], values: Array, rest: float
) -> Array:
    """(h, w) `values` (n,) at `pixels` (n,) in row order, `rest` elsewhere."""
    image = np.full(shape, rest, dtype=np.float32)
    image.reshape(-1)[pixels] = values
    return image
