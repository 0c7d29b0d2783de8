"""What `register_cells` returns, and how a cell that could not be registered is told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats

RegisterStatus = Literal[
    "ok",
    "underdetermined",
    "bad_start",
    "too_few_points",
    "start_too_far",
    "outliers",
    "diverged",
]


@dataclass(frozen=True)
class RegisterOptions:
    """Bounds of `register_cells`."""

    reach_m: float = 0.01
    """How far a start's surface may lie from the points."""
    points_min: int = 12
    """A cell with fewer usable points is not registered."""
    agreeing_min: float = 0.7
    """Least share of a cell's points that must agree with its pose."""
    sure_m: float = 1e-3
    """A direction with a larger standard deviation is not determined."""
    sure_rad: float = 0.02
    """The same for a rotation."""


@dataclass(frozen=True, eq=False)
class Registration:
    """n registered cells, in the order of the starts."""

    Ts_base_cell: Floats
    """(n, 4, 4) poses; the start where the status is neither ok nor underdetermined."""
    covariance: Floats
    """(n, 6, 6) of the small motion (x, y, z, rx, ry, rz) in the cell frame; infinite on the
    diagonal where the start is returned."""
    rms_m: Floats
    """(n,) root mean square distance of the points that agree; NaN without any."""
    points_used: NDArray[np.int64]
    """(n,) points that agree with the pose."""
    status: tuple[RegisterStatus, ...]
    """ok; underdetermined: moved only where the points say so, the covariance is large elsewhere;
    bad_start: no rigid pose; too_few_points; start_too_far: most points are beyond reach;
    outliers: most points don't agree with the pose that was found; diverged: it left the reach."""
    reason: tuple[str, ...]
    """In words; empty for ok."""
