"""Both kinds of gripper behind one face: what to command before a step, what to notice after it.

`grip`, `release` and `set_opening` yield once for every physics step that must pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats, invert, transform
from cellpick.scene.state import SceneState
from cellpick.structures import Cups, GripperReading
from cellpick.world.client import GRAVITY_M_S2, STEP_S
from cellpick.world.pinch import Pinch
from cellpick.world.robot import Robot
from cellpick.world.suction import Suction

GAUGE_SIGMA_SHARE = 0.005
"""Noise of a vacuum gauge, as a share of full vacuum; assumed."""
TOUCHED_S = 0.05
"""A jaw counts as touching for so long after its last contact: contacts flicker."""
LOST_M = 0.010
"""A cell that has slipped so far through the jaws is lost."""


@dataclass(frozen=True)
class Hold:
    """What the gripper has after a step."""

    row: int | None = None
    """Row of the held cell."""
    load_n: float = 0.0
    """Load on the grip."""
    lost: str = ""
    """Why a cell was lost in this step; empty when none was."""


class Gripper(Protocol):
    """What the world asks of a gripper."""

    @property
    def opening_m(self) -> float:
        """Travel of each jaw; 0 for cups."""

    def command(self) -> None:
        """Set the motors for the next step."""

    def update(self, jaws_on_cells: Mapping[int, set[int]]) -> Hold:
        """Look at the last step; rows of cells -> the jaws that press on them."""

    def read(self, rng: np.random.Generator) -> GripperReading:
        """What its sensors say."""

    def grip(self) -> Iterator[None]:
        """Close or evacuate."""

    def release(self) -> Iterator[None]:
        """Open or blow off."""

    def set_opening(self, opening_m: float) -> Iterator[None]:
        """Move the jaws."""


def gripper_of(client: Any, robot: Robot, state: SceneState, cells: list[int]) -> Gripper:
    """The gripper of the scene."""
    if state.gripper.cups is not None:
        return VacuumGripper(Suction(client, robot, state.gripper.cups, cells), state.gripper.cups)
    if state.gripper.jaws is not None:
        pinch = Pinch(client, robot, state.gripper.jaws, state.opening_m)
        return JawGripper(client, robot, pinch, cells, state.cell.mass_kg)
    raise InputError("a gripper must have cups or jaws", source=state.gripper.name)


class VacuumGripper:
    """Cups with one valve."""

    def __init__(self, suction: Suction, cups: Cups) -> None:
        self._suction, self._cups = suction, cups
        self._valve_open = False

    @property
    def opening_m(self) -> float:
        """Always 0."""
        return 0.0

    def command(self) -> None:
        """Bring the cups forward."""
        self._suction.command()

    def update(self, jaws_on_cells: Mapping[int, set[int]]) -> Hold:
        """Whether the cups still hold."""
        row = self._suction.row
        cause = self._suction.update()
        if row is not None and self._suction.row is None:
            return Hold(lost=cause or "overload")
        return Hold(row, self._suction.load_n)

    def read(self, rng: np.random.Generator) -> GripperReading:
        """One gauge a cup."""
        vacuum = self._suction.vacuum_pa * self._valve_open
        noise = rng.normal(0.0, 1.0, len(vacuum)) * GAUGE_SIGMA_SHARE * self._cups.vacuum_pa
        return GripperReading(vacuum + noise, 0.0, bool((vacuum > self._cups.vacuum_pa / 2).any()))

    def grip(self) -> Iterator[None]:
        """Valve on; a cup that seals holds once it is evacuated."""
        self._valve_open = True
        yield from _steps(self._cups.evacuation_s)
        if self._suction.row is None:
            self._suction.attach()

    def release(self) -> Iterator[None]:
        """Valve off; the cell is free when the cups are blown off."""
        yield from _steps(self._cups.blow_off_s)
        self._valve_open = False
        self._suction.detach()

    def set_opening(self, opening_m: float) -> Iterator[None]:
        """Cups have none."""
        if opening_m != 0.0:
            raise InputError("cups have no opening", key="opening_m", got=opening_m, accepted="0")
        yield from ()


class JawGripper:
    """Two jaws with one drive."""

    def __init__(
        self, client: Any, robot: Robot, pinch: Pinch, cells: list[int], mass_kg: float
    ) -> None:
        self._client, self._robot, self._pinch = client, robot, pinch
        self._cells, self._mass_kg = cells, mass_kg
        self._row: int | None = None
        self._touched: dict[tuple[int, int], float] = {}
        self._time_s = 0.0
        self._place: Floats = np.zeros(3)
        self._velocity: Floats = np.zeros(3)

    @property
    def opening_m(self) -> float:
        """Travel of each jaw."""
        return self._pinch.opening_m

    def command(self) -> None:
        """Drive both jaws."""
        self._pinch.command()

    def update(self, jaws_on_cells: Mapping[int, set[int]]) -> Hold:
        """A cell between both jaws is held while both press on it."""
        self._pinch.update()
        self._time_s += STEP_S
        for row, jaws in jaws_on_cells.items():
            self._touched.update({(row, jaw): self._time_s for jaw in jaws})
        if not self._pinch.closing:
            self._row = None
            return Hold()
        if self._row is None and self._pinch.holds:
            self._take()
        if self._row is None:
            return Hold()
        slip = np.linalg.norm(self._in_grip(self._row) - self._place)
        if slip > LOST_M:
            self._row = None
            self._touched.clear()
            return Hold(lost="dropped_in_transit")
        return Hold(self._row, self._load(self._row))

    def _take(self) -> None:
        """The cell that both jaws have just pressed on."""
        recent = {key for key, t in self._touched.items() if self._time_s - t < TOUCHED_S}
        both = sorted(row for row, jaw in recent if jaw == 0 and (row, 1) in recent)
        if both:
            self._row = both[0]
            self._place, self._velocity = self._in_grip(both[0]), self._speed(both[0])

    def _in_grip(self, row: int) -> Floats:
        position, _ = self._client.getBasePositionAndOrientation(self._cells[row])
        p_tcp: Floats = transform(invert(self._robot.tcp_frame()), np.array([position]))[0]
        return p_tcp

    def read(self, rng: np.random.Generator) -> GripperReading:
        """The drive's encoder is exact beside the jaws' play."""
        return GripperReading(np.zeros(0), self._pinch.opening_m, self._pinch.holds)

    def grip(self) -> Iterator[None]:
        """Close until the jaws stop."""
        self._pinch.close()
        yield from self._until_rest()

    def release(self) -> Iterator[None]:
        """Open as far as they were before the grip."""
        yield from self.set_opening(self._pinch.target_m)

    def set_opening(self, opening_m: float) -> Iterator[None]:
        """Open or close without pressing."""
        self._pinch.open_to(opening_m)
        yield from self._until_rest()

    def _until_rest(self) -> Iterator[None]:
        for _ in _steps(self._pinch.timeout_s):
            yield
            if self._pinch.at_rest:
                return

    def _speed(self, row: int) -> Floats:
        return np.array(self._client.getBaseVelocity(self._cells[row])[0])

    def _load(self, row: int) -> float:
        """Newton's law on the cell: all that is not its weight acts through the jaws."""
        before, self._velocity = self._velocity, self._speed(row)
        acceleration = (self._velocity - before) / STEP_S + [0.0, 0.0, GRAVITY_M_S2]
        return float(self._mass_kg * np.linalg.norm(acceleration))


def _steps(seconds: float) -> Iterator[None]:
    for _ in range(int(np.ceil(seconds / STEP_S - 1e-9))):
        yield
