"""Surfaces cut into pieces, each of one cylinder's side or of one plane, in image order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.heap.surface import Flags, Singles, Surface

STEP = 0.25
"""Longest step between neighbouring places on one surface, in diameters."""
SLACK = 0.03
"""How much farther apart than their places two axis points may lie, in diameters."""
STRETCH = 1.2
"""How much longer the step between their axis points may be."""
LEAST_PIXELS = 12
"""Smaller pieces say nothing."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """k connected pieces of all surfaces."""

    label: tuple[NDArray[np.int32], ...]
    """(h, w) of each surface: row of the piece, -1 for none."""
    count: NDArray[np.int64]
    """(k,) pixels."""
    axis_middle: Floats
    """(k, 3) mean of their axis points."""
    axis_spread: Floats
    """(k, 3, 3) covariance of their axis points."""
    normals: Floats
    """(k, 3, 3) mean of n n^T."""
    middle: Floats
    """(k, 3) mean of their places."""
    normal: Floats
    """(k, 3) mean normal."""
    camera: NDArray[np.int64]
    """(k,) which surface."""

    def __len__(self) -> int:
        return len(self.count)


def pieces_of(surfaces: list[Surface], radius_m: float) -> Pieces:
    """Cut where neighbouring pixels cannot belong to one cylinder of that radius."""
    labels: list[NDArray[np.int32]] = []
    samples, first = [_no_samples()], 0
    for surface in surfaces:
        axis = surface.middle - np.float32(radius_m) * surface.normal
        label, count = _connected(surface, axis, 2 * radius_m)
        labels.append(np.where(label >= 0, label + first, -1).astype(np.int32))
        on = label >= 0
        fields = (f[on].astype(np.float64) for f in (axis, surface.middle, surface.normal))
        samples.append(_Samples(labels[-1][on], *fields))
        first += count
    row, axes, places, normals = (np.concatenate(c) for c in zip(*samples, strict=True))
    count_of = np.bincount(row, minlength=first)
    middle = _means(axes, row, count_of)
    off = axes - middle[row]
    camera = np.zeros(first, np.int64)
    for index, label in enumerate(labels):
        camera[label[label >= 0]] = index
    return Pieces(
        tuple(labels),
        count_of,
        middle,
        _means(off[:, :, None] * off[:, None], row, count_of),
        _means(normals[:, :, None] * normals[:, None], row, count_of),
        _means(places, row, count_of),
        _means(normals, row, count_of),
        camera,
    )


class _Samples(NamedTuple):
    """Pixels (m,) that are in pieces: their piece, axis point, place and normal."""

    row: NDArray[np.int32]
    axis: Floats
    place: Floats
    normal: Floats


def _no_samples() -> _Samples:
    none = np.zeros((0, 3))
    return _Samples(np.zeros(0, np.int32), none, none, none)


def _means(values: Floats, row: NDArray[np.int32], count: NDArray[np.int64]) -> Floats:
    """Means (k, ...) of values (m, ...) over each row."""
    flat = values.reshape(len(row), int(np.prod(values.shape[1:])))
    sums = [np.bincount(row, column, len(count)) for column in flat.T]
    result: Floats = np.stack(sums, -1) / np.maximum(count, 1)[:, None]
    return result.reshape(len(count), *values.shape[1:])


def _connected(surface: Surface, axis: Singles, d: float) -> tuple[NDArray[np.int32], int]:
    """Labels (h, w) from 0 on, -1 for none, and their number."""
    h, w = surface.smooth.shape
    # pixels with the links between them: an image of twice the size
    nodes = np.zeros((2 * h - 1, 2 * w - 1), np.uint8)
    nodes[::2, ::2] = surface.smooth
    nodes[::2, 1::2] = _linked(surface, axis, d, 1)
    nodes[1::2, ::2] = _linked(surface, axis, d, 0)
    n, both = cv2.connectedComponents(nodes, connectivity=4, ltype=cv2.CV_32S)
    label = both[::2, ::2]
    large = np.bincount(label.ravel(), minlength=n) >= LEAST_PIXELS
    large[0] = False
    new = np.where(large, np.cumsum(large) - 1, -1).astype(np.int32)
    return new[label], int(large.sum())


def _linked(surface: Surface, axis: Singles, d: float, along: int) -> Flags:
    """Whether a pixel and its next one along an image axis can lie on one cylinder."""
    places, axes = _steps(surface.middle, along), _steps(axis, along)
    a, b = (np.delete(surface.smooth, end, axis=along) for end in (-1, 0))
    with np.errstate(invalid="ignore"):
        result: Flags = a & b & (places < STEP * d) & (axes < STRETCH * places + SLACK * d)
    return result


def _steps(field: Singles, along: int) -> Singles:
    """Length of the step from each vector (h, w, 3) to the next one."""
    step = np.diff(field, axis=along)
    result: Singles = np.sqrt(np.einsum("hwk,hwk->hw", step, step))
    return result
