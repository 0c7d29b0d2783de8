"""Gauss-Newton on the moments of all cells at once: no point is read."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats, exp_rotation, skew
from cellpick.perception.core.register_evidence import Evidence
from cellpick.perception.core.solve import PRIOR_SIGMA

PRIOR = np.diag(PRIOR_SIGMA**-2.0)
_LEVER = np.zeros((3, 6, 4))
for _axis in range(3):
    _LEVER[_axis, _axis, 3] = 1
    _LEVER[_axis, 3:, :3] = -skew(np.eye(3)[_axis])


def inverse(Ts: Floats) -> Floats:
    """(k, 4, 4) inverses of poses (k, 4, 4)."""
    out = np.zeros_like(Ts)
    R = np.swapaxes(Ts[:, :3, :3], 1, 2)
    out[:, :3, :3], out[:, 3, 3] = R, 1
    out[:, :3, 3] = -(R @ Ts[:, :3, 3:])[..., 0]
    return out


def equations(evidence: Evidence, Ts_cell_local: Floats) -> tuple[Floats, Floats]:
    """Information (k, 6, 6) and gradient (k, 6) about poses whose inverses are (k, 4, 4).

    The small motion d with `information @ d = gradient` lessens the weighted squared distances.
    """
    H = Ts_cell_local[:, None]
    LH = _LEVER @ H
    JM = LH @ evidence.moments
    A: Floats = (JM @ np.swapaxes(LH, -1, -2)).sum(axis=1)
    along = Ts_cell_local[:, :3, :, None]
    error = (JM @ along - LH @ evidence.targets[..., None])[..., 0].sum(axis=1)
    return A + evidence.side_information, error + evidence.side_gradient


def moved(evidence: Evidence, Ts: Floats, steps: int) -> Floats:
    """Poses (k, 4, 4) after Gauss-Newton steps on the moments.

    A weak prior about the present pose leaves unseen directions where they are.
    """
    for _ in range(steps):
        A, g = equations(evidence, inverse(Ts))
        delta = np.linalg.solve(A + PRIOR, g[..., None])
        R = Ts[:, :3, :3]
        Ts = Ts.copy()
        Ts[:, :3, 3] += (R @ delta[:, :3])[..., 0]
        Ts[:, :3, :3] = R @ exp_rotation(delta[:, 3:, 0])
    return Ts


def offset(starts: Floats, Ts: Floats) -> Floats:
    """(k, 6) small motion from `starts` to `Ts`; a turn by its sine, enough for a weak prior."""
    Rt = np.swapaxes(starts[:, :3, :3], 1, 2)
    v = (Rt @ (Ts[:, :3, 3:] - starts[:, :3, 3:]))[..., 0]
    D = Rt @ Ts[:, :3, :3]
    w = np.stack([D[:, 2, 1] - D[:, 1, 2], D[:, 0, 2] - D[:, 2, 0], D[:, 1, 0] - D[:, 0, 1]], -1)
    return np.concatenate([v, w / 2], axis=1)
