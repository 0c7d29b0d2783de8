"""What the station does when a step fails: a table of event -> actions, one rung a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Event = Literal[
    "no_camera",
    "nothing_found",
    "may_have_moved",
    "estimate_not_ok",
    "no_grasp",
    "no_motion",
    "no_slot",
    "grip_failed",
    "lost_near_pocket",
    "lost_in_transit",
    "arm_blocked",
    "not_released",
]
Action = Literal["look_again", "other_grasp", "skip", "stop"]

LADDER: dict[Event, tuple[Action, ...]] = {
    "no_camera": ("look_again", "stop"),
    "nothing_found": ("look_again", "stop"),
    "may_have_moved": ("look_again",),
    "estimate_not_ok": ("look_again", "skip"),
    "no_grasp": ("look_again", "skip"),
    "no_motion": ("look_again", "skip"),
    "no_slot": ("skip",),
    "grip_failed": ("look_again", "other_grasp", "skip"),
    "lost_near_pocket": ("look_again", "skip"),
    # A loose cell in the station is a hazard, and an arm that met something must not try again:
    # a person clears it.
    "lost_in_transit": ("stop",),
    "arm_blocked": ("stop",),
    "not_released": ("stop",),
}
"""The n-th time an event happens to one cell, the n-th action is taken; past the end, the last.

`Recipe.max_looks` and `Recipe.max_attempts_per_cell` bound it from outside."""


BLIND_WITHOUT_LOOK: frozenset[Event] = frozenset({"no_camera", "nothing_found", "lost_near_pocket"})
"""After these the station goes on only with a look: nobody looked, a cell lies where nobody knows,
or none was ever seen."""


@dataclass(frozen=True)
class Problem:
    """Something that stands between the station and a cell."""

    key: str
    """The station's name for the cell; `tray` when no cell is meant."""
    event: Event
    """What it is."""
    reason: str
    """In words."""


@dataclass
class Ladder:
    """Counts events per cell within one run."""

    counts: Counter[tuple[str, Event]] = field(default_factory=Counter)

    def next_action(self, problem: Problem) -> Action:
        """The action for this event, one rung further up for this cell than the last time."""
        rungs = LADDER[problem.event]
        rung = min(self.counts[problem.key, problem.event], len(rungs) - 1)
        self.counts[problem.key, problem.event] += 1
        return rungs[rung]
