"""One true camera: its random streams, its lens and its depth sensor, kept from look to look."""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.scene.cameras import CameraSpec
from cellpick.scene.state import SceneState
from cellpick.sensors.defocus import circles, defocus
from cellpick.sensors.depth import Sight, make_depth_sensor
from cellpick.sensors.imager import expose
from cellpick.sensors.lens import Lens
from cellpick.sensors.lighting import Lighting
from cellpick.sensors.motion_blur import flow, smear
from cellpick.sensors.raycast import RayScene
from cellpick.sensors.render import Renderer
from cellpick.sensors.shading import Palette
from cellpick.sensors.surface import SurfaceTable
from cellpick.sensors.vignetting import Falloff
from cellpick.sensors.window import Window


class TrueCamera:
    """One camera as it truly is."""

    def __init__(
        self,
        spec: CameraSpec,
        palette: Palette,
        image_rng: np.random.Generator,
        depth_rng: np.random.Generator,
        device_rng: np.random.Generator,
    ) -> None:
        """`device_rng` draws what its 3D half is born with, the others the noise of each look."""
        self.spec = spec
        """How it truly is."""
        self._image_rng, self._depth_rng = image_rng, depth_rng
        self._lens = Lens(spec)
        self._window: Window | None = None
        self._last: Renderer | None = None
        self._depth = None
        if spec.depth is not None:
            self._depth = make_depth_sensor(spec.depth, spec, self._lens, palette, device_rng)

    @property
    def depth_scale(self) -> float:
        """Reading over true distance of its 3D half; 1 for a 2D camera."""
        return self._depth.scale if self._depth is not None else 1.0

    def changed(self, spec: CameraSpec, window: Window | None) -> TrueCamera:
        """The same device, with its random streams, after something happened to it.

        `spec` is how it truly is now, `window` what lies on its front window.
        """
        other = copy.copy(self)
        other.spec, other._window = spec, window
        if (spec.K != self.spec.K).any():
            other._lens = Lens(spec)
        return other

    def shoot(
        self,
        state: SceneState,
        scene: RayScene,
        table: SurfaceTable,
        lighting: Lighting,
        twist: Floats | None = None,
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32] | None]:
        """The image and, from a 3D camera, the depth.

        `state` is that of the exposure's middle. `twist` (6,) is the camera's speed, linear then
        angular, a second, in its own frame; without one it stands.
        """
        T_world_mount = state.T_world_flange if self.spec.mount == "flange" else state.T_world_base
        T_world_camera = T_world_mount @ self.spec.T_mount_camera
        renderer = Renderer(self._lens, T_world_camera, scene, table, lighting, self._last)
        self._last = renderer
        radiance = renderer.radiance()
        if self._window is not None:
            radiance = self._window.dim(radiance)
        image = self._expose(radiance, renderer, twist)
        if self._depth is None:
            return image, None
        light = radiance / np.float32(self.spec.imager.white_level)
        sight = Sight(renderer, scene, table, lighting, T_world_camera, light)
        return image, self._depth.measure(sight, self._depth_rng)

    def _expose(
        self, radiance: NDArray[np.float32], renderer: Renderer, twist: Floats | None
    ) -> NDArray[np.uint8]:
        imager = self.spec.imager
        if imager.focus_m > 0:
            radiance = defocus(radiance, circles(renderer.depth(), self.spec))
        if twist is not None:
            time_s = np.float32(imager.exposure_s * sum(imager.brackets))
            radiance = smear(radiance, time_s * flow(self._lens, renderer.depth(), twist))
        falloff = Falloff(self.spec) if imager.vignetting > 0 else None
        return expose(radiance, imager, self._image_rng, falloff)
