"""The last look at a trajectory before it leaves: no joint may break a limit."""

from __future__ import annotations

import numpy as np

from cellpick.errors import LimitError
from cellpick.geometry import Floats
from cellpick.structures import ArmModel, JointTrajectory

_ROUNDING = 1e-6


def check_limits(trajectory: JointTrajectory, arm: ArmModel) -> None:
    """Raise `LimitError`, naming the joint and the time, where a trajectory breaks a limit.

    Position, speed and acceleration are those of the samples; jerk is the acceleration's change
    from sample to sample.
    """
    t = trajectory.times_s
    jerk = np.diff(trajectory.ddq, axis=0) / np.diff(t)[:, None]
    _check("position", "rad", trajectory.q, arm.lower_rad, arm.upper_rad, t, arm)
    for what, unit, values, limit in (
        ("speed", "rad/s", trajectory.dq, arm.velocity_rad_s),
        ("acceleration", "rad/s^2", trajectory.ddq, arm.acceleration_rad_s2),
        ("jerk", "rad/s^3", jerk, arm.jerk_rad_s3),
    ):
        _check(what, unit, values, -limit, limit, t, arm)


def _check(
    what: str, unit: str, values: Floats, lower: Floats, upper: Floats, t: Floats, arm: ArmModel
) -> None:
    slack = _ROUNDING * np.maximum(1.0, upper)
    # NaN compares false, so the test is for being inside
    broken = ~((values >= lower - slack) & (values <= upper + slack))
    if not broken.any():
        return
    row, joint = np.argwhere(broken)[0]
    raise LimitError(
        f"{what} of joint {arm.joint_names[joint]} would be {values[row, joint]:.4g} {unit} at "
        f"{t[row]:.3f} s; its limits are {lower[joint]:.4g} and {upper[joint]:.4g} {unit}"
    )
