"""What a measured camera comes to: figures beside what is published of them, and curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.errors import ShapeError
from cellpick.geometry import Floats, frozen
from cellpick.metrology.definitions import DEFINITIONS

AGREES = 0.10
"""Relative difference up to which a measured figure agrees with the published one."""
ROUNDING = 1e-9


@dataclass(frozen=True)
class Figure:
    """One measured figure."""

    key: str
    """What: a key of `DEFINITIONS`, with its unit."""
    measured: float
    """Its value; NaN where the camera gave no reading."""
    uncertainty: float = float("nan")
    """Standard uncertainty of `measured` from the sample's size; NaN where not estimated."""
    at_mm: float | None = None
    """Distance of the target; None where it does not matter."""
    published: float | None = None
    """What is published of it; None where nothing is."""
    source: str = ""
    """Who published it."""
    certainty: str = ""
    """datasheet, second-hand or assumed."""

    @property
    def ratio(self) -> float:
        """Measured over published; NaN where one is missing."""
        return self.measured / self.published if self.published else float("nan")

    @property
    def agrees(self) -> bool:
        """Whether measured and published differ by at most a tenth; False where one is missing."""
        return bool(abs(self.ratio - 1) <= AGREES + ROUNDING)


@dataclass(frozen=True, eq=False)
class Series:
    """One line of a plot."""

    name: str
    """What its legend says; empty for a line of the series before, which needs none."""
    y: Floats
    """(n,) values; NaN where there is none."""
    style: str = "measured"
    """measured or second (points joined), points (alone) or model (a line)."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A plot: lines over one quantity."""

    key: str
    """Unique in a camera's report; also its file's name."""
    title: str
    """What it shows."""
    x_label: str
    """Quantity and unit."""
    y_label: str
    """Quantity and unit."""
    x: Floats
    """(n,) places."""
    series: tuple[Series, ...]
    """The lines, each with n values."""
    logarithmic: bool = False
    """Whether both axes are logarithmic."""

    def __post_init__(self) -> None:
        x = frozen("x", self.x, (None,))
        object.__setattr__(self, "x", x)
        for line in self.series:
            if np.shape(line.y) != x.shape:
                raise ShapeError("a series has a value for each x", got=np.shape(line.y))


@dataclass(frozen=True, eq=False)
class CameraReport:
    """All that was measured of one camera."""

    name: str
    """The camera's key."""
    principle: str
    """ideal, structured_light, active_stereo, kinect, or 2d."""
    read_out_px: tuple[int, int]
    """Width and height at which noise was measured: what scenes use."""
    native_px: tuple[int, int]
    """Width and height of the full sensor, at which spacing was measured."""
    figures: tuple[Figure, ...]
    """In the order of a datasheet."""
    curves: tuple[Curve, ...]
    """The plots."""

    @property
    def missed(self) -> tuple[Figure, ...]:
        """Noise figures that do not agree with what is published."""
        return tuple(
            f
            for f in self.figures
            if f.published is not None and DEFINITIONS[f.key].gate and not f.agrees
        )
