"""Gauss-Newton on the moments of all cells at once: no point is read."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats, skew
from cellpick.perception.core.register_evidence import Evidence
from cellpick.perception.core.solve import PRIOR_SIGMA

PRIOR = np.diag(PRIOR_SIGMA**-2.0)
_LEVER = np.zeros((3, 6, 4))
for _axis in range(3):
    _LEVER[_axis, _axis, 3] = 1
    _LEVER[_axis, 3:, :3] = -skew(np.eye(3)[_axis])
_HALF_TURN = skew(np.eye(3)).reshape(3, 9) / 2


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
    LH = (_LEVER.reshape(18, 4) @ Ts_cell_local).reshape(-1, 3, 6, 4)
    JM = LH @ evidence.moments
    A: Floats = (JM @ np.swapaxes(LH, -1, -2)).sum(axis=1)
    along = Ts_cell_local[:, :3, :, None]
    error = (JM @ along - LH @ evidence.targets[..., None])[..., 0].sum(axis=1)
    return A + evidence.side_information, error + evidence.side_gradient


def moved(evidence: Evidence, Ts: Floats, Ts_cell_local: Floats) -> Floats:
    """Poses (k, 4, 4) after a Gauss-Newton step on the moments; with their inverses.

    A weak prior about the present pose leaves unseen directions where they are.
    """
    A, g = equations(evidence, Ts_cell_local)
    motion = np.linalg.solve(A + PRIOR, g[..., None])[..., 0]
    return stepped(Ts, np.asarray(motion, np.float64))


def stepped(Ts: Floats, motion: Floats) -> Floats:
    """Poses (k, 4, 4) after small motions (k, 6), their turns by Cayley's map."""
    K = (motion[:, 3:] @ _HALF_TURN).reshape(-1, 3, 3)
    bend = 2 / (1 + np.square(motion[:, 3:]).sum(axis=1) / 4)
    R = Ts[:, :3, :3]
    out: Floats = Ts.copy()
    out[:, :3, 3] += (R @ motion[:, :3, None])[..., 0]
    out[:, :3, :3] += R @ (bend[:, None, None] * (K + K @ K))
    return out


def offset(starts: Floats, Ts: Floats) -> Floats:
    """(k, 6) small motion from `starts` to `Ts`; a turn by its sine, enough for a weak prior."""
    Rt = np.swapaxes(starts[:, :3, :3], 1, 2)
    v = (Rt @ (Ts[:, :3, 3:] - starts[:, :3, 3:]))[..., 0]
    D = Rt @ Ts[:, :3, :3]
    w = np.stack([D[:, 2, 1] - D[:, 1, 2], D[:, 0, 2] - D[:, 2, 0], D[:, 1, 0] - D[:, 0, 1]], -1)
    return np.concatenate([v, w / 2], axis=1)
