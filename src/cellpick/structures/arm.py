"""A six-axis arm: kinematics, limits and simple bodies, read from its URDF and its limits file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cellpick.geometry import Floats, frozen, link_poses
from cellpick.structures.solids import Solid


@dataclass(frozen=True, eq=False)
class ArmModel:
    """All arrays have one row a joint, from the base to the flange."""

    name: str
    """Its key."""
    urdf: Path
    """The URDF file that the world loads."""
    joint_names: tuple[str, ...]
    """Names of the six revolute joints in the URDF."""
    link_names: tuple[str, ...]
    """Names of the base link and of the six moved links: one more than joints."""
    flange_link: str
    """URDF link that carries the tool."""
    Ts_parent_joint: Floats
    """(6, 4, 4) joint origins."""
    axes: Floats
    """(6, 3) joint axes in the joint frames."""
    T_link_flange: Floats
    """(4, 4) flange in the last link; flange +z points out of the arm."""
    lower_rad: Floats
    """(6,) lower ends of the joint ranges."""
    upper_rad: Floats
    """(6,) upper ends of the joint ranges."""
    velocity_rad_s: Floats
    """(6,) speed limits."""
    acceleration_rad_s2: Floats
    """(6,) acceleration limits."""
    jerk_rad_s3: Floats
    """(6,) jerk limits."""
    effort_nm: Floats
    """(6,) torque limits."""
    payload_kg: float
    """Rated payload at the flange."""
    reach_m: float
    """Published reach."""
    encoder_sigma_rad: float
    """Standard deviation of a reported joint angle."""
    solids: tuple[tuple[Solid, ...], ...]
    """Bodies of the base link and of each moved link, in their link frames."""

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "Ts_parent_joint", frozen("Ts_parent_joint", self.Ts_parent_joint, (6, 4, 4))
        )
        object.__setattr__(self, "axes", frozen("axes", self.axes, (6, 3)))
        object.__setattr__(
            self, "T_link_flange", frozen("T_link_flange", self.T_link_flange, (4, 4))
        )
        for name in ("lower_rad", "upper_rad", "velocity_rad_s", "acceleration_rad_s2"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (6,)))
        for name in ("jerk_rad_s3", "effort_nm"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (6,)))

    def flange_pose(self, q: Floats) -> Floats:
        """`T_base_flange` (..., 4, 4) of joint angles (..., 6) in radians."""
        result: Floats = (
            link_poses(self.Ts_parent_joint, self.axes, q)[..., -1, :, :] @ self.T_link_flange
        )
        return result
