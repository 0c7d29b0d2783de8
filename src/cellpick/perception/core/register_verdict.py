"""What becomes of a fit: a status with its reason, the covariance, the start where it failed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.register_blocks import Indices
from cellpick.perception.core.register_pulls import Agreement
from cellpick.perception.core.register_result import (
    RegisterOptions,
    RegisterStatus,
    Registration,
)
from cellpick.perception.core.register_shape import CellShape
from cellpick.perception.core.register_solve import PRIOR, offset

FEW = 6.0
"""As many points of just the stated noise are taken for granted in judging the noise."""
BIWEIGHT_SQUARE = 0.828
"""Mean square of normal noise under Tukey's biweight at 4.685, relative to its variance."""
WORDS: dict[RegisterStatus, str] = {
    "bad_start": "the start is no rigid pose",
    "too_few_points": "{points} usable points",
    "start_too_far": "{near:.0%} of the points are within reach of the start",
    "diverged": "left the start by {travelled:.1f} mm",
    "outliers": "{share:.0%} of the points agree with the pose",
    "underdetermined": "the points leave a direction free",
}
FAILED = [name for name in WORDS if name != "underdetermined"]
BIWEIGHT_GAIN = 1.038
"""Information of readings under the biweight, 95 % of what they hold, over the sum of weights."""
STRAY = 2.0
"""A surface that moved this many times the reach has diverged."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Poses of n cells as the points have them."""

    Ts: Floats
    """(n, 4, 4)."""
    information: Floats
    """(n, 6, 6)."""
    near: Floats
    """(n,) share of the points within reach at the start."""
    agreement: Agreement
    """How the points fit."""

    @staticmethod
    def none(starts: Floats) -> Fit:
        """Of cells that are not looked at."""
        n = len(starts)
        empty = Agreement(*(np.zeros(n) for _ in range(5)))
        return Fit(starts.copy(), np.zeros((n, 6, 6)), np.zeros(n), empty)

    def put(self, cells: Indices, part: Fit) -> None:
        """Fill in some cells (k,)."""
        for own, theirs in ((self, part), (self.agreement, part.agreement)):
            for name, values in vars(own).items():
                if isinstance(values, np.ndarray):
                    values[cells] = getattr(theirs, name)


def verdict(
    fit: Fit,
    starts: Floats,
    given: Floats,
    rigid: NDArray[np.bool_],
    count: Indices,
    shape: CellShape,
    options: RegisterOptions,
) -> Registration:
    """Judge a fit of n cells with `count` (n,) points, come from `starts` (n, 4, 4); those that
    are no poses stay as they were `given`."""
    agreement = fit.agreement
    excess = agreement.chi_square / BIWEIGHT_SQUARE
    excess = np.maximum((excess + FEW) / (agreement.weight + FEW), 1.0)
    covariance = np.linalg.inv(BIWEIGHT_GAIN * fit.information / excess[:, None, None] + PRIOR)
    covariance = np.asarray(covariance + np.swapaxes(covariance, 1, 2), np.float64) / 2
    travel = offset(starts, fit.Ts)
    lever = float(np.linalg.norm(shape.half_m))
    travelled = np.linalg.norm(travel[:, :3], axis=1)
    travelled += lever * np.linalg.norm(travel[:, 3:], axis=1)
    share = agreement.used / np.maximum(count, 1)
    tests: list[tuple[RegisterStatus, NDArray[np.bool_]]] = [
        ("bad_start", ~rigid),
        ("too_few_points", count < max(options.points_min, 1)),
        ("start_too_far", (share < options.agreeing_min) & (fit.near < options.agreeing_min)),
        ("diverged", travelled > STRAY * options.reach_m),
        ("outliers", share < options.agreeing_min),
        ("underdetermined", _looseness(covariance, shape, options) > 1),
    ]
    status: list[RegisterStatus] = ["ok"] * len(starts)
    reason = [""] * len(starts)
    for name, met in tests[::-1]:
        for i in np.flatnonzero(met):
            figures = {"points": count[i], "share": share[i], "near": fit.near[i]}
            status[i] = name
            reason[i] = WORDS[name].format(travelled=1e3 * travelled[i], **figures)
    failed = np.isin(status, FAILED)
    covariance[failed] = np.diag(np.full(6, np.inf))
    mean = agreement.squares / np.maximum(agreement.weight, 1e-12)
    return Registration(
        Ts_base_cell=np.where(failed[:, None, None], given, fit.Ts),
        covariance=covariance,
        rms_m=np.sqrt(np.where(agreement.weight > 0, mean / BIWEIGHT_SQUARE, np.nan)),
        points_used=agreement.used.astype(np.int64),
        status=tuple(status),
        reason=tuple(reason),
    )


def _looseness(covariance: Floats, shape: CellShape, options: RegisterOptions) -> Floats:
    """(n,) largest variance of any determinable direction, in units of what is sure, or a bound of
    it below 1."""
    freedom = 5 if shape.kind == "cylinder" else 6
    sure = np.repeat([options.sure_m, options.sure_rad], 3)[:freedom]
    scaled = covariance[:, :freedom, :freedom] / np.outer(sure, sure)
    loose = np.asarray(np.trace(scaled, axis1=1, axis2=2), np.float64)
    some = loose > 1
    loose[some] = np.linalg.eigvalsh(scaled[some])[:, -1]
    return loose
