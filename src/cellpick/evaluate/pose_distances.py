"""Distances between poses of one body as the BOP benchmark defines them, for n pairs at once.

MSSD and MSPD: Hodan et al. 2020, "BOP Challenge 2020 on 6D Object Localization", section 2.
ADD and ADI (ADD-S): Hinterstoisser et al. 2012, "Model Based Training, Detection and Pose
Estimation of Texture-Less 3D Objects in Heavily Cluttered Scenes" (ACCV); all as in
`pose_error.py` of thodan/bop_toolkit. Poses map the body's points into one common frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from cellpick.errors import ShapeError
from cellpick.geometry import Floats, checked, exp_rotation, transform
from cellpick.geometry.symmetries import rotation_group
from cellpick.structures import Symmetry

LARGEST_STEP = 0.01
"""Part of the diameter by which neighbouring turns of a free symmetry may differ, as in BOP."""
AT_ONCE = 400_000
"""Distances computed at once: some tens of megabytes."""
DIRECTIONS = np.array([d for d in product((-1.0, 0.0, 1.0), repeat=3) if any(d)])
"""The points farthest along these stand for all in a first, lower bound."""

Rows = NDArray[np.int64]
Distance = Callable[[Rows, Rows, Floats], Floats]
"""Pairs (m,), symmetries (m,) and points (p, 3) to distances (m, p)."""


def symmetry_rotations(symmetries: Sequence[Symmetry]) -> Floats:
    """Rotations (k, 3, 3), the identity first, that declared symmetries leave a body alike under.

    A free axis is cut into ceil(pi / 0.01) = 315 turns, each followed by every discrete one
    (bop_toolkit, `get_symmetry_transformations` with `max_sym_disc_step` 0.01).
    """
    discrete = [s for s in symmetries if s.fold > 0]
    axes = np.array([s.axis for s in discrete]).reshape(-1, 3)
    group = rotation_group(axes, np.array([s.fold for s in discrete], dtype=np.int64), 1)
    free = np.array([s.axis for s in symmetries if s.fold == 0]).reshape(-1, 3)
    steps = int(np.ceil(np.pi / LARGEST_STEP))
    angles = 2 * np.pi * np.arange(steps) / steps
    turns = exp_rotation((angles[:, None] * free[:, None]).reshape(-1, 3))
    turns = turns if len(free) else np.eye(3)[None]
    result: Floats = (turns[None] @ group[:, None]).reshape(-1, 3, 3)
    return result


def mssd(
    Ts_est: ArrayLike,
    Ts_true: ArrayLike,
    points: ArrayLike,
    rotations: ArrayLike,
    cap: float = np.inf,
) -> Floats:
    """Maximum symmetry-aware surface distance (n,) in the points' unit.

    The least over the symmetries `rotations` (k, 3, 3) of the largest distance of the `points`
    (p, 3) between poses `Ts_est` and `Ts_true` (n, 4, 4). What exceeds `cap` may come as infinity.
    """
    est, true, p, R = _arguments(Ts_est, Ts_true, points, rotations)

    def distance(pair: Rows, turn: Rows, q: Floats) -> Floats:
        twin = true[pair, :3, :3] @ R[turn]
        off = q @ np.swapaxes(est[pair, :3, :3] - twin, 1, 2)
        off += (est[pair, :3, 3] - true[pair, :3, 3])[:, None]
        return _length(off)

    return _least_of_largest(distance, len(est), len(R), p, cap)


def mspd(
    Ts_est: ArrayLike,
    Ts_true: ArrayLike,
    points: ArrayLike,
    rotations: ArrayLike,
    K: ArrayLike,
    cap: float = np.inf,
) -> Floats:
    """Maximum symmetry-aware projection distance (n,) in pixels; infinite behind the camera.

    As `mssd`, with poses in the frame of a camera without distortion of matrix `K` (3, 3).
    """
    est, true, p, R = _arguments(Ts_est, Ts_true, points, rotations)
    K_: Floats = checked("K", K, (3, 3))

    def distance(pair: Rows, turn: Rows, q: Floats) -> Floats:
        R_true = true[pair, :3, :3] @ R[turn]
        u_est, front = _pixels(K_, est[pair, :3, :3], est[pair, :3, 3], q)
        u_true, ahead = _pixels(K_, R_true, true[pair, :3, 3], q)
        return np.where(front & ahead, _length(u_est - u_true), np.inf)

    return _least_of_largest(distance, len(est), len(R), p, cap)


def mspd_bounds(
    Ts_est: Floats, Ts_true: Floats, points: Floats, rotations: Floats, K: Floats
) -> Floats:
    """Lower bounds (m, n) of `mspd` between each of m estimated and of n true poses.

    The largest and least pixel coordinates of outermost points differ by no more than the points
    do, whichever symmetry is taken; zero where a point lies behind the camera.
    """
    p = _outermost(points)
    est = _extents(Ts_est[:, :3, :3], Ts_est[:, :3, 3], p, K)
    twins = (Ts_true[:, None, :3, :3] @ rotations).reshape(-1, 3, 3)
    middles = np.repeat(Ts_true[:, :3, 3], len(rotations), axis=0)
    true = _extents(twins, middles, p, K).reshape(len(Ts_true), len(rotations), 4)
    low, high = true.min(axis=1), true.max(axis=1)
    gaps = np.maximum(low - est[:, None], est[:, None] - high).max(axis=-1)
    result: Floats = np.maximum(np.nan_to_num(gaps), 0.0)
    return result


def add(Ts_est: ArrayLike, Ts_true: ArrayLike, points: ArrayLike) -> Floats:
    """Average distance (n,) of the `points` (p, 3) between poses (n, 4, 4); knows no symmetry."""
    est, true, p, _ = _arguments(Ts_est, Ts_true, points, np.eye(3)[None])
    off = p @ np.swapaxes(est[:, :3, :3] - true[:, :3, :3], 1, 2)
    off += (est[:, :3, 3] - true[:, :3, 3])[:, None]
    return np.asarray(_length(off).mean(axis=1), dtype=np.float64)


def add_s(Ts_est: ArrayLike, Ts_true: ArrayLike, points: ArrayLike) -> Floats:
    """ADD-S or ADI (n,): from each of the `points` (p, 3) in the true pose, the average distance
    to the nearest one in the estimated pose."""
    est, true, p, _ = _arguments(Ts_est, Ts_true, points, np.eye(3)[None])
    R = np.swapaxes(est[:, :3, :3], 1, 2)
    # into the estimate's own frame, so that one tree of the points serves all pairs
    world = transform(true, np.broadcast_to(p, (len(true), *p.shape)))
    local = (world - est[:, None, :3, 3]) @ np.swapaxes(R, 1, 2)
    nearest, _index = cKDTree(p).query(local.reshape(-1, 3))
    return np.asarray(nearest.reshape(len(est), len(p)).mean(axis=1), dtype=np.float64)


def _arguments(
    Ts_est: ArrayLike, Ts_true: ArrayLike, points: ArrayLike, rotations: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    est: Floats = checked("Ts_est", Ts_est, (None, 4, 4))
    true: Floats = checked("Ts_true", Ts_true, (None, 4, 4))
    p: Floats = checked("points", points, (None, 3))
    R: Floats = checked("rotations", rotations, (None, 3, 3))
    if len(est) != len(true):
        raise ShapeError(f"Ts_est must have {len(true)} rows, as Ts_true", got=est.shape)
    for name, array in (("points", p), ("rotations", R)):
        if not len(array):
            raise ShapeError(f"{name} must have a row or more", got=array.shape)
    return est, true, p, R


def _least_of_largest(distance: Distance, n: int, k: int, p: Floats, cap: float) -> Floats:
    """(n,) least over k symmetries of the largest over the points, without trying all: outermost
    points give a lower bound, the best of them an upper one, and only symmetries whose lower bound
    is below that are looked at in full. Exact."""
    outer = _outermost(p)
    pairs, turns = np.divmod(np.arange(n * k, dtype=np.int64), k)
    lower = _largest(distance, pairs, turns, outer).reshape(n, k)
    near = np.flatnonzero(lower.min(axis=1) < cap)
    lower = lower[near]
    least = np.full(n, np.inf)
    least[near] = _largest(distance, near, lower.argmin(axis=1), p)
    row, turn = np.nonzero(lower < least[near][:, None])
    np.minimum.at(least, near[row], _largest(distance, near[row], turn, p))
    return least


def _outermost(p: Floats) -> Floats:
    result: Floats = p[np.unique((p @ DIRECTIONS.T).argmax(axis=0))]
    return result


def _extents(R: Floats, t: Floats, p: Floats, K: Floats) -> Floats:
    """(m, 4) largest and least u and v of the points; NaN where one is behind the camera."""
    rows = max(1, AT_ONCE // len(p))
    found = [np.zeros((0, 4))]
    for i in range(0, len(R), rows):
        pixels, ahead = _pixels(K, R[i : i + rows], t[i : i + rows], p)
        extent = np.concatenate([pixels.max(axis=1), pixels.min(axis=1)], axis=-1)
        found.append(np.where(ahead.all(axis=1, keepdims=True), extent, np.nan))
    return np.concatenate(found)


def _largest(distance: Distance, pairs: Rows, turns: Rows, p: Floats) -> Floats:
    """(m,) largest distance over the points, some rows at a time."""
    rows = max(1, AT_ONCE // len(p))
    found = [
        distance(pairs[i : i + rows], turns[i : i + rows], p).max(axis=1)
        for i in range(0, len(pairs), rows)
    ]
    return np.concatenate([np.zeros(0), *found])


def _pixels(K: Floats, R: Floats, t: Floats, q: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Pixels (m, p, 2) of the points and whether each is in front of the camera (m, p)."""
    projected = q @ np.swapaxes(K @ R, 1, 2) + (t @ K.T)[:, None]
    depth = projected[..., 2]
    ahead = depth > 0
    return projected[..., :2] / np.where(ahead, depth, 1.0)[..., None], ahead


def _length(v: Floats) -> Floats:
    return np.asarray(np.sqrt(np.einsum("...i,...i->...", v, v)), dtype=np.float64)
