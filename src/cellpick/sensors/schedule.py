"""When each camera of a look exposes: a projector must not light another's image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats
from cellpick.scene.imager_specs import CaptureTiming


@dataclass(frozen=True, eq=False)
class Schedule:
    """One look of n cameras, in seconds from its first trigger."""

    start_s: Floats
    """(n,) triggers."""
    still_s: float
    """End of the last exposure: until then the arm stands still."""
    ready_s: float
    """Arrival of the last data."""


def schedule(timings: Sequence[CaptureTiming]) -> Schedule:
    """All exposures one after the other; transfers overlap with what follows."""
    ends = np.cumsum([t.exposure_s for t in timings])
    start = np.concatenate([[0.0], ends[:-1]]) if len(timings) else np.zeros(0)
    ready = [end + t.transfer_s for end, t in zip(ends, timings, strict=True)]
    return Schedule(start, float(ends[-1]) if len(ends) else 0.0, max(ready, default=0.0))
