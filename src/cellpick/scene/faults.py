"""What is wrong with a camera, as data. Truth, never visible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FaultKind = Literal[
    "dead",
    "frozen",
    "delayed",
    "out_of_focus",
    "half_covered",
    "over_exposed",
    "dirty_lens",
    "bumped",
    "drifting",
]


@dataclass(frozen=True)
class Fault:
    """One fault of one camera."""

    camera: int
    """Its place in the rig, from 0."""
    kind: FaultKind
    """What is wrong."""
    from_look: int
    """First look that it spoils; looks count from 1."""
    amount: float
    """How bad, 1 being the usual size of its kind; each kind says what it scales."""
