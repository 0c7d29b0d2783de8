"""The camera rig: draws the calibration errors once, then takes looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from cellpick.geometry import Floats
from cellpick.scene.state import SceneState
from cellpick.sensors.bodies import Bodies
from cellpick.sensors.calibration import believed
from cellpick.sensors.camera import TrueCamera
from cellpick.sensors.codes import CodeAtlas
from cellpick.sensors.faults import CameraFaults, Frame
from cellpick.sensors.lighting import Lighting
from cellpick.sensors.moving import MovingShot, camera_twist, lead_s, trigger_ahead_s
from cellpick.sensors.raycast import RayScene
from cellpick.sensors.schedule import TAKEN, drawn_skew_s, schedule
from cellpick.sensors.shading import Palette
from cellpick.sensors.surface import SurfaceTable
from cellpick.sensors.threads import usable_threads
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
        devices: np.random.Generator | None = None,
    ) -> None:
        """`calibrations`, one a camera in the rig's order, replace those that would be drawn.

        `devices` draws what the devices are born with (depth scale, fixed patterns), as a rig made
        with it in place of `rng` would have them; noise and faults are always from `rng`.
        """
        streams = _streams(rng, len(state.cameras))
        born = streams if devices is None else _streams(devices, len(state.cameras))
        self._timings = tuple(spec.timing for spec in state.cameras)
        self._skews = tuple(stream.skew for stream in streams)
        self.schedule = schedule(self._timings)
        """When each camera exposes in a look."""
        self.schedule_after_moving = schedule(
            [timing if timing.projects else TAKEN for timing in self._timings]
        )
        """The same in a look whose 2D cameras exposed on the way."""
        self._bodies = Bodies(state)
        self._codes = CodeAtlas(state.serials)
        palette = Palette.of(self._bodies.materials)
        self._lighting = Lighting(state.lights, state.ambient, palette)
        self._cameras = tuple(
            TrueCamera(spec, palette, stream.image, stream.depth, device.device)
            for spec, stream, device in zip(state.cameras, streams, born, strict=True)
        )
        drawn = [
            believed(camera.spec, stream.calibration, camera.depth_scale)
            for camera, stream in zip(self._cameras, streams, strict=True)
        ]
        self.calibrations = tuple(drawn if calibrations is None else calibrations)
        """What the station believes of each camera, in the rig's order."""

        self._faults = tuple(
            CameraFaults([f for f in state.faults if f.camera == row], camera, stream.faults)
            for row, (camera, stream) in enumerate(zip(self._cameras, streams, strict=True))
        )
        self._looks = 0
        self._first_on_the_way_s = float("inf")

    @property
    def depth_scales(self) -> tuple[float, ...]:
        """Truth, for evaluation only: each camera's reading over the true distance; 1 for 2D."""
        return tuple(camera.depth_scale for camera in self._cameras)

    @property
    def capture_duration_s(self) -> float:
        """Time of one look standing, from the first trigger to the last data."""
        return self.schedule.ready_s

    @property
    def leads_s(self) -> dict[int, float]:
        """By row, how long before the arm stands a 2D camera's exposure on the way is half over."""
        return {row: lead_s(t) for row, t in enumerate(self._timings) if not t.projects}

    def shoot_moving(self, shots: Sequence[MovingShot]) -> tuple[Capture, ...]:
        """What 2D cameras deliver of the way to the next look, in the order of `shots`."""

        def capture(shot: MovingShot) -> Capture | None:
            row, late_s = shot.row, drawn_skew_s(self._timings[shot.row], self._skews[shot.row])
            state = shot.later(late_s)

            def shoot() -> Frame:
                camera = self._faults[row].camera(self._looks + 1)
                twist = camera_twist(camera.spec, state, shot.dq)
                image, depth = camera.shoot(state, *self._placed(state), self._lighting, twist)
                return Frame(image, depth, state.time_s - self._timings[row].exposure_s / 2)

            return self._delivered(row, shoot, self._looks + 1, shot.T_base_flange)

        self._first_on_the_way_s = min(
            (s.state.time_s - trigger_ahead_s(self._timings[s.row]) for s in shots),
            default=float("inf"),
        )
        with ThreadPoolExecutor(usable_threads()) as pool:
            return tuple(entry for entry in pool.map(capture, shots) if entry is not None)

    def look(
        self,
        state: SceneState,
        T_base_flange_reported: Floats,
        task: SearchTask,
        taken: Sequence[Capture] | None = None,
    ) -> CaptureSet:
        """The captures of `state` that arrive; the encoders reported `T_base_flange` (4, 4).

        `taken` is what the 2D cameras delivered of the way: they are then not triggered again.
        """
        self._looks += 1
        placed = self._placed(state)
        plan = self.schedule if taken is None else self.schedule_after_moving

        def capture(row: int) -> Capture | None:
            late_s = drawn_skew_s(self._timings[row], self._skews[row])

            def shoot() -> Frame:
                camera = self._faults[row].camera(self._looks)
                image, depth = camera.shoot(state, *placed, self._lighting)
                return Frame(image, depth, state.time_s + float(plan.exposed_s[row]) + late_s)

            return self._delivered(row, shoot, self._looks, T_base_flange_reported)

        rows = [row for row, t in enumerate(self._timings) if taken is None or t.projects]
        # each camera draws from its own streams, so the order of the threads changes nothing
        with ThreadPoolExecutor(usable_threads()) as pool:
            fresh = [entry for entry in pool.map(capture, rows) if entry is not None]
        names = tuple(calibration.camera for calibration in self.calibrations)
        on_the_way = () if taken is None else tuple(taken)
        arrived = sorted((*fresh, *on_the_way), key=lambda c: names.index(c.calibration.camera))
        # from the triggers, not the stamps: an old picture must not make itself the first
        first_s = state.time_s if taken is None else min(state.time_s, self._first_on_the_way_s)
        return CaptureSet(tuple(arrived), task, names, first_s)

    def _placed(self, state: SceneState) -> tuple[RayScene, SurfaceTable]:
        mesh = self._bodies.placed(state)
        return RayScene(mesh), SurfaceTable(mesh, self._bodies, self._codes)

    def _delivered(
        self, row: int, shoot: Callable[[], Frame], look: int, T_base_flange: Floats
    ) -> Capture | None:
        belief = self.calibrations[row]
        frame = self._faults[row].deliver(shoot, look, belief.depth_sigma_m)
        if frame is None:
            return None
        return Capture(belief, frame.image, frame.depth, frame.time_s, T_base_flange)


class _Streams(NamedTuple):
    """Random streams of one camera."""

    calibration: np.random.Generator
    image: np.random.Generator
    faults: np.random.Generator
    skew: np.random.Generator
    device: np.random.Generator
    depth: np.random.Generator


def _streams(rng: np.random.Generator, count: int) -> list[_Streams]:
    found = []
    for own in rng.spawn(count):
        calibration, image, ranging, faults, skew = own.spawn(5)
        device, depth = ranging.spawn(2)
        found.append(_Streams(calibration, image, faults, skew, device, depth))
    return found
