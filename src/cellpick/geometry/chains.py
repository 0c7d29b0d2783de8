"""Forward kinematics of a serial chain of revolute joints, batched over configurations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cellpick.geometry.arrays import Floats, checked
from cellpick.geometry.poses import pose
from cellpick.geometry.rotations import exp_rotation


def link_poses(Ts_parent_joint: ArrayLike, axes: ArrayLike, q: ArrayLike) -> Floats:
    """Poses `T_base_link` (..., n, 4, 4) of the n links that the joints move.

    `Ts_parent_joint` (n, 4, 4) are the joints' URDF origins, `axes` (n, 3) unit vectors in the
    joint frame, `q` (..., n) radians.
    """
    origins = checked("Ts_parent_joint", Ts_parent_joint, (None, 4, 4))
    n = origins.shape[0]
    axes_ = checked("axes", axes, (n, 3))
    angles = checked("q", q, (n,), batch=True)
    motions = pose(exp_rotation(angles[..., None] * axes_), np.zeros(3))
    steps = origins @ motions
    out = np.empty_like(steps)
    out[..., 0, :, :] = steps[..., 0, :, :]
    for i in range(1, n):
        out[..., i, :, :] = out[..., i - 1, :, :] @ steps[..., i, :, :]
    return out


def jacobian(
    Ts_parent_joint: ArrayLike, axes: ArrayLike, q: ArrayLike, T_link_tool: ArrayLike
) -> Floats:
    """Geometric Jacobian (..., 6, n) of the tool on the last link, rows (v, w), base frame."""
    links = link_poses(Ts_parent_joint, axes, q)
    axes_ = checked("axes", axes, (links.shape[-3], 3))
    p_tool = (links[..., -1, :, :] @ checked("T_link_tool", T_link_tool, (4, 4)))[..., :3, 3]
    w = (links[..., :3, :3] @ axes_[:, :, None])[..., 0]
    v = np.cross(w, p_tool[..., None, :] - links[..., :3, 3])
    return np.swapaxes(np.concatenate([v, w], axis=-1), -1, -2)
