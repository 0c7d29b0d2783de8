"""Whether a camera may expose on the way: how far its picture would smear, as the station knows."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats, invert, jacobian
from cellpick.structures import ArmModel, CameraCalibration, JointTrajectory

MOST_BLUR_PX = 5.0
"""Longest smear that perception's stated errors still cover: on prismatic_tray poses are as good as
standing up to 5 px and beyond their stated errors from 9 px on."""


def expected_blur_px(
    arm: ArmModel,
    camera: CameraCalibration,
    motion: JointTrajectory,
    time_s: float,
    exposure_s: float,
    T_base_focus: Floats,
) -> float:
    """Way in pixels of the look's focus in the picture, exposed at `time_s` of a planned motion."""
    if camera.mount == "base":
        return 0.0
    q, dq = (
        np.array([np.interp(time_s, motion.times_s, joint) for joint in rows.T])
        for rows in (motion.q, motion.dq)
    )
    T_base_camera = arm.flange_pose(q) @ camera.T_mount_camera
    tool = arm.T_link_flange @ camera.T_mount_camera
    twist = jacobian(arm.Ts_parent_joint, arm.axes, q, tool) @ dq
    v, turn = twist.reshape(2, 3) @ T_base_camera[:3, :3]
    p = (invert(T_base_camera) @ T_base_focus)[:3, 3]
    speed = -(v + np.cross(turn, p))
    flow = (speed[:2] - p[:2] / p[2] * speed[2]) / p[2]
    return float(np.linalg.norm(np.diag(camera.K)[:2] * flow)) * exposure_s
