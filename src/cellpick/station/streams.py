"""One independent random stream a purpose, all from the run's seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.errors import InputError


@dataclass(frozen=True)
class Streams:
    """Named children of one seed: drawing more from one leaves the others unchanged."""

    scene: np.random.Generator
    """Where cells lie and which are turned."""
    belief: np.random.Generator
    """How far the drawings are off."""
    sensors: np.random.Generator
    """Calibration errors and noise of the cameras."""
    world: np.random.Generator
    """Encoder noise."""


def streams(seed: int) -> Streams:
    """The streams of `seed`, a whole number from 0; raises `InputError` otherwise."""
    if not isinstance(seed, int) or seed < 0:
        raise InputError("seed must be a whole number", key="seed", got=seed, accepted=">= 0")
    children = np.random.SeedSequence(seed).spawn(4)
    return Streams(*(np.random.default_rng(child) for child in children))
