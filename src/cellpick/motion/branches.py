"""Which configuration to take among several: joint range, distance from singularities, travel."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats, jacobian
from cellpick.structures import ArmModel

_RANGE_COMFORT_RAD = 0.35
_SINGULAR_COMFORT = 0.10
_RANGE_PENALTY_S = 2.0
_SINGULAR_PENALTY_S = 2.0


def smallest_singular_value(arm: ArmModel, q: Floats) -> Floats:
    """Of the flange's Jacobian at q (..., 6), its linear rows over the arm's reach; 0 is singular.

    Yoshikawa (1985), "Manipulability of robotic mechanisms", scaled to be free of units.
    """
    scale = np.array([1 / arm.reach_m] * 3 + [1.0] * 3)[:, None]
    J = jacobian(arm.Ts_parent_joint, arm.axes, q, arm.T_link_flange) * scale
    result: Floats = np.linalg.svd(J, compute_uv=False)[..., -1]
    return result


def travel_time(arm: ArmModel, q_from: Floats, q_to: Floats) -> Floats:
    """Least time (...) in seconds from q_from to q_to (..., 6) at full joint speeds.

    The slowest joint counts, and the others a little, so that no joint turns for nothing.
    """
    times = np.abs(np.asarray(q_to) - q_from) / arm.velocity_rad_s
    result: Floats = times.max(axis=-1) + 0.1 * times.sum(axis=-1)
    return result


def least_travel_time(arm: ArmModel, q_from: Floats, q_to: Floats) -> Floats:
    """`travel_time` to q_to (..., 6) less the full turns that bring it nearest, ranges aside."""
    turn = np.pi - (np.pi - (np.asarray(q_to) - q_from)) % (2 * np.pi)
    return travel_time(arm, np.zeros(6), turn)


def discomfort(arm: ArmModel, q: Floats) -> Floats:
    """Penalty (...) in seconds for being near an end of a joint's range or near a singularity."""
    room = np.minimum(q - arm.lower_rad, arm.upper_rad - q).min(axis=-1)
    tight = np.clip(1 - room / _RANGE_COMFORT_RAD, 0, 1)
    stiff = np.clip(1 - smallest_singular_value(arm, q) / _SINGULAR_COMFORT, 0, 1)
    result: Floats = _RANGE_PENALTY_S * tight**2 + _SINGULAR_PENALTY_S * stiff**2
    return result
