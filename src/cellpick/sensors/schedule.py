"""When each camera of a look exposes: a projector must not light another camera's picture.

All cameras of a rig look at one place, so that all projectors overlap. While one shines nothing
else exposes; cameras without a projector may expose together; transfers overlap with all else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats, frozen
from cellpick.scene.imager_specs import CaptureTiming

SKEW_SIGMAS = 3.0
"""Standard deviations of a trigger's skew that the schedule keeps free on both sides of an
exposure; none is longer."""

TAKEN = CaptureTiming(projects=False, exposure_s=0.0, transfer_s=0.0)
"""What is left to do for a camera that exposed on the way to the look."""


@dataclass(frozen=True, eq=False)
class Schedule:
    """One look of n cameras, in seconds from its first trigger."""

    timings: tuple[CaptureTiming, ...]
    """What each camera needs."""
    start_s: Floats
    """(n,) triggers."""
    still_s: float
    """End of the last exposure, latest skew included: until then the arm stands still."""
    ready_s: float
    """Arrival of the last data, latest skew included."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "start_s", frozen("start_s", self.start_s, (len(self.timings),)))

    @property
    def exposed_s(self) -> Floats:
        """(n,) starts of the exposures when the skew is at its mean."""
        result: Floats = self.start_s + [SKEW_SIGMAS * t.skew_s for t in self.timings]
        return result

    def rows(self, names: Sequence[str]) -> list[dict[str, str | float]]:
        """The look in words: a row a camera in the order of the triggers, times in milliseconds."""
        return [
            {
                "camera": names[i],
                "trigger_ms": 1e3 * float(self.start_s[i]),
                "exposes_from_ms": 1e3 * float(self.exposed_s[i]),
                "exposes_to_ms": 1e3 * float(self.exposed_s[i] + self.timings[i].exposure_s),
                "data_at_ms": 1e3 * float(self.start_s[i] + slot_s(t) + t.transfer_s),
                "light": _light(t),
            }
            for i in np.argsort(self.start_s, kind="stable")
            for t in [self.timings[i]]
        ]


def _light(timing: CaptureTiming) -> str:
    if timing is TAKEN:
        return "exposed on the way"
    return "its projector alone" if timing.projects else "lamps; others may expose"


def slot_s(timing: CaptureTiming) -> float:
    """From a camera's trigger to the latest end of its exposure."""
    return timing.exposure_s + 2 * SKEW_SIGMAS * timing.skew_s


def drawn_skew_s(timing: CaptureTiming, rng: np.random.Generator) -> float:
    """How much later than its mean one exposure starts."""
    return timing.skew_s * float(np.clip(rng.standard_normal(), -SKEW_SIGMAS, SKEW_SIGMAS))


def schedule(timings: Sequence[CaptureTiming]) -> Schedule:
    """The shortest look: least time standing still, and of those the earliest data.

    Standing still lasts for all projectors' slots and the longest of the others, which go together,
    whatever the order. Data come earliest when what has the longest transfer goes first (Jackson
    1955, "Scheduling a production line to minimize maximum tardiness").
    """
    together = [i for i, t in enumerate(timings) if not t.projects]
    blocks = [[i] for i, t in enumerate(timings) if t.projects] + ([together] if together else [])
    lengths = [max(slot_s(timings[i]) for i in block) for block in blocks]
    tails = [
        max(slot_s(timings[i]) + timings[i].transfer_s for i in block) - length
        for block, length in zip(blocks, lengths, strict=True)
    ]
    start, now, ready = np.zeros(len(timings)), 0.0, 0.0
    for k in sorted(range(len(blocks)), key=lambda k: (-tails[k], lengths[k])):
        start[blocks[k]] = now
        now += lengths[k]
        ready = max(ready, now + tails[k])
    return Schedule(tuple(timings), start, now, ready)
