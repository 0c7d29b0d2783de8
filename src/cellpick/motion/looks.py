"""Where to look from: flange poses straight above a region, and the branches that reach them."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats, pose, rotation_z
from cellpick.motion.branches import discomfort, travel_time
from cellpick.motion.kinematics import InverseKinematics
from cellpick.motion.refusal import out_of_reach
from cellpick.structures import ArmModel

_YAWS = 24
_RANKED = 200


def look_poses(T_base_focus: Floats, standoff_m: float) -> Floats:
    """`T_base_flange` (y, 4, 4) that look along -z of the focus frame from above its origin."""
    yaws = rotation_z(np.arange(_YAWS) * (2 * np.pi / _YAWS))
    down = np.diag([1.0, -1.0, -1.0])
    result: Floats = T_base_focus @ pose(yaws @ down, np.array([0.0, 0.0, standoff_m]))
    return result


def ranked(
    arm: ArmModel, ik: InverseKinematics, q_start: Floats, Ts_base_flange: Floats, what: str
) -> Floats:
    """Configurations (n, 6) that reach any of the poses (y, 4, 4), best first.

    Raises `RefusedError` for none; `what` is what it calls the poses.
    """
    q = ik.in_range(ik.branches_of(Ts_base_flange)[0][:, None])[:, 0]
    if not len(q):
        raise out_of_reach(arm, Ts_base_flange[0], what)
    travel = travel_time(arm, q_start, q)
    near = np.argsort(travel, kind="stable")[:_RANKED]
    cost = travel[near] + discomfort(arm, q[near])
    result: Floats = q[near][np.argsort(cost, kind="stable")]
    return result
