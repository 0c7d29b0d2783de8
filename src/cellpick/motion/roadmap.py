"""A way over or past obstacles with the tool as upright as it is at both ends: a grid of poses.

Edges are checked only when the shortest way uses them: Bohlin and Kavraki (2000), "Path planning
using lazy PRM". The straight joint-space way between two poses of one branch that point straight
down stays nearly level, so that a held cell does not swing.
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy.sparse.csgraph import dijkstra

from cellpick.geometry import Floats, pose, rotation_z
from cellpick.motion.branches import travel_time
from cellpick.motion.kinematics import InverseKinematics
from cellpick.motion.sampling import EdgeCheck
from cellpick.structures import ArmModel

_TURNS = 9
_RADII = (1.0, 0.85, 0.7, 0.55, 0.4)
_LIFTS_M = (0.0, 0.08, 0.16, 0.28, 0.42)
_MOST_CHECKS = 250
_FAR_RAD = 2.0
_START, _GOAL = 0, 1


def level_corners(
    arm: ArmModel,
    ik: InverseKinematics,
    up: Floats,
    q_start: Floats,
    q_goal: Floats,
    free: EdgeCheck,
) -> Floats:
    """Corners (m, 6) of a free polyline from start to goal; (0, 6) where the grid has none."""
    places, q = _grid(arm, ik, up, q_start, q_goal)
    q = np.concatenate([[q_start, q_goal], q])
    weights = _weights(arm, places, q)
    for _ in range(_MOST_CHECKS):
        cost, before = dijkstra(weights, indices=_START, return_predecessors=True)
        if not np.isfinite(cost[_GOAL]):
            break
        nodes = [_GOAL]
        while nodes[-1] != _START:
            nodes.append(int(before[nodes[-1]]))
        if _all_free(nodes[::-1], q, weights, free):
            corners: Floats = q[nodes[::-1]]
            return corners
    return np.zeros((0, 6))


def _all_free(nodes: list[int], q: Floats, weights: Floats, free: EdgeCheck) -> bool:
    """Whether a way is free; the first node or edge that is not leaves the graph."""
    for node in nodes[1:-1]:
        if not free(q[node], q[node]):
            weights[node] = weights[:, node] = np.inf
            return False
    for a, b in itertools.pairwise(nodes):
        if not free(q[a], q[b]):
            weights[a, b] = weights[b, a] = np.inf
            return False
    return True


def _weights(arm: ArmModel, places: Floats, q: Floats) -> Floats:
    """Travel times (n + 2, n + 2) between neighbours in the grid; infinite between others."""
    # the start neighbours the first turn of the grid and the goal the last, at any lift
    ends = np.array([[0, 0, np.nan], [_TURNS - 1, 0, np.nan]])
    rows = np.concatenate([ends, places])
    apart = np.nan_to_num(np.abs(rows[:, None] - rows))
    weights = travel_time(arm, q[:, None], q)
    jump = np.abs(q[:, None] - q).max(axis=-1)
    weights[(apart > 1).any(axis=-1) | (jump > _FAR_RAD)] = np.inf
    return weights


def _grid(
    arm: ArmModel, ik: InverseKinematics, up: Floats, q_start: Floats, q_goal: Floats
) -> tuple[Floats, Floats]:
    """Grid places (n, 3) and configurations (n, 6): turn about the base, radius and lift."""
    shares = np.linspace(0, 1, _TURNS)
    along = q_start + shares[:, None] * (q_goal - q_start)
    Ts = arm.flange_pose(along)
    R_base_up = _frame_of(up)
    p = Ts[:, :3, 3] @ R_base_up
    azimuth = np.unwrap(np.arctan2(p[:, 1], p[:, 0]))
    spin = R_base_up.T @ Ts[:, :3, :3] @ Ts[0, :3, :3].T @ R_base_up
    yaw = np.unwrap(np.arctan2(spin[:, 1, 0] - spin[:, 0, 1], spin[:, 0, 0] + spin[:, 1, 1]))
    places, q = [], []
    for i, share in enumerate(shares):
        turn, radius, height = (
            ends[0] + share * (ends[-1] - ends[0])
            for ends in (azimuth, np.hypot(p[:, 0], p[:, 1]), p[:, 2])
        )
        R = R_base_up @ rotation_z(share * yaw[-1]) @ R_base_up.T @ Ts[0, :3, :3]
        for j, k in itertools.product(range(len(_RADII)), range(len(_LIFTS_M))):
            reach = radius * _RADII[j]
            point = np.array([reach * np.cos(turn), reach * np.sin(turn), height + _LIFTS_M[k]])
            nearest = ik.nearest(pose(R, R_base_up @ point), along[i])
            places += [[i, j, k]] * len(nearest)
            q.append(nearest)
    return np.array(places, dtype=np.float64).reshape(-1, 3), np.concatenate(q)


def _frame_of(up: Floats) -> Floats:
    """Rotation (3, 3) whose z is `up`."""
    side = np.array([1.0, 0.0, 0.0]) if abs(up[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    y = np.cross(up, side)
    y = y / np.linalg.norm(y)
    return np.stack([np.cross(y, up), y, up], axis=-1)
