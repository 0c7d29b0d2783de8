"""Pure batched NumPy: arrays in, arrays out; knows no cell, camera model or robot by name."""

from cellpick.geometry.arrays import Floats, checked, frozen
from cellpick.geometry.cameras import distort, pixel_grid, project, rays, undistort
from cellpick.geometry.chains import jacobian, link_poses
from cellpick.geometry.poses import (
    angle_between,
    difference,
    from_xyz_rpy,
    invert,
    perturb,
    pose,
    transform,
    translation,
)
from cellpick.geometry.rotations import (
    exp_rotation,
    from_rpy,
    log_rotation,
    matrix_of,
    quaternion_of,
    rotation_z,
    skew,
)

__all__ = [
    "Floats",
    "angle_between",
    "checked",
    "difference",
    "distort",
    "exp_rotation",
    "from_rpy",
    "from_xyz_rpy",
    "frozen",
    "invert",
    "jacobian",
    "link_poses",
    "log_rotation",
    "matrix_of",
    "perturb",
    "pixel_grid",
    "pose",
    "project",
    "quaternion_of",
    "rays",
    "rotation_z",
    "skew",
    "transform",
    "translation",
    "undistort",
]
