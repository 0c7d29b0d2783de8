"""What the station does when a step fails: a table of event -> actions, each used once a cell."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Event = Literal[
    "nothing_found",
    "estimate_not_ok",
    "no_grasp",
    "no_motion",
    "grip_failed",
    "lost_near_pocket",
    "lost_in_transit",
    "arm_blocked",
    "not_released",
]
Action = Literal["look_again", "other_grasp", "skip", "stop"]

LADDER: dict[Event, tuple[Action, ...]] = {
    "nothing_found": ("look_again", "stop"),
    "estimate_not_ok": ("look_again", "skip"),
    "no_grasp": ("look_again", "skip"),
    "no_motion": ("other_grasp", "other_grasp", "skip"),
    "grip_failed": ("look_again", "other_grasp", "skip"),
    "lost_near_pocket": ("look_again", "skip"),
    # A loose cell on the station floor is a hazard: a person clears it.
    "lost_in_transit": ("stop",),
    "arm_blocked": ("stop",),
    "not_released": ("stop",),
}
"""The n-th time an event happens to one cell, the n-th action is taken; past the end, the last."""


@dataclass
class Ladder:
    """Counts events per cell within one run."""

    counts: Counter[tuple[str, Event]] = field(default_factory=Counter)

    def next_action(self, cell_key: str, event: Event) -> Action:
        """The action for this event, one rung further up for this cell than the last time."""
        rungs = LADDER[event]
        rung = min(self.counts[cell_key, event], len(rungs) - 1)
        self.counts[cell_key, event] += 1
        return rungs[rung]
