"""Exposures while the arm moves: the camera's own speed, and where a late trigger finds it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cellpick.geometry import Floats, frozen, jacobian
from cellpick.scene.cameras import CameraSpec
from cellpick.scene.imager_specs import CaptureTiming
from cellpick.scene.state import SceneState
from cellpick.sensors.schedule import SKEW_SIGMAS, slot_s


@dataclass(frozen=True, eq=False)
class MovingShot:
    """One picture that a camera takes on the way."""

    row: int
    """The camera's place in the rig."""
    state: SceneState
    """The truth when the middle of the exposure was planned."""
    dq: Floats
    """(6,) true joint speeds then, in rad/s."""
    T_base_flange: Floats
    """(4, 4) flange pose that the encoders reported then."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "dq", frozen("dq", self.dq, (6,)))
        object.__setattr__(
            self, "T_base_flange", frozen("T_base_flange", self.T_base_flange, (4, 4))
        )

    def later(self, skew_s: float) -> SceneState:
        """The truth at the middle of an exposure that starts later by its trigger's skew."""
        state = self.state
        return replace(state, q=state.q + skew_s * self.dq, time_s=state.time_s + skew_s)


def lead_s(timing: CaptureTiming) -> float:
    """How long before the arm stands a 2D camera's exposure is half way, for its data in time."""
    return slot_s(timing) - trigger_ahead_s(timing) + timing.transfer_s


def trigger_ahead_s(timing: CaptureTiming) -> float:
    """How long before the planned middle of its exposure a camera is triggered."""
    return SKEW_SIGMAS * timing.skew_s + timing.exposure_s / 2


def camera_twist(spec: CameraSpec, state: SceneState, dq: Floats) -> Floats | None:
    """(6,) the camera's speed in its own frame, linear then angular; None where it is fixed."""
    if spec.mount == "base":
        return None
    arm = state.arm
    twist = jacobian(
        arm.Ts_parent_joint, arm.axes, state.q, arm.T_link_flange @ spec.T_mount_camera
    )
    R_base_camera = (arm.flange_pose(state.q) @ spec.T_mount_camera)[:3, :3]
    result: Floats = ((twist @ dq).reshape(2, 3) @ R_base_camera).reshape(6)
    return result
