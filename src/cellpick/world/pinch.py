"""A jaw gripper: two geared, force-limited jaws; only friction holds the cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellpick.errors import InputError
from cellpick.structures import Jaws
from cellpick.world.client import STEP_S
from cellpick.world.robot import Robot

STOPPED_M_S = 1e-3
"""Jaws slower than this stand still."""
END_M = 1e-4
"""Jaws this near to the closed end hold nothing."""
ARRIVED_M = 1e-5
"""Jaws this near to a wanted opening are there."""


class Pinch:
    """The jaws of one gripper."""

    def __init__(self, client: Any, robot: Robot, jaws: Jaws, opening_m: float) -> None:
        self._client, self._robot, self._jaws = client, robot, jaws
        self.closing = False
        self.target_m = float(opening_m)
        self._last = float(opening_m)
        self.speed_m_s = 0.0

    @property
    def opening_m(self) -> float:
        """Travel of each jaw: the gear keeps both alike."""
        return float(self._robot.travel.mean())

    @property
    def timeout_s(self) -> float:
        """Time in which any motion of the jaws must end."""
        return float(np.ptp(self._jaws.opening_m) / self._jaws.speed_m_s) + 0.5

    def open_to(self, opening_m: float) -> None:
        """Aim for an opening; raises `InputError` beyond the jaws' travel."""
        lower, upper = self._jaws.opening_m.tolist()
        if not lower - 1e-9 <= opening_m <= upper + 1e-9:
            raise InputError(
                "the opening must be within the jaws' travel",
                key="opening_m",
                got=opening_m,
                accepted=f"{lower} to {upper} m",
            )
        self.closing, self.target_m = False, float(opening_m)

    def close(self) -> None:
        """Close with the rated force until something stops the jaws, and keep pressing."""
        self.closing = True

    def command(self) -> None:
        """Before a step: set both motors."""
        for jaw in (0, 1):
            if self.closing:
                self._robot.slide(jaw, -self._jaws.speed_m_s, self._jaws.force_n)
            else:
                self._robot.slide_to(jaw, self.target_m, self._jaws.speed_m_s, self._jaws.force_n)

    def update(self) -> None:
        """After a step: measure the jaws' speed."""
        now = self.opening_m
        self.speed_m_s = abs(now - self._last) / STEP_S
        self._last = now

    @property
    def at_rest(self) -> bool:
        """Whether the jaws have arrived or were stopped."""
        arrived = self.closing or abs(self.opening_m - self.target_m) < ARRIVED_M
        return arrived and self.speed_m_s < STOPPED_M_S

    @property
    def holds(self) -> bool:
        """The part-present signal: stopped before the closed end."""
        away = self.opening_m > float(self._jaws.opening_m[0]) + END_M
        return self.closing and away and self.speed_m_s < STOPPED_M_S
