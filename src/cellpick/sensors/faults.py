"""Puts faults into one camera: a changed device for the shot, and what of it is delivered.

A fault changes what is true; what the station believes of the camera stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, perturb
from cellpick.scene.cameras import CameraSpec
from cellpick.scene.faults import Fault, FaultKind
from cellpick.sensors.camera import TrueCamera
from cellpick.sensors.unfocused import circle_px, unfocused
from cellpick.sensors.window import Window, dirty, half_covered

BUMP_M, BUMP_RAD = 2e-3, float(np.radians(0.5))
"""A bump of amount 1: a mount that slipped in its screws' play; assumed."""
DRIFT_M, DRIFT_RAD, DRIFT_FOCAL = 2e-5, float(np.radians(0.01)), 5e-5
"""A drift of amount 1, each look: what a degree of warming does to a bracket of aluminium and to a
lens of ordinary glass in plastic; assumed."""
EXPOSURE = 6.0
"""Light of an over-exposure of amount 1, in units of the right one: two and a half stops."""
USUAL_FOCUS_M = 0.65
"""Where a lens that is sharp everywhere counts as focused before its ring slips."""


@dataclass(frozen=True, eq=False)
class Frame:
    """What a camera's read-out holds."""

    image: NDArray[np.uint8]
    """(h, w, 3) RGB."""
    depth: NDArray[np.float32] | None
    """(h, w) metres; None from a 2D camera."""
    time_s: float
    """The hardware's stamp of the exposure."""


class CameraFaults:
    """The faults of one camera over the looks of a run; without any it changes nothing."""

    def __init__(
        self, faults: Sequence[Fault], camera: TrueCamera, rng: np.random.Generator
    ) -> None:
        axes_rng, window_rng, self._depth_rng = rng.spawn(3)
        axes = axes_rng.standard_normal((4, 3))
        # its drawn housing stays: a camera that slipped backwards would look at its inside
        axes[::2, 2] = np.abs(axes[::2, 2])
        self._axes = axes / np.linalg.norm(axes, axis=1, keepdims=True)
        self._faults, self._camera = tuple(faults), camera
        self._windows: dict[FaultKind, Window] = {
            fault.kind: (half_covered if fault.kind == "half_covered" else dirty)(
                camera.spec, fault.amount, window_rng
            )
            for fault in self._faults
            if fault.kind in ("half_covered", "dirty_lens")
        }
        self._last: Frame | None = None

    def camera(self, look: int) -> TrueCamera:
        """The device as it is in look number `look`, from 1."""
        spec = self._camera.spec
        window: Window | None = None
        for fault in self._active(look):
            spec = self._changed(spec, fault, look)
            window = self._windows.get(fault.kind, window)
        if spec is self._camera.spec and window is None:
            return self._camera
        return self._camera.changed(spec, window)

    def deliver(self, shoot: Callable[[], Frame], look: int, depth_sigma_m: float) -> Frame | None:
        """The frame that arrives in look number `look`; None when none does.

        `depth_sigma_m` is the noise of a reading by a healthy device.
        """
        kinds: set[FaultKind] = {fault.kind for fault in self._active(look)}
        if "dead" in kinds:
            return None
        if "frozen" in kinds and self._last is not None:
            return self._last
        fresh, before = self._spoiled(shoot(), look, depth_sigma_m), self._last
        if {"frozen", "delayed"} & {fault.kind for fault in self._faults}:
            self._last = fresh
        return before if "delayed" in kinds else fresh

    def _active(self, look: int) -> list[Fault]:
        return [fault for fault in self._faults if look >= fault.from_look]

    def _spoiled(self, frame: Frame, look: int, sigma_m: float) -> Frame:
        """The frame with what faults of the optics do to decoded depth."""
        depth = frame.depth
        if depth is None:
            return frame
        for fault in self._active(look):
            if fault.kind in self._windows:
                depth = self._windows[fault.kind].spoil(depth, sigma_m, self._depth_rng)
            elif fault.kind == "out_of_focus":
                wide_px = circle_px(self.camera(look).spec, depth)
                depth = unfocused(depth, wide_px, sigma_m, self._depth_rng)
        return replace(frame, depth=depth)

    def _changed(self, spec: CameraSpec, fault: Fault, look: int) -> CameraSpec:
        imager = spec.imager
        if fault.kind == "over_exposed":
            light = 1 + (EXPOSURE - 1) * fault.amount
            return replace(spec, imager=replace(imager, white_level=imager.white_level / light))
        if fault.kind == "out_of_focus":
            focus_m = (imager.focus_m or USUAL_FOCUS_M) / (1 + fault.amount)
            return replace(spec, imager=replace(imager, focus_m=focus_m))
        if fault.kind == "bumped":
            return _moved(spec, self._axes[:2], fault.amount * np.array([BUMP_M, BUMP_RAD]))
        if fault.kind == "drifting":
            warm = fault.amount * (look - fault.from_look + 1)
            K = spec.K * np.array([[1 + DRIFT_FOCAL * warm] * 2 + [1.0]] * 2 + [[1.0] * 3])
            drifted = _moved(spec, self._axes[2:], warm * np.array([DRIFT_M, DRIFT_RAD]))
            return replace(drifted, K=K)
        return spec


def _moved(spec: CameraSpec, axes: Floats, sizes: Floats) -> CameraSpec:
    """The camera shifted along one axis and turned about another (2, 3), by `sizes` (2,)."""
    delta = (axes * sizes[:, None]).reshape(6)
    return replace(spec, T_mount_camera=perturb(spec.T_mount_camera, delta))
