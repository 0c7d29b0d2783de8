"""The camera rig: draws the calibration errors once, then takes looks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from cellpick.geometry import Floats
from cellpick.scene.state import SceneState
from cellpick.sensors.bodies import Bodies
from cellpick.sensors.calibration import believed
from cellpick.sensors.camera import TrueCamera
from cellpick.sensors.codes import CodeAtlas
from cellpick.sensors.faults import CameraFaults, Frame
from cellpick.sensors.lighting import Lighting
from cellpick.sensors.raycast import RayScene
from cellpick.sensors.schedule import schedule
from cellpick.sensors.shading import Palette
from cellpick.sensors.surface import SurfaceTable
from cellpick.structures import CameraCalibration, Capture, CaptureSet, SearchTask


class CameraRig:
    """All cameras of a station.

    Images are 8-bit sRGB. Each camera has random streams of its own for calibration, image and
    depth, so that a further camera changes nothing for the others. One rig serves all states of a
    run: models, fixtures, cameras, lamps and serial numbers are those of the first.
    """

    def __init__(
        self,
        state: SceneState,
        rng: np.random.Generator,
        calibrations: Sequence[CameraCalibration] | None = None,
    ) -> None:
        """`calibrations`, one a camera in the rig's order, replace those that would be drawn."""
        streams = [stream.spawn(4) for stream in rng.spawn(len(state.cameras))]
        drawn = [
            believed(spec, stream[0]) for spec, stream in zip(state.cameras, streams, strict=True)
        ]
        self.calibrations = tuple(drawn if calibrations is None else calibrations)
        """What the station believes of each camera, in the rig's order."""
        self.schedule = schedule([spec.timing for spec in state.cameras])
        """When each camera exposes in a look."""
        self._bodies = Bodies(state)
        self._codes = CodeAtlas(state.serials)
        palette = Palette.of(self._bodies.materials)
        self._lighting = Lighting(state.lights, state.ambient, palette)
        self._cameras = tuple(
            TrueCamera(spec, palette, stream[1], stream[2])
            for spec, stream in zip(state.cameras, streams, strict=True)
        )

        self._faults = tuple(
            CameraFaults([f for f in state.faults if f.camera == row], camera, stream[3])
            for row, (camera, stream) in enumerate(zip(self._cameras, streams, strict=True))
        )
        self._looks = 0

    @property
    def capture_duration_s(self) -> float:
        """Time of one look, from the first trigger to the last data."""
        return self.schedule.ready_s

    def look(
        self, state: SceneState, T_base_flange_reported: Floats, task: SearchTask
    ) -> CaptureSet:
        """The captures of `state` that arrive; the encoders reported `T_base_flange` (4, 4)."""
        self._looks += 1
        mesh = self._bodies.placed(state)
        scene, table = RayScene(mesh), SurfaceTable(mesh, self._bodies, self._codes)

        def shoot(row: int) -> Frame:
            camera = self._faults[row].camera(self._looks)
            image, depth = camera.shoot(state, scene, table, self._lighting)
            return Frame(image, depth, state.time_s + float(self.schedule.start_s[row]))

        def capture(row: int) -> Capture | None:
            belief = self.calibrations[row]
            frame = self._faults[row].deliver(lambda: shoot(row), self._looks, belief.depth_sigma_m)
            if frame is None:
                return None
            return Capture(belief, frame.image, frame.depth, frame.time_s, T_base_flange_reported)

        # each camera draws from its own streams, so the order of the threads changes nothing
        with ThreadPoolExecutor(_cores()) as pool:
            captures = tuple(pool.map(capture, range(len(self._cameras))))
        names = tuple(calibration.camera for calibration in self.calibrations)
        arrived = tuple(entry for entry in captures if entry is not None)
        return CaptureSet(arrived, task, names, state.time_s)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
