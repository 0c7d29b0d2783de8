"""Which of the arm's own bodies can meet: neighbours and pairs that always touch are left out."""

from __future__ import annotations

import fcl
import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from cellpick.geometry import Floats
from cellpick.motion.bodies import FLANGE, Bodies, Group
from cellpick.motion.collision import frame_poses
from cellpick.structures import ArmModel

_SAMPLES = 64
_ALWAYS = 0.9


def self_pairs(arm: ArmModel, moving: Bodies) -> NDArray[np.int64]:
    """Rows (p, 2) of moving bodies to check against each other.

    Left out are neighbours along the chain, and pairs that touch in nearly every configuration: the
    simple bodies of a slim wrist overlap (the rule of MoveIt's setup assistant).
    """
    pairs = _apart_on_the_chain(moving)
    share = _touching_share(arm, moving, pairs)
    return pairs[share < _ALWAYS]


def held_pairs(moving: Bodies, held: Bodies) -> NDArray[np.int64]:
    """Rows (p, 2) of held bodies, which follow `moving` in one table, against base and links."""
    links = np.flatnonzero(np.isin(moving.groups, (Group.BASE, Group.ARM)) & (moving.frames < 6))
    rows = np.arange(len(held)) + len(moving)
    return np.stack(np.meshgrid(rows, links, indexing="ij"), axis=-1).reshape(-1, 2)


def _apart_on_the_chain(moving: Bodies) -> NDArray[np.int64]:
    a, b = np.triu_indices(len(moving), 1)
    low, high = (
        np.minimum(moving.frames[a], moving.frames[b]),
        np.maximum(moving.frames[a], moving.frames[b]),
    )
    # the flange is part of link 6, but what it carries is wide enough to hit link 5
    apart = np.where(high == FLANGE, low < 6, high - low > 1)
    return np.stack([a[apart], b[apart]], axis=-1)


def _touching_share(arm: ArmModel, moving: Bodies, pairs: NDArray[np.int64]) -> Floats:
    """Share (p,) of configurations, spread evenly over the joint ranges, in which pairs touch."""
    unit = qmc.Halton(6, scramble=False).random(_SAMPLES)
    lower, upper = np.maximum(arm.lower_rad, -np.pi), np.minimum(arm.upper_rad, np.pi)
    q = lower + unit * (upper - lower)
    Ts = frame_poses(arm, q)[:, moving.frames] @ moving.Ts_frame_body
    objects = [fcl.CollisionObject(shape) for shape in moving.shapes]
    touching = np.zeros(len(pairs))
    for poses in Ts:
        for body, T in zip(objects, poses, strict=True):
            body.setTransform(fcl.Transform(T[:3, :3], T[:3, 3]))
        for i, (a, b) in enumerate(pairs):
            hit = fcl.collide(objects[a], objects[b], fcl.CollisionRequest(), fcl.CollisionResult())
            touching[i] += hit > 0
    return touching / _SAMPLES
