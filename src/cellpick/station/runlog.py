"""All that a run produced, as it is handed to evaluation and reports."""

from __future__ import annotations

from dataclasses import dataclass, field

from cellpick.station.attempt import Attempt
from cellpick.station.looking import Look
from cellpick.station.recovery import Action, Event
from cellpick.structures import CameraVerdict


@dataclass(frozen=True)
class Step:
    """One attempt in the run's log."""

    number: int
    """From 1."""
    time_s: float
    """Station time at its end."""
    duration_s: float
    """Station time since the last step's end, looks included."""
    key: str
    """The station's name for the cell."""
    code: str
    """The cell's code as read; empty if it was not."""
    sigma_m: float
    """The position error that perception predicted."""
    attempt: Attempt
    """What happened."""


@dataclass(frozen=True)
class Recovery:
    """One event and what the station did about it."""

    time_s: float
    """Station time."""
    key: str
    """The station's name for the cell, or for the region when no cell is meant."""
    event: Event
    """What happened."""
    action: Action
    """What the ladder gave."""
    reason: str
    """In words."""


@dataclass(frozen=True)
class CameraEvent:
    """A camera's verdict changed."""

    look: int
    """Number of the look, from 1."""
    time_s: float
    """Station time."""
    camera: str
    """Its name."""
    verdict: CameraVerdict
    """What it is from this look on."""
    reason: str
    """In words; empty when it is ok again."""


@dataclass
class RunLog:
    """Grows while the run goes on."""

    steps: list[Step] = field(default_factory=list)
    """Attempts in order."""
    looks: list[Look] = field(default_factory=list)
    """Looks at the tray in order."""
    module_look: Look | None = None
    """The last look at the module, to verify what was placed."""
    recoveries: list[Recovery] = field(default_factory=list)
    """In order."""
    cameras: list[CameraEvent] = field(default_factory=list)
    """Each change of a camera's verdict, in order; a camera without any was ok throughout."""
    stopped: str = ""
    """Why the station stopped before the tray was empty or the module full; empty otherwise."""
