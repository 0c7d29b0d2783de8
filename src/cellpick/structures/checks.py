"""Checks of the fields of records: rigid poses, and figures within their bounds."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import ArrayLike

from cellpick.errors import InputError, ShapeError
from cellpick.geometry import Floats, frozen

RIGID = 1e-4
"""Largest departure of a rotation from an orthonormal matrix: poses may come with five digits."""
FARTHEST_M = 1e5
"""No station is larger; single precision resolves nothing beyond."""


def rigid(name: str, value: ArrayLike) -> Floats:
    """A pose (4, 4) as `frozen` returns it; `ShapeError` unless it is rigid and within reach."""
    T: Floats = frozen(name, value, (4, 4))
    if not (np.abs(T) < FARTHEST_M).all():
        raise ShapeError(
            f"{name} of shape (4, 4) must lie within {FARTHEST_M:.0e} m", got=float(np.abs(T).max())
        )
    R = T[:3, :3]
    off = max(np.abs(R @ R.T - np.eye(3)).max(), np.abs(T[3] - [0, 0, 0, 1]).max())
    if off > RIGID or np.linalg.det(R) < 0:
        raise ShapeError(f"{name} is not a rigid pose", accepted="a rotation, a place, 0 0 0 1")
    return T


def pinhole(name: str, value: ArrayLike) -> Floats:
    """A matrix (3, 3) as `frozen` returns it; `ShapeError` unless it is a pinhole camera's."""
    K: Floats = frozen(name, value, (3, 3))
    if K[0, 0] <= 0 or K[1, 1] <= 0 or (K[2] != [0, 0, 1]).any():
        raise ShapeError(
            f"{name} is not a pinhole matrix",
            got=K.tolist(),
            accepted="positive focal lengths in pixels, and 0 0 1 as the last row",
        )
    return K


def figure(
    name: str, value: float, low: float, high: float = math.inf, *, above: bool = False
) -> None:
    """Raise `InputError` unless a finite number lies from `low`, or `above` it, to `high`."""
    fits = isinstance(value, (int, float, np.number)) and math.isfinite(value)
    if not fits or not low <= value <= high or (above and value == low):
        bounds = f"{'above' if above else 'from'} {low:g}"
        bounds += f" to {high:g}" if math.isfinite(high) else ""
        got = float(value) if isinstance(value, np.floating) else value
        raise InputError(f"{name} is an impossible figure", got=got, accepted=bounds)


def finite(name: str, value: float) -> None:
    """Raise `InputError` unless a number is finite."""
    if not isinstance(value, (int, float, np.number)) or not math.isfinite(value):
        raise InputError(f"{name} is not a finite number", got=value)


def one_of(name: str, value: str, accepted: Collection[str]) -> None:
    """Raise `InputError` unless a word is one of those accepted."""
    if value not in accepted:
        raise InputError(f"{name} is not known", got=value, accepted=", ".join(accepted))
