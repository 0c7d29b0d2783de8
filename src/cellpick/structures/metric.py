"""One measured figure with all that a reader needs to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """A figure, its unit and which way is better."""

    name: str
    """Key in `summary.json`, such as `success_rate`."""
    value: float
    """The figure; NaN when nothing was measured."""
    unit: str
    """SI or as the name says; empty for a count or a share."""
    better: Literal["higher", "lower"]
    """Direction."""
