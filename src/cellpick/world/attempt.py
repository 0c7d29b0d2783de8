"""What physics noted of one attempt, as the judge reads it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cellpick.structures import Contact


@dataclass
class ContactLog:
    """Unwanted contacts, each pair at its hardest."""

    peaks: dict[tuple[str, str], Contact] = field(default_factory=dict)

    def note(self, bodies: tuple[str, str], force_n: float, time_s: float) -> None:
        """Keep the contact if it is the hardest of its pair."""
        known = self.peaks.get(bodies)
        if known is None or force_n > known.force_n:
            self.peaks[bodies] = Contact(bodies, force_n, time_s)

    def all(self) -> tuple[Contact, ...]:
        """Every pair that touched, in the order of first touch."""
        return tuple(self.peaks.values())


@dataclass
class AttemptRecord:
    """Grows from `begin_attempt` to `judge`."""

    grips: int = 0
    """How often the gripper was closed or its valve opened."""
    row: int | None = None
    """The cell that was last held."""
    grip_height_m: float = 0.0
    """Height of its centre when it was gripped."""
    lift_m: float = 0.0
    """Highest that it was above that while held."""
    lost: str = ""
    """Why it was lost before it was let go on purpose; empty when it was not."""
    released: bool = False
    """Whether it was let go on purpose."""
    blocked: str = ""
    """Why a motion stopped early."""
    log: ContactLog = field(default_factory=ContactLog)
    """Unwanted contacts."""
    shorts: list[str] = field(default_factory=list)
    """Conductors that touched two terminals."""
    peak_load_n: float = 0.0
    """Largest load on the grip."""

    def gripping(self) -> None:
        """A grip begins: what an earlier one held no longer counts."""
        self.grips += 1
        self.row, self.lift_m, self.lost, self.released = None, 0.0, "", False

    def held(self, row: int, height_m: float, load_n: float) -> None:
        """The gripper has a cell, whose centre is at `height_m`, with this load."""
        if row != self.row:
            self.row, self.grip_height_m, self.lift_m = row, height_m, 0.0
        self.lift_m = max(self.lift_m, height_m - self.grip_height_m)
        self.peak_load_n = max(self.peak_load_n, load_n)

    @property
    def holding(self) -> int | None:
        """Row of the cell that is held now."""
        return None if self.released or self.lost else self.row
