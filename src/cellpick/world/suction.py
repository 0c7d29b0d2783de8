"""A vacuum gripper: seals by rays, holds by a constraint, lets go by the constraint's reaction."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, transform
from cellpick.structures import Cups
from cellpick.world.client import STEP_S
from cellpick.world.groups import CELL, FIXTURE
from cellpick.world.lips import LipHold
from cellpick.world.loads import CupArray, LossCause
from cellpick.world.robot import Robot
from cellpick.world.tool import holding_force

RIM_RAYS = 16
"""Rays round each lip."""
BACK_OFF_M = 0.004
"""Where a ray starts behind the lip: a pressed lip may sink a little into what it touches."""
STEP_SHARE = 0.25
"""Share of the lip's compliance that it also follows as a sharp step, not a slope; assumed."""
LEAK_SHARE = 0.05
"""Pressure of an open cup, as a share of a sealed one's: its check valve throttles; assumed."""
LOAD_FILTER_S = 0.008
"""Time constant of a lip's elasticity: shorter shocks of contact do not reach the seal; assumed."""
LIP_EXTEND_M_S = 0.2
"""Speed at which the compensator's spring brings the cups forward; assumed."""
STOP_MARGIN = 2.0
"""The stop bears so many times the pull that was last felt."""


class Suction:
    """The cups of one gripper and the cell on them."""

    def __init__(self, client: Any, robot: Robot, cups: Cups, cells: list[int]) -> None:
        self._client, self._robot, self._cups, self._cells = client, robot, cups, cells
        self.sealed: NDArray[np.bool_] = np.zeros(len(cups.centers_m), dtype=np.bool_)
        self.row: int | None = None
        self.load_n = 0.0
        self._all = CupArray(cups.centers_m, cups.radius_m, holding_force(cups), cups.friction)
        self._holding = self._all
        self._lips: LipHold | None = None
        self._load, self._pull_n = np.zeros(6), 0.0

    @property
    def vacuum_pa(self) -> Floats:
        """(n,) true pressure below ambient at each cup."""
        open_pa = LEAK_SHARE * self._cups.vacuum_pa
        return np.where(self.sealed, self._cups.vacuum_pa, open_pa)

    def command(self) -> None:
        """Before a step: the compensator's spring brings the cups forward to its stop.

        The spring gives way to what presses on the lips; what pulls at them hangs on the stop.
        """
        pull = max(self._pull_n, float(self._load[2]), 0.0) if self.row is not None else 0.0
        self._robot.slide_to(0, 0.0, LIP_EXTEND_M_S, self._cups.spring_n + STOP_MARGIN * pull)

    def feel(self) -> NDArray[np.int64]:
        """(n,) row of the cell that each cup would seal on; -1 where it would not."""
        n = len(self._cups.centers_m)
        T = self._robot.carrier_frame(0)
        angle = np.linspace(0.0, 2 * np.pi, RIM_RAYS, endpoint=False)
        ring = self._cups.radius_m * np.stack(
            [np.cos(angle), np.sin(angle), np.zeros(RIM_RAYS)], axis=-1
        )
        rim = (self._cups.centers_m[:, None] + ring).reshape(-1, 3)
        reach = 2 * self._cups.lip_compliance_m
        start = transform(T, rim - np.array([0.0, 0.0, BACK_OFF_M]))
        end = transform(T, rim + np.array([0.0, 0.0, reach]))
        hits = self._client.rayTestBatch(
            start.tolist(), end.tolist(), collisionFilterMask=CELL | FIXTURE
        )
        body = np.array([hit[0] for hit in hits]).reshape(n, RIM_RAYS)
        gap = np.array([hit[2] for hit in hits]).reshape(n, RIM_RAYS)
        gap = gap * (BACK_OFF_M + reach) - BACK_OFF_M
        tight = (body == body[:, :1]).all(axis=1) & (gap.max(axis=1) <= self._cups.lip_compliance_m)
        tight &= _roughness(gap, angle) <= STEP_SHARE * self._cups.lip_compliance_m
        rows = {cell: row for row, cell in enumerate(self._cells)}
        found = np.array([rows.get(int(b), -1) for b in body[:, 0]], dtype=np.int64)
        return np.where(tight, found, -1)

    def attach(self) -> None:
        """Take the cell that most cups sealed on; cups on another one leak."""
        rows = self.feel()
        good = rows[rows >= 0]
        if not len(good):
            return
        row = int(np.bincount(good).argmax())
        self.sealed = rows == row
        self._holding = self._all.subset(self.sealed)
        self.row = row
        self._load, self._pull_n = np.zeros(6), 0.0
        self._meet(row, False)
        cell, middle = self._cells[row], self._holding.centers_m.mean(axis=0)
        self._lips = LipHold(self._client, self._robot, cell, middle)
        self._client.changeDynamics(cell, -1, activationState=self._client.ACTIVATION_STATE_WAKE_UP)

    def update(self) -> LossCause | None:
        """After a step: measure the load; cups beyond their limits let go, the last the cell."""
        if self.row is None or self._lips is None:
            return None
        share = min(STEP_S / LOAD_FILTER_S, 1.0)
        reaction = self._lips.reaction()
        self._pull_n = float(reaction[2])
        self._load += share * (reaction - self._load)
        self.load_n = float(np.linalg.norm(self._load[:3]))
        holds, cause = self._holding.survivors(self._load)
        if self._lips.hinged and self._load[2] > 0.0 and not self._lips.stands():
            self._lips.fix()
        elif cause is not None and self._only_tilted():
            self._lips.hinge()
            self._load = self._level_load()
            return None
        if cause is not None:
            self.sealed[np.flatnonzero(self.sealed)[~holds]] = False
            if self.sealed.any():
                self._holding = self._all.subset(self.sealed)
        if not self.sealed.any():
            self.detach()
        return cause

    def _only_tilted(self) -> bool:
        """Whether the seat's tilt alone is too much for the lips, and may give way."""
        held = self._holding.survivors(self._level_load())[1] is None
        return held and self._lips is not None and not self._lips.hinged and self._lips.stands()

    def _level_load(self) -> Floats:
        """The load (6,) without the moment about the middle of the cups that hold."""
        force, middle = self._load[:3], self._holding.centers_m.mean(axis=0)
        return np.concatenate([force, np.cross(middle, force)])

    def detach(self) -> None:
        """Let the cell go."""
        if self.row is None:
            return
        if self._lips is not None:
            self._lips.end()
        self._meet(self.row, True)
        self.sealed = np.zeros_like(self.sealed)
        self.row = None
        self.load_n = 0.0

    def _meet(self, row: int, collide: bool) -> None:
        """Lips do not collide with a cell that the constraint already holds at them."""
        for link in self._robot.links_of("cup"):
            self._client.setCollisionFilterPair(
                self._robot.body, self._cells[row], link, -1, int(collide)
            )


def _roughness(gap: Floats, angle: Floats) -> Floats:
    """(n,) largest distance of rim gaps (n, k) from the plane that fits them best."""
    basis = np.stack([np.ones_like(angle), np.cos(angle), np.sin(angle)], axis=-1)
    fit = gap @ basis @ np.linalg.inv(basis.T @ basis) @ basis.T
    result: Floats = np.abs(gap - fit).max(axis=1)
    return result
