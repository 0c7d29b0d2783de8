"""How lips hold a cell: firm while it hangs, giving way to a tilt while it stands on something."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellpick.geometry import Floats, invert, translation
from cellpick.world.client import from_bullet, to_bullet
from cellpick.world.robot import Robot

CONSTRAINT_FORCE_N = 1e5
"""Bound on the constraint itself: far above any seal, so that only the cups' limits decide."""
UPWARD = 0.5
"""Least share of a contact's force that points up where a cell stands on it."""


class LipHold:
    """The constraint between the cups and one cell.

    A hanging cell is pulled against the ribs inside the cups and cannot tilt: a fixed constraint. A
    cell that is set down is tilted by its support, and the lips follow by their compliance, which
    is degrees, while a seat asks for hundredths: then only the middle of the cups is held.
    """

    def __init__(self, client: Any, robot: Robot, cell: int, p_tcp: Floats) -> None:
        self._client, self._robot, self._cell = client, robot, cell
        self._p_tcp = p_tcp
        self._constraint = -1
        self.hinged = False
        self.fix()

    def fix(self) -> None:
        """Hold the cell firmly, as it hangs now."""
        in_link = invert(self._link_frame()) @ self._cell_frame()
        position, orientation = to_bullet(in_link)
        self._replace(self._client.JOINT_FIXED, position, [0.0, 0.0, 0.0], orientation)
        self.hinged = False

    def hinge(self) -> None:
        """Hold the middle of the cups alone."""
        T_world_pivot = self._robot.carrier_frame(0) @ translation(self._p_tcp)
        in_link, _ = to_bullet(invert(self._link_frame()) @ T_world_pivot)
        in_cell, _ = to_bullet(invert(self._cell_frame()) @ T_world_pivot)
        self._replace(self._client.JOINT_POINT2POINT, in_link, in_cell, [0.0, 0.0, 0.0, 1.0])
        self.hinged = True

    def end(self) -> None:
        """Let go."""
        self._client.removeConstraint(self._constraint)

    def stands(self) -> bool:
        """Whether anything but the gripper carries the cell from below."""
        return any(
            p[2] != self._robot.body and p[9] > 0.0 and p[7][2] > UPWARD
            for p in self._client.getContactPoints(bodyA=self._cell)
        )

    def reaction(self) -> Floats:
        """Force and moment (6,) on the cups about the TCP, in TCP axes.

        PyBullet 3.2.7 gives, in world axes, for a fixed constraint the force on the parent at the
        child's centre of mass, with the moment in the cell's axes; for a point-to-point constraint
        the force on the child (measured: `tests/unit/test_world_suction.py`).
        """
        state = np.array(self._client.getConstraintState(self._constraint))
        T_tcp = self._robot.carrier_frame(0)
        force, R = state[:3] @ T_tcp[:3, :3], T_tcp[:3, :3]
        if self.hinged:
            return np.concatenate([-force, np.cross(self._p_tcp, -force)])
        T_cell = self._cell_frame()
        arm = (T_cell[:3, 3] - T_tcp[:3, 3]) @ R
        moment = (T_cell[:3, :3] @ state[3:]) @ R
        return np.concatenate([force, moment + np.cross(arm, force)])

    def _replace(self, kind: int, in_link: Any, in_cell: Any, orientation: Any) -> None:
        if self._constraint >= 0:
            self.end()
        self._constraint = self._client.createConstraint(
            self._robot.body,
            self._robot.carriers[0],
            self._cell,
            -1,
            kind,
            [0, 0, 0],
            in_link,
            in_cell,
            orientation,
        )
        self._client.changeConstraint(self._constraint, maxForce=CONSTRAINT_FORCE_N)

    def _link_frame(self) -> Floats:
        return self._robot.mass_frame(self._robot.carriers[0])

    def _cell_frame(self) -> Floats:
        return from_bullet(self._client, *self._client.getBasePositionAndOrientation(self._cell))
