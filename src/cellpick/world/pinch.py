"""A jaw gripper: two coupled, force-limited jaws; only friction holds the cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellpick.errors import InputError
from cellpick.structures import Jaws
from cellpick.world.client import STEP_S
from cellpick.world.robot import Robot

MEAN_S = 0.02
"""Time over which the jaws' opening is averaged."""
STANDS_M = 5e-5
"""Jaws this near to their mean opening stand; at full speed they are a millimetre from it."""
END_M = 1e-4
"""Jaws this near to the closed end hold nothing."""
CALM_S = 0.02
"""Jaws that stand for so long press on something."""
RACK_GAIN = 0.2
"""Share of the jaws' difference that a step takes away; above 0.5 they would swing."""
CENTRED_M = 2e-5
"""Play of the rack: jaws that differ by less are alike."""
ARRIVED_M = 1e-5
"""Jaws this near to a wanted opening are there."""


class Pinch:
    """The jaws of one gripper."""

    def __init__(self, client: Any, robot: Robot, jaws: Jaws, opening_m: float) -> None:
        self._client, self._robot, self._jaws = client, robot, jaws
        self.closing = False
        self.target_m = float(opening_m)
        self._mean_m = float(opening_m)
        self._calm_s, self._pressing = 0.0, False

    @property
    def opening_m(self) -> float:
        """Travel of each jaw: the rack keeps both alike."""
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
        self.closing, self._calm_s = True, 0.0

    def command(self) -> None:
        """Before a step: set both motors.

        Until something stops them, both jaws move alike. From then on jaw 0 presses with the rated
        force and jaw 1 stands where the rack between them wants it, with at most the force of
        both; Bullet's own gear constraint drifts apart under load.
        """
        speed, force = self._jaws.speed_m_s, self._jaws.force_n
        if not self.closing:
            for jaw in (0, 1):
                self._robot.slide_to(jaw, self.target_m, speed, force)
            return
        self._robot.slide(0, -speed, force)
        if self._pressing:
            first, second = self._robot.travel.tolist()
            self._robot.slide(1, RACK_GAIN * (first - second) / STEP_S, 2 * force)
        else:
            self._robot.slide(1, -speed, force)

    def update(self) -> None:
        """After a step: see whether the jaws stand, whatever they tremble."""
        self._mean_m += STEP_S / MEAN_S * (self.opening_m - self._mean_m)
        still = abs(self.opening_m - self._mean_m) < STANDS_M
        self._calm_s = self._calm_s + STEP_S if still else 0.0
        self._pressing = self.closing and (self._pressing or self._calm_s > CALM_S)

    @property
    def at_rest(self) -> bool:
        """Whether the jaws have arrived, or were stopped and have centred what they hold."""
        if not self.closing:
            return abs(self.opening_m - self.target_m) < ARRIVED_M
        first, second = self._robot.travel.tolist()
        return self._pressing and self._calm_s > CALM_S and abs(first - second) < CENTRED_M

    @property
    def holds(self) -> bool:
        """The part-present signal: stopped before the closed end."""
        return self._pressing and self.opening_m > float(self._jaws.opening_m[0]) + END_M
