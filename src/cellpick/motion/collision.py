"""Collision check of configurations: boxes along the axes first, then FCL's distances.

Pan, Chitta and Manocha (2012), "FCL: a general purpose library for collision
and proximity queries".
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Protocol

import fcl
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, link_poses, transform
from cellpick.motion.bodies import Bodies, Group
from cellpick.structures import ArmModel, MotionStatus

Margins = dict[tuple[Group, Group], float]
"""Least distance in metres of two groups; a pair that is not listed may touch."""

_GROUPS = len(Group)
_MOUNT_GAP_M = 2e-3
_CORNERS = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))


@dataclass(frozen=True)
class Clash:
    """The first place on a way that must not be, or that there is none."""

    free: bool
    """Whether there is none."""
    row: int = 0
    """Configuration at which it is."""
    status: MotionStatus = "ok"
    """`blocked` by two bodies, or `limit` of the grip."""
    reason: str = ""
    """In words, naming the bodies."""


FREE = Clash(True)


class Checker(Protocol):
    """Says whether the arm may go through configurations."""

    def first_clash(self, q: Floats) -> Clash:
        """The first clash over configurations (m, 6), in their order."""

    def spread(self, q: Floats) -> Floats:
        """Farthest way (m - 1,) of any moving body's corner from one of q (m, 6) to the next."""


def frame_poses(arm: ArmModel, q: Floats) -> Floats:
    """Poses (m, 8, 4, 4) of base, six links and flange at q (m, 6)."""
    links = link_poses(arm.Ts_parent_joint, arm.axes, q)
    base = np.broadcast_to(np.eye(4), (len(q), 1, 4, 4))
    return np.concatenate([base, links, links[:, -1:] @ arm.T_link_flange], axis=1)


class CollisionChecker:
    """Checks configurations of one arm with one set of moving and standing bodies."""

    def __init__(
        self,
        arm: ArmModel,
        moving: Bodies,
        standing: Bodies,
        margins: Margins,
        self_pairs: NDArray[np.int64],
    ) -> None:
        """`self_pairs` (p, 2) are the rows of moving bodies that may meet each other."""
        self._arm, self._moving, self._standing = arm, moving, standing
        table = np.full((_GROUPS, _GROUPS), -np.inf)
        for (a, b), margin in margins.items():
            table[a, b] = table[b, a] = margin
        self._margins = table[moving.groups[:, None], standing.groups]
        self._margins[np.ix_(moving.frames == 1, _mounts(moving, standing))] = -np.inf
        self._self_pairs = self_pairs
        self._self_margins = table[moving.groups[self_pairs[:, 0]], moving.groups[self_pairs[:, 1]]]
        self._centres = standing.Ts_frame_body[:, :3, 3]
        self._extents = _extents(standing.Ts_frame_body, standing.half)
        self._mobile = [fcl.CollisionObject(shape) for shape in moving.shapes]
        self._fixed = [
            fcl.CollisionObject(shape, fcl.Transform(T[:3, :3], T[:3, 3]))
            for shape, T in zip(standing.shapes, standing.Ts_frame_body, strict=True)
        ]

    def first_clash(self, q: Floats) -> Clash:
        """The first clash over configurations (m, 6), in their order."""
        return self.first_clash_at(frame_poses(self._arm, q))

    def first_clash_at(self, Ts_base_frame: Floats) -> Clash:
        """The first clash over m sets of frames (m, 8, 4, 4): base, six links, flange."""
        Ts = Ts_base_frame[:, self._moving.frames] @ self._moving.Ts_frame_body
        centres, extents = Ts[..., :3, 3], _extents(Ts, self._moving.half)
        if not len(Ts):
            return FREE
        return self._narrow(Ts, *self._candidates(centres, extents))

    def free_rows(self, Ts_base_frame: Floats) -> NDArray[np.bool_]:
        """Which of m sets of frames (m, 8, 4, 4) are free of clashes."""
        free = np.ones(len(Ts_base_frame), dtype=np.bool_)
        row = 0
        while row < len(free):
            clash = self.first_clash_at(Ts_base_frame[row:])
            if clash.free:
                break
            free[row + clash.row] = False
            row += clash.row + 1
        return free

    def spread(self, q: Floats) -> Floats:
        """Farthest way (m - 1,) of any moving body's corner from one of q (m, 6) to the next."""
        Ts = frame_poses(self._arm, q)[:, self._moving.frames] @ self._moving.Ts_frame_body
        corners = transform(Ts, self._moving.half[:, None, :] * _CORNERS)
        steps = np.linalg.norm(np.diff(corners, axis=0), axis=-1)
        result: Floats = steps.max(axis=(1, 2))
        return result

    def _candidates(
        self, centres: Floats, extents: Floats
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Floats]:
        """Rows, moving bodies, other bodies (standing, or -1 - moving), margins; in row order."""
        body, other, margin = self._ever_near(centres, extents)
        gap = np.abs(centres[:, body] - self._centres[other]) - extents[:, body]
        row, pair = np.nonzero((gap - self._extents[other] < margin[:, None]).all(axis=-1))
        a, b = self._self_pairs.T
        gap = np.abs(centres[:, a] - centres[:, b]) - extents[:, a] - extents[:, b]
        row2, pair2 = np.nonzero((gap < self._self_margins[:, None]).all(axis=-1))
        rows = np.concatenate([row, row2])
        order = np.argsort(rows, kind="stable")
        margins = np.concatenate([margin[pair], self._self_margins[pair2]])
        return (
            rows[order],
            np.concatenate([body[pair], a[pair2]])[order],
            np.concatenate([other[pair], -1 - b[pair2]])[order],
            margins[order],
        )

    def _ever_near(
        self, centres: Floats, extents: Floats
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """Moving body, standing body and margin (p,) of pairs whose boxes over all rows meet."""
        low, high = (centres - extents).min(axis=0), (centres + extents).max(axis=0)
        below = low[:, None] - (self._centres + self._extents)
        above = self._centres - self._extents - high[:, None]
        gap = np.maximum(below, above).max(axis=-1)
        body, other = np.nonzero(gap < self._margins)
        return body, other, self._margins[body, other]

    def _narrow(
        self,
        Ts: Floats,
        rows: NDArray[np.int64],
        bodies: NDArray[np.int64],
        others: NDArray[np.int64],
        margins: Floats,
    ) -> Clash:
        request = fcl.DistanceRequest()
        placed: dict[int, int] = {}
        for row, i, j, margin in zip(
            rows.tolist(), bodies.tolist(), others.tolist(), margins.tolist(), strict=True
        ):
            mine = self._at(Ts, row, i, placed)
            yours = self._fixed[j] if j >= 0 else self._at(Ts, row, -1 - j, placed)
            distance = fcl.distance(mine, yours, request, fcl.DistanceResult())
            if distance <= margin:
                name = self._standing.names[j] if j >= 0 else self._moving.names[-1 - j]
                gap = f"within {1e3 * distance:.1f} mm of" if distance > 0 else "into"
                reason = f"{self._moving.names[i]} would come {gap} {name}"
                return Clash(False, row, "blocked", reason)
        return FREE

    def _at(self, Ts: Floats, row: int, body: int, placed: dict[int, int]) -> Any:
        """The moving body's object, at its pose in a row."""
        if placed.get(body) != row:
            T = Ts[row, body]
            self._mobile[body].setTransform(fcl.Transform(T[:3, :3], T[:3, 3]))
            placed[body] = row
        return self._mobile[body]


def _mounts(moving: Bodies, standing: Bodies) -> NDArray[np.bool_]:
    """Which standing bodies (k,) the arm's base touches: the first link turns just above them."""
    touched = np.zeros(len(standing), dtype=np.bool_)
    base = moving.only(Group.BASE)
    request = fcl.DistanceRequest()
    for i, (shape, T) in enumerate(zip(standing.shapes, standing.Ts_frame_body, strict=True)):
        body = fcl.CollisionObject(shape, fcl.Transform(T[:3, :3], T[:3, 3]))
        for own, U in zip(base.shapes, base.Ts_frame_body, strict=True):
            foot = fcl.CollisionObject(own, fcl.Transform(U[:3, :3], U[:3, 3]))
            touched[i] |= fcl.distance(foot, body, request, fcl.DistanceResult()) < _MOUNT_GAP_M
    return touched


def _extents(Ts: Floats, half: Floats) -> Floats:
    """Half extents (..., k, 3) along the base's axes."""
    result: Floats = (np.abs(Ts[..., :3, :3]) @ half[:, :, None])[..., 0]
    return result
