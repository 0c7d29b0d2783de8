"""True poses in the perception slot: shows what the rest of the chain could reach. Always labelled.

Nothing else in cellpick may hand truth to the visible side.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cellpick.geometry import invert, transform
from cellpick.scene import SceneState
from cellpick.structures import CaptureSet, CellEstimates, EstimateStatus, SearchTask

TruthNow = Callable[[], SceneState]

SIGMA_M = 1e-5
SIGMA_RAD = 1e-4


def oracle_estimates(state: SceneState, task: SearchTask) -> CellEstimates:
    """The true cells whose centres lie in the task's region, as if perceived almost perfectly."""
    Ts_base_cell = invert(state.T_world_base) @ state.Ts_world_cell
    p_region = transform(invert(task.T_base_region), Ts_base_cell[:, :3, 3])
    size = task.region_size_m
    inside = (np.abs(p_region[:, :2]) <= size[:2] / 2).all(axis=1) & (p_region[:, 2] > 0)
    rows = np.flatnonzero(inside)
    n = len(rows)
    ok: EstimateStatus = "ok"
    covariance = np.diag([SIGMA_M**2] * 3 + [SIGMA_RAD**2] * 3)
    return CellEstimates(
        cell=state.cell.name,
        Ts_base_cell=Ts_base_cell[rows],
        covariance=np.broadcast_to(covariance, (n, 6, 6)),
        polarity=(state.cell.positive,) * n,
        polarity_probability=np.ones(n),
        code=tuple(state.serials[i] for i in rows),
        status=(ok,) * n,
        reason=("",) * n,
        score=np.ones(n),
    )


def oracle_for(truth_now: TruthNow) -> Callable[[CaptureSet], CellEstimates]:
    """An oracle in perception's form; it ignores the pictures and asks for the truth."""
    return lambda look: oracle_estimates(truth_now(), look.task)
