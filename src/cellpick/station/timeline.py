"""Two clocks kept apart: simulated station time by stage, and measured computing time by stage."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

SimulatedStage = Literal["motion", "capture", "transfer", "vision", "gripper"]
MeasuredStage = Literal["physics", "render", "perceive", "grasps", "motion_planning", "report"]


@dataclass
class Timeline:
    """Sums of both clocks over one run."""

    simulated_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Station time by stage."""
    measured_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Computing times by stage, one entry a call."""

    def simulated(self, stage: SimulatedStage, seconds: float) -> None:
        """Add station time to a stage."""
        self.simulated_s[stage] += seconds

    @contextmanager
    def measured(self, stage: MeasuredStage) -> Iterator[None]:
        """Measure the computing time of a block."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.measured_s[stage].append(time.perf_counter() - start)

    def vision_ms(self) -> dict[str, float]:
        """Median and 95th percentile of the computing time of one look's perception."""
        values = 1e3 * np.asarray(self.measured_s.get("perceive", [0.0]))
        return {"p50": float(np.percentile(values, 50)), "p95": float(np.percentile(values, 95))}
