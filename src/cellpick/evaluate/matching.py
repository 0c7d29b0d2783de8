"""Estimates against the true cells: which is which, and how far each is off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from cellpick.errors import InputError
from cellpick.evaluate.symmetric_angle import flip_rotation, symmetric_angle
from cellpick.geometry import Floats, frozen, invert, transform
from cellpick.scene.state import SceneState
from cellpick.structures import CellEstimates, EstimateStatus, SearchTask

LEAST_SIGMA_M = 1e-7
"""Added to a predicted error, so that one of nothing can be divided by."""
PolarityVerdict = Literal["right", "wrong", "unknown"]
CodeVerdict = Literal["right", "wrong", "unread"]


@dataclass(frozen=True, eq=False)
class Matches:
    """One look judged: k pairs of estimate and true cell, in the order of the estimates."""

    estimate_row: NDArray[np.int64]
    """(k,) rows of the estimates."""
    cell_row: NDArray[np.int64]
    """(k,) rows of the true cells in the state."""
    position_error_m: Floats
    """(k,) distance of the cells' centres."""
    normalised_square: Floats
    """(k,) mean square of the position error in units of the predicted one: 1 on average where
    the prediction is honest."""
    angle_error_rad: Floats
    """(k,) angle that the cell's symmetries leave; a swapped polarity is not counted in it."""
    polarity: tuple[PolarityVerdict, ...]
    """(k,) the claimed polarity against the true one."""
    code: tuple[CodeVerdict, ...]
    """(k,) the code that was read against the serial number."""
    status: tuple[EstimateStatus, ...]
    """(k,) what perception said of the estimate."""
    missed: tuple[str, ...]
    """Serial numbers of the cells that no estimate matches."""
    false_rows: tuple[int, ...]
    """Rows of the estimates that match no cell."""

    def __post_init__(self) -> None:
        for name in ("estimate_row", "cell_row"):
            rows = frozen(name, getattr(self, name), (None,), dtype=np.int64)
            object.__setattr__(self, name, rows)
        for name in ("position_error_m", "normalised_square", "angle_error_rad"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (len(self),)))

    def __len__(self) -> int:
        return int(self.estimate_row.shape[0])

    @property
    def recall(self) -> float:
        """Share of the cells that were found; NaN where there were none."""
        cells = len(self) + len(self.missed)
        return len(self) / cells if cells else float("nan")


def match_estimates(
    estimates: CellEstimates,
    state: SceneState,
    task: SearchTask | None = None,
    gate_m: float | None = None,
) -> Matches:
    """Pair as many estimates with true cells as the gate allows, so that the distances are least.

    Only cells whose centre lies in the task's search region count, all of them without a task. No
    pair is farther apart than `gate_m`, by default half the cell's smallest extent. Assignment by
    the Hungarian method (Crouse 2016, as in SciPy). Raises `InputError` for another cell model.
    """
    if estimates.cell != state.cell.name:
        raise InputError(
            "estimates must be of the scene's cell", got=estimates.cell, accepted=state.cell.name
        )
    Ts_true = invert(state.T_world_base) @ state.Ts_world_cell
    wanted = np.arange(len(Ts_true)) if task is None else in_region(Ts_true, task)
    gate = float(state.cell.size_m.min()) / 2 if gate_m is None else gate_m
    est, near = _assign(estimates.Ts_base_cell[:, :3, 3], Ts_true[wanted, :3, 3], gate)
    true = wanted[near]
    R_est, R_true = estimates.Ts_base_cell[est, :3, :3], Ts_true[true, :3, :3]
    straight = symmetric_angle(state.cell, R_est, R_true)
    swapped = symmetric_angle(state.cell, R_est, R_true @ flip_rotation(state.cell))
    return Matches(
        est,
        true,
        np.linalg.norm(estimates.Ts_base_cell[est, :3, 3] - Ts_true[true, :3, 3], axis=1),
        _normalised_square(estimates, est, Ts_true[true, :3, 3]),
        np.minimum(straight, swapped),
        tuple(
            _polarity(estimates.polarity[i], right)
            for i, right in zip(est.tolist(), (straight <= swapped).tolist(), strict=True)
        ),
        tuple(
            _code(estimates.code[i], state.serials[j])
            for i, j in zip(est.tolist(), true.tolist(), strict=True)
        ),
        tuple(estimates.status[i] for i in est.tolist()),
        tuple(state.serials[j] for j in wanted.tolist() if j not in set(true.tolist())),
        tuple(i for i in range(len(estimates)) if i not in set(est.tolist())),
    )


def _normalised_square(estimates: CellEstimates, rows: NDArray[np.int64], p_true: Floats) -> Floats:
    """(k,) Mahalanobis distance squared, a degree of freedom (Bar-Shalom, Li and Kirubarajan 2001,
    "Estimation with Applications to Tracking and Navigation", 5.4)."""
    Ts = estimates.Ts_base_cell[rows]
    off = np.swapaxes(Ts[:, :3, :3], -1, -2) @ (p_true - Ts[:, :3, 3])[..., None]
    covariance = estimates.covariance[rows, :3, :3] + LEAST_SIGMA_M**2 * np.eye(3)
    result: Floats = np.sum(off * np.linalg.solve(covariance, off), axis=(1, 2)) / 3
    return result


def in_region(Ts_base_cell: Floats, task: SearchTask) -> NDArray[np.int64]:
    """Rows (k,) of the poses (n, 4, 4) whose centre lies in the task's search region."""
    p = transform(invert(task.T_base_region), Ts_base_cell[:, :3, 3])
    x, y, z = task.region_size_m
    inside = (np.abs(p[:, :2]) <= np.array([x, y]) / 2).all(axis=1)
    return np.flatnonzero(inside & (p[:, 2] >= 0) & (p[:, 2] <= z))


def _assign(
    p_est: Floats, p_true: Floats, gate_m: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the pairs; one pair beyond the gate costs more than all within it together."""
    distance = np.linalg.norm(p_est[:, None] - p_true[None], axis=-1)
    beyond = gate_m * (min(distance.shape) + 1)
    rows, columns = linear_sum_assignment(np.where(distance <= gate_m, distance, beyond))
    kept = distance[rows, columns] <= gate_m
    return rows[kept], columns[kept]


def _polarity(claimed: str, right: bool) -> PolarityVerdict:
    if claimed == "unknown":
        return "unknown"
    return "right" if right else "wrong"


def _code(read: str, serial: str) -> CodeVerdict:
    if not read:
        return "unread"
    return "right" if read == serial else "wrong"
