"""Checks what `register_cells` is given and sorts its points by cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellpick.errors import ShapeError
from cellpick.geometry import Floats
from cellpick.perception.core.register_blocks import Clouds, Indices

FARTHEST_M = 1e5
"""Points farther away than this are no readings."""
RIGID = 1e-5
"""Largest departure of a start's rotation from an orthonormal matrix."""


def checked_points(points: ArrayLike) -> NDArray[np.floating]:
    """Points (m, 3), float32 or float64."""
    array = np.asarray(points)
    if array.ndim != 2 or array.shape[1] != 3:
        raise ShapeError("points must have shape (m, 3)", got=array.shape)
    if array.dtype not in (np.float32, np.float64):
        raise ShapeError(
            f"points of shape {array.shape} must be metres in floating point",
            got=array.dtype.name,
            accepted="float32, float64",
        )
    return array


def checked_instance(instance: ArrayLike, points: int, cells: int) -> NDArray[np.integer]:
    """Rows of the cells (m,), negative for none."""
    array = np.asarray(instance)
    if array.shape != (points,):
        raise ShapeError(f"instance must have shape ({points},), as points has", got=array.shape)
    if array.dtype.kind not in "iu":
        raise ShapeError(
            f"instance of shape {array.shape} must hold whole numbers", got=array.dtype.name
        )
    if points and array.max() >= cells:
        raise ShapeError(
            f"instance of shape {array.shape} must be rows of Ts_base_cell, below {cells}",
            got=int(array.max()),
        )
    return array


def checked_starts(Ts_base_cell: ArrayLike) -> Floats:
    """Starts (n, 4, 4), as they are."""
    try:
        Ts = np.array(Ts_base_cell, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"Ts_base_cell must be an array of numbers: {error}") from error
    if Ts.ndim != 3 or Ts.shape[1:] != (4, 4):
        raise ShapeError("Ts_base_cell must have shape (n, 4, 4)", got=Ts.shape)
    return Ts


def rigid_starts(given: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Starts (n, 4, 4), and which (n,) are rigid poses at all; others become the identity."""
    near = np.abs(np.where(np.isfinite(given), given, np.inf)) < FARTHEST_M
    rigid = np.asarray(near.all(axis=(1, 2)))
    Ts = np.where(rigid[:, None, None], given, np.eye(4))
    R = Ts[:, :3, :3]
    rigid &= (np.abs(R @ np.swapaxes(R, 1, 2) - np.eye(3)) < RIGID).all(axis=(1, 2))
    rigid &= (np.linalg.det(R) > 0) & (np.abs(Ts[:, 3] - [0, 0, 0, 1]) < RIGID).all(axis=1)
    return np.where(rigid[:, None, None], Ts, np.eye(4)), rigid


def checked_sigma(sigma_m: ArrayLike, points: int) -> NDArray[np.floating]:
    """Noise () or (m,), metres, positive; NaN marks a point that is not to be used."""
    try:
        sigma = np.asarray(sigma_m, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"sigma_m must be a number or an array of them: {error}") from error
    if sigma.shape not in ((), (points,)):
        raise ShapeError(f"sigma_m must have shape () or ({points},)", got=sigma.shape)
    if (sigma <= 0).any() or (not sigma.ndim and not np.isfinite(sigma)):
        raise ShapeError(
            f"sigma_m of shape {sigma.shape} must be positive, in metres", got=float(sigma.min())
        )
    return sigma


def clouds(
    points: NDArray[np.floating],
    instance: NDArray[np.integer],
    sigma: NDArray[np.floating],
    cells: int,
) -> Clouds:
    """The usable points by cell, in their order within each."""
    good = _usable(points)
    if sigma.ndim:
        good = good & (np.isfinite(sigma) & (sigma < FARTHEST_M))
        sigma = np.where(good, sigma, 1.0)
    inv_sigma = (1 / sigma).astype(np.float32)
    if instance.dtype.kind == "u":
        instance = instance.astype(np.int64)
    # whole numbers of 16 bits sort by radix
    short = instance.astype(np.int16) if cells < 2**15 else instance
    if good.ndim or (len(short) and short.min() < 0):
        rows: Indices = np.flatnonzero(good & (instance >= 0))
        order = rows[np.argsort(short[rows], kind="stable")]
        return Clouds(points, inv_sigma, order, np.bincount(instance[rows], minlength=cells))
    count = np.bincount(instance, minlength=cells)
    if (short[1:] >= short[:-1]).all():
        return Clouds(points, inv_sigma, None, count)
    return Clouds(points, inv_sigma, np.argsort(short, kind="stable"), count)


def _usable(points: NDArray[np.floating]) -> NDArray[np.bool_]:
    """() true where all points are, else (m,)."""
    # the extremes are NaN where one value is
    if not points.size or (points.max() < FARTHEST_M and points.min() > -FARTHEST_M):
        return np.array(True)
    with np.errstate(invalid="ignore"):
        result: NDArray[np.bool_] = (np.abs(points) < FARTHEST_M).all(axis=1)
    return result
