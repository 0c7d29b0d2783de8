"""The camera rig: draws the calibration errors once, then takes looks."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.scene.cameras import CameraSpec
from cellpick.scene.state import SceneState
from cellpick.sensors.bodies import Bodies
from cellpick.sensors.calibration import believed
from cellpick.sensors.codes import CodeAtlas
from cellpick.sensors.depth import DepthSensor
from cellpick.sensors.imager import expose
from cellpick.sensors.lens import Lens
from cellpick.sensors.lighting import Lighting
from cellpick.sensors.raycast import RayScene
from cellpick.sensors.render import Renderer
from cellpick.sensors.shading import Palette
from cellpick.sensors.surface import SurfaceTable
from cellpick.structures import CameraCalibration, Capture, CaptureSet, SearchTask


class CameraRig:
    """All cameras of a station, one after the other: a projector must not light another's image.

    Images are 8-bit sRGB. Each camera has random streams of its own for calibration, image and
    depth, so that a further camera changes nothing for the others. One rig serves all states of a
    run: models, fixtures, cameras, lamps and serial numbers are those of the first.
    """

    def __init__(self, state: SceneState, rng: np.random.Generator) -> None:
        streams = [stream.spawn(3) for stream in rng.spawn(len(state.cameras))]
        self.calibrations: tuple[CameraCalibration, ...] = tuple(
            believed(spec, stream[0]) for spec, stream in zip(state.cameras, streams, strict=True)
        )
        """What the station believes of each camera, in the rig's order."""
        self._bodies = Bodies(state)
        self._codes = CodeAtlas(state.serials)
        palette = Palette.of(self._bodies.materials)
        self._lighting = Lighting(state.lights, state.ambient, palette)
        self._cameras = tuple(
            _Camera(spec, calibration, palette, stream[1], stream[2])
            for spec, calibration, stream in zip(
                state.cameras, self.calibrations, streams, strict=True
            )
        )

    @property
    def capture_duration_s(self) -> float:
        """Time of one look, from the first trigger to the last data; the arm stands still."""
        return sum(camera.spec.capture_time_s for camera in self._cameras)

    def look(
        self, state: SceneState, T_base_flange_reported: Floats, task: SearchTask
    ) -> CaptureSet:
        """All cameras' captures of `state`; the encoders reported `T_base_flange` (4, 4)."""
        mesh = self._bodies.placed(state)
        scene, table = RayScene(mesh), SurfaceTable(mesh, self._bodies, self._codes)
        starts = np.cumsum([0.0, *(camera.spec.capture_time_s for camera in self._cameras)])

        def shoot(camera: _Camera, start: float) -> Capture:
            image, depth = camera.shoot(state, scene, table, self._lighting)
            time_s = state.time_s + float(start)
            return Capture(camera.calibration, image, depth, time_s, T_base_flange_reported)

        # each camera draws from its own streams, so the order of the threads changes nothing
        with ThreadPoolExecutor(_cores()) as pool:
            captures = tuple(pool.map(shoot, self._cameras, starts))
        return CaptureSet(captures, task)


class _Camera:
    """One true camera with its random streams and the rays that it keeps."""

    def __init__(
        self,
        spec: CameraSpec,
        calibration: CameraCalibration,
        palette: Palette,
        image_rng: np.random.Generator,
        depth_rng: np.random.Generator,
    ) -> None:
        self.spec, self.calibration = spec, calibration
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


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
