"""One true camera: its random streams, its lens and its depth sensor, kept from look to look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.scene.cameras import CameraSpec
from cellpick.scene.state import SceneState
from cellpick.sensors.depth import DepthSensor
from cellpick.sensors.imager import expose
from cellpick.sensors.lens import Lens
from cellpick.sensors.lighting import Lighting
from cellpick.sensors.raycast import RayScene
from cellpick.sensors.render import Renderer
from cellpick.sensors.shading import Palette
from cellpick.sensors.surface import SurfaceTable


class TrueCamera:
    """One camera as it truly is."""

    def __init__(
        self,
        spec: CameraSpec,
        palette: Palette,
        image_rng: np.random.Generator,
        depth_rng: np.random.Generator,
    ) -> None:
        self.spec = spec
        """How it truly is."""
        self._image_rng, self._depth_rng = image_rng, depth_rng
        self._lens = Lens(spec)
        self._depth = DepthSensor(spec.depth, self._lens.pixel_rad, palette) if spec.depth else None

    def shoot(
        self, state: SceneState, scene: RayScene, table: SurfaceTable, lighting: Lighting
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32] | None]:
        """The image and, from a 3D camera, the depth."""
        T_world_mount = state.T_world_flange if self.spec.mount == "flange" else state.T_world_base
        T_world_camera = T_world_mount @ self.spec.T_mount_camera
        renderer = Renderer(self._lens, T_world_camera, scene, table, lighting)
        radiance = renderer.radiance()
        image = expose(radiance, self.spec.imager, self._image_rng)
        if self._depth is None:
            return image, None
        glare = radiance.max(axis=2) / np.float32(self.spec.imager.white_level)
        return image, self._depth.measure(renderer, scene, T_world_camera, glare, self._depth_rng)
