"""Average recall of the BOP benchmark without VSD, and how estimates and cells cover each other.

Hodan et al. 2020, "BOP Challenge 2020 on 6D Object Localization", section 2; matching as in
`pose_matching.py` and thresholds as in `eval_bop19_pose.py` of thodan/bop_toolkit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellpick.errors import InputError
from cellpick.evaluate.cover import cover_shares
from cellpick.evaluate.matching import in_region
from cellpick.evaluate.model_points import diameter_m, model_points
from cellpick.evaluate.pose_distances import mspd, mspd_bounds, mssd, symmetry_rotations
from cellpick.evaluate.pose_table import camera_poses
from cellpick.geometry import Floats, checked, frozen, invert
from cellpick.scene.state import SceneState
from cellpick.structures import CellEstimates, SearchTask

MSSD_SHARES = np.arange(1, 11) / 20
"""(10,) thresholds of MSSD in diameters: 5 % to 50 % in steps of 5 %."""
MSPD_PX = np.arange(5.0, 51.0, 5.0)
"""(10,) thresholds of MSPD in pixels of an image 640 wide; others are scaled by width / 640."""
REFERENCE_WIDTH_PX = 640
CORRECT_SHARE = 0.1
"""Part of the diameter below which an estimate counts as right by default."""
COVERED = 0.25
"""Part of a cell's volume that an estimate must hold in order to cover it."""


@dataclass(frozen=True, eq=False)
class PoseRecall:
    """Counts of one look or of many; rates are NaN where there was nothing to count."""

    cells: int
    """Cells that were to be found."""
    estimates: int
    """Estimates that were made."""
    found_mssd: NDArray[np.int64]
    """(10,) cells found at each threshold of `MSSD_SHARES`."""
    found_mspd: NDArray[np.int64]
    """(10,) cells found at each threshold of `MSPD_PX`."""
    correct: int
    """Estimates whose MSSD is below the limit that was asked for, each with a cell of its own."""
    merges: int
    """Estimates that cover two cells or more."""
    splits: int
    """Cells that two estimates or more cover."""

    def __post_init__(self) -> None:
        for name, thresholds in (("found_mssd", MSSD_SHARES), ("found_mspd", MSPD_PX)):
            counts = frozen(name, getattr(self, name), thresholds.shape, dtype=np.int64)
            object.__setattr__(self, name, counts)

    @property
    def ar_mssd(self) -> float:
        """Recall by MSSD, averaged over its thresholds."""
        return _rate(float(self.found_mssd.mean()), self.cells)

    @property
    def ar_mspd(self) -> float:
        """Recall by MSPD, averaged over its thresholds."""
        return _rate(float(self.found_mspd.mean()), self.cells)

    @property
    def average_recall(self) -> float:
        """Mean of the two; BOP's own AR averages VSD as a third."""
        return (self.ar_mssd + self.ar_mspd) / 2

    @property
    def recall(self) -> float:
        """Share of the cells that have a correct estimate."""
        return _rate(self.correct, self.cells)

    @property
    def precision(self) -> float:
        """Share of the estimates that are correct."""
        return _rate(self.correct, self.estimates)

    @property
    def false_positives(self) -> int:
        """Estimates that are not correct."""
        return self.estimates - self.correct


def pose_recall(
    estimates: CellEstimates,
    state: SceneState,
    T_base_camera: ArrayLike,
    K: ArrayLike,
    width_px: int,
    task: SearchTask | None = None,
    correct_m: float | None = None,
) -> PoseRecall:
    """How well the cells of one look were found; only those in the task's region, if one is given.

    `T_base_camera` (4, 4), `K` (3, 3) and `width_px` are of the camera that MSPD looks through.
    `correct_m` limits the MSSD of a correct estimate, by default a tenth of the diameter. As in
    BOP, recalls take no more estimates than there are cells, the best scored ones; precision,
    merges and splits take all. The score is the share of evidence that agrees times the
    probability of the polarity. Raises `InputError` for another cell model or bad figures.
    """
    diameter = diameter_m(state.cell)
    limit = CORRECT_SHARE * diameter if correct_m is None else correct_m
    for name, value in (("width_px", width_px), ("correct_m", limit)):
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} must be positive and finite", got=value)
    Ts_est, Ts_true = camera_poses(estimates, state, T_base_camera)
    if task is not None:
        Ts_true = Ts_true[in_region(invert(state.T_world_base) @ state.Ts_world_cell, task)]
    m, n = len(Ts_est), len(Ts_true)
    scores = estimates.score * estimates.polarity_probability
    points, R = model_points(state.cell), symmetry_rotations(state.cell.symmetries)
    thresholds_px = MSPD_PX * width_px / REFERENCE_WIDTH_PX
    thresholds_m = MSSD_SHARES * diameter
    reach = max(thresholds_m[-1], limit)
    # the middle is a mean of the points and moves with no symmetry, so some point is off by more
    apart = np.linalg.norm(Ts_est[:, None, :3, 3] - Ts_true[None, :, :3, 3], axis=-1)
    i, j = np.nonzero(apart < reach)
    errors_m = np.full((m, n), np.inf)
    errors_m[i, j] = mssd(Ts_est[i], Ts_true[j], points, R, reach)
    errors_px = np.full((m, n), np.inf)
    K_: Floats = checked("K", K, (3, 3))
    i, j = np.nonzero(mspd_bounds(Ts_est, Ts_true, points, R, K_) < thresholds_px[-1])
    errors_px[i, j] = mspd(Ts_est[i], Ts_true[j], points, R, K_, thresholds_px[-1])
    shares = cover_shares(state.cell, Ts_est, Ts_true) >= COVERED
    return PoseRecall(
        n,
        m,
        np.array([found(errors_m, scores, t, n) for t in thresholds_m]),
        np.array([found(errors_px, scores, t, n) for t in thresholds_px]),
        found(errors_m, scores, limit, m),
        int((shares.sum(axis=1) > 1).sum()),
        int((shares.sum(axis=0) > 1).sum()),
    )


def pool_recalls(recalls: Sequence[PoseRecall]) -> PoseRecall:
    """All looks as one: counts add up, so that every cell weighs the same, as in BOP."""
    return PoseRecall(
        sum(r.cells for r in recalls),
        sum(r.estimates for r in recalls),
        np.sum([np.zeros(len(MSSD_SHARES), int), *(r.found_mssd for r in recalls)], axis=0),
        np.sum([np.zeros(len(MSPD_PX), int), *(r.found_mspd for r in recalls)], axis=0),
        sum(r.correct for r in recalls),
        sum(r.merges for r in recalls),
        sum(r.splits for r in recalls),
    )


def match_by_score(
    errors: ArrayLike, scores: ArrayLike, threshold: float, top: int
) -> NDArray[np.int64]:
    """The cell (m,) that each estimate is matched with, -1 for none, by its `errors` (m, n).

    The `top` best of the `scores` (m,) choose in turn, each the cell not yet taken with the least
    error below the threshold. Equal scores choose in the order of their rows.
    """
    errors_: Floats = checked("errors", errors, (None, None), finite=False)
    scores_: Floats = checked("scores", scores, (errors_.shape[0],))
    free = np.where(errors_ < threshold, errors_, np.inf)
    matched = np.full(len(scores_), -1, dtype=np.int64)
    for row in np.argsort(-scores_, kind="stable")[:top] if free.shape[1] else ():
        best = int(free[row].argmin())
        if np.isfinite(free[row, best]):
            matched[row] = best
            free[:, best] = np.inf
    return matched


def found(errors: Floats, scores: Floats, threshold: float, top: int) -> int:
    """Number of matches of `match_by_score`."""
    return int((match_by_score(errors, scores, threshold, top) >= 0).sum())


def _rate(count: float, total: int) -> float:
    return count / total if total else float("nan")
