"""The one check of array arguments: shape, type and finiteness, with a message that names both."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from cellpick.errors import ShapeError

Floats = NDArray[np.float64]
"""A float64 array of any shape; docstrings give the shape."""


def checked(
    name: str,
    value: ArrayLike,
    shape: tuple[int | None, ...],
    *,
    batch: bool = False,
    dtype: DTypeLike = np.float64,
    finite: bool = True,
) -> NDArray[Any]:
    """Return `value` as an array of `dtype` after checking its shape.

    `shape` lists the trailing axes, `None` for any length; `batch` allows leading axes before them.
    Raises `ShapeError`, naming the argument and both shapes.
    """
    try:
        array = np.asarray(value)
        if array.dtype != dtype:
            _check_kind(name, array, np.dtype(dtype))
            with np.errstate(over="ignore"):  # too large for single precision is infinite
                array = np.asarray(array, dtype=dtype)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, ShapeError):
            raise
        raise ShapeError(f"{name} must be an array of {np.dtype(dtype).name}: {error}") from error
    trailing = array.shape[array.ndim - len(shape) :] if array.ndim >= len(shape) else None
    fits = trailing is not None and all(
        want is None or want == have for want, have in zip(shape, trailing, strict=True)
    )
    if not fits or (not batch and array.ndim != len(shape)):
        wanted = ", ".join("n" if axis is None else str(axis) for axis in shape)
        raise ShapeError(
            f"{name} must have shape ({'..., ' if batch else ''}{wanted})", got=array.shape
        )
    if finite and array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ShapeError(f"{name} must be finite", got="NaN or infinite values")
    return array


def _check_kind(name: str, given: NDArray[Any], wanted: np.dtype[Any]) -> None:
    """Raise `ShapeError` where numbers would lose their meaning as `wanted`: complex ones, and as
    whole ones fractions and those beyond its range."""
    of_shape = f"{name} of shape {given.shape}"
    if given.dtype.kind == "c":
        raise ShapeError(f"{of_shape} must hold real numbers", got=given.dtype.name)
    if wanted.kind not in "iu" or not given.size:
        return
    if given.dtype.kind not in "biu":
        raise ShapeError(f"{of_shape} must hold whole numbers", got=given.dtype.name)
    low, high = int(given.min()), int(given.max())
    bounds = np.iinfo(wanted)
    if low < bounds.min or high > bounds.max:
        accepted = f"{bounds.min} to {bounds.max}"
        raise ShapeError(
            f"{of_shape} holds numbers that are too large or small for {wanted.name}",
            got=f"{low} to {high}",
            accepted=accepted,
        )


def frozen(
    name: str,
    value: ArrayLike,
    shape: tuple[int | None, ...],
    *,
    dtype: DTypeLike = np.float64,
    finite: bool = True,
) -> NDArray[Any]:
    """Return `value` checked and read-only, for the field of a record: a copy, unless it is the
    field of another record and thus read-only itself."""
    array = checked(name, value, shape, dtype=dtype, finite=finite)
    if array.flags.writeable or not array.flags.owndata:
        array = np.array(array, copy=True)
        array.flags.writeable = False
    return array
