"""What physics judged of one attempt, and what the gripper's own sensors say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cellpick.geometry import Floats, frozen

OutcomeStatus = Literal["placed", "misplaced", "dropped", "not_picked", "not_attempted"]


@dataclass(frozen=True, eq=False)
class GripperReading:
    """What a real gripper reports: pressures or jaw travel."""

    vacuum_pa: Floats
    """(n,) pressure below ambient at each cup; zero rows for jaws."""
    opening_m: float
    """Travel of each jaw; 0 for cups."""
    holds: bool
    """The gripper's part-present signal: a cup at pressure, or jaws stopped before their end."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "vacuum_pa", frozen("vacuum_pa", self.vacuum_pa, (None,)))


@dataclass(frozen=True)
class Contact:
    """Two bodies that touched though they must not have, at its hardest."""

    bodies: tuple[str, str]
    """Their names, such as `gripper.cup.0` and `cell.A003`."""
    force_n: float
    """Largest normal force while they touched."""
    time_s: float
    """Station time of that force."""


@dataclass(frozen=True)
class PickOutcome:
    """The judge's verdict on one attempt, from physics alone."""

    status: OutcomeStatus
    """not_attempted: nothing was gripped on purpose (a plan failed)."""
    cause: str
    """Why it is not `placed`, as a short snake_case key; empty for placed."""
    serial: str
    """Serial number of the cell that was moved; empty when none was."""
    slot: int
    """Row of the slot it was meant for."""
    place_error_m: float
    """Distance of the cell from the slot's axis in the slot's plane; NaN when not in the module."""
    place_error_rad: float
    """Angle that the cell's symmetry leaves; NaN when not in the module."""
    seat_error_m: float
    """Height above the seat; NaN when not in the module."""
    polarity_ok: bool
    """Whether the positive terminal points where the slot wants it."""
    contacts: tuple[Contact, ...]
    """Unwanted contacts during the attempt."""
    shorts: tuple[str, ...]
    """A conductor that touched two terminals, named; a safety violation."""
    peak_load_n: float
    """Largest load on the grip."""
