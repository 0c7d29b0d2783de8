"""Coarse search: every face at every yaw over every tile, by correlation (FFT)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.kernels import Kernels
from cellpick.perception.pool import pool
from cellpick.perception.template import Template
from cellpick.perception.tops import Tops
from cellpick.structures import CellModel

WEAKEST = 0.12
"""Score below which there is no hypothesis."""
PEAK_SHARE = 0.3
"""A peak is the best within this share of the cell's shorter side."""
SPARE = 12
"""Hypotheses kept, in multiples of the cells that the area could hold."""
BLOCK = 1 << 15
"""Tiles correlated at once: so few that the maps of one block stay in the processor's cache."""
NO_POWER = np.float32(1e-6)
"""Edge power that counts as none."""


@dataclass(frozen=True, eq=False)
class Hypotheses:
    """n possible cells."""

    template: NDArray[np.intp]
    """(n,) which template, that is which face looks up."""
    xy_m: Floats
    """(n, 2) in the region frame."""
    yaw: Floats
    """(n,) turn about the region's z."""
    score: Floats
    """(n,) normalised correlation of the edges, -1 to 1; less where the cloud contradicts."""
    FIELDS: ClassVar = ("template", "xy_m", "yaw", "score")

    def __len__(self) -> int:
        return len(self.yaw)

    def take(self, rows: NDArray[np.intp]) -> Hypotheses:
        """Some of them, in the order of `rows`."""
        return Hypotheses(*(getattr(self, name)[rows] for name in self.FIELDS))


def trust(coverage: NDArray[np.float32]) -> NDArray[np.float32]:
    """Factor of the score: a footprint that the cloud contradicts counts little.

    `coverage` is the mean occupancy of the footprint, -1 to 1; 0 where nothing was measured.
    """
    result: NDArray[np.float32] = np.clip(np.float32(0.5) * coverage + np.float32(0.5), 0, 1)
    return result


def search(
    field: NDArray[np.complex64], tops: Tops, templates: Sequence[Template], cell: CellModel
) -> Hypotheses:
    """Peaks of the score over the region, best first."""
    step_m = tops.grid.step_m
    pooled = pool(field, field.shape[0] // tops.grid.shape[0])
    scene = np.stack([pooled.real, pooled.imag, np.abs(pooled) ** 2, tops.occupied])
    extents = step_m * np.array(tops.grid.shape[::-1])
    kernels = [t.kernels_in(extents) for t in templates]
    scores = np.concatenate([correlations(scene, k) for k in kernels])
    if not len(scores):
        return Hypotheses(np.zeros(0, np.intp), np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    inset = np.min([k.inset_m for k in kernels], axis=0)
    row, column = peaks(inner(scores.max(0), inset, step_m), cell, step_m)
    best = scores[:, row, column].argmax(0)
    yaw = np.array([a + turn for k in kernels for a in k.yaw for turn in (0.0, np.pi)])
    face = np.repeat(np.arange(len(kernels)), [2 * len(k.yaw) for k in kernels])
    x, y = tops.grid.centres()
    return Hypotheses(
        face[best],
        np.stack([x[row, column], y[row, column]], -1),
        yaw[best],
        scores[best, row, column].astype(np.float64),
    )


def correlations(scene: NDArray[np.float32], kernels: Kernels) -> NDArray[np.float32]:
    """Scores (2 m, rows, columns) of a face at each of m yaws, there and half a turn further.

    `scene` (4, rows, columns) is the edges' real and imaginary part, their power, and occupancy.
    A footprint that leaves the region wraps round; the climb, which does not, drops it.
    """
    h, w = scene.shape[1:]
    rows, columns = kernels.planes.shape[-2:]
    size = (fast(max(h, rows)), fast(max(w, columns)))
    # a kernel lies with its corner in tile (0, 0): a shift of the scene centres it
    v, u = scipy.fft.fftfreq(size[0])[:, None], scipy.fft.rfftfreq(size[1])
    shift = np.exp(-2j * np.pi * (rows // 2 * v + columns // 2 * u)).astype(np.complex64)
    spectra = scipy.fft.rfft2(scene, s=size)
    ahead, back = spectra * shift, spectra[:2] * shift.conj()
    tiles = kernels.planes[:, 2].sum((1, 2))
    scores = np.empty((len(kernels.yaw), 2, h, w), np.float32)
    at_once = max(1, BLOCK // (size[0] * size[1]))
    for first in range(0, len(kernels.yaw), at_once):
        drawn = scipy.fft.rfft2(kernels.planes[first : first + at_once], s=size)
        mirrored = drawn.conj()
        products = np.empty((len(drawn), 4, *drawn.shape[2:]), np.complex64)
        products[:, 0] = mirrored[:, 0] * ahead[0] + mirrored[:, 1] * ahead[1]
        # half a turn mirrors a kernel in both axes and leaves doubled angles
        products[:, 1] = drawn[:, 0] * back[0] + drawn[:, 1] * back[1]
        np.multiply(mirrored[:, 2:], ahead[2:], out=products[:, 2:])
        maps = scipy.fft.irfft2(products, s=size, overwrite_x=True)[..., :h, :w]
        for row, (*found, power, covered) in enumerate(maps, start=first):
            factor = trust(covered / tiles[row])
            factor /= np.sqrt(np.maximum(power, NO_POWER))
            for turn in range(2):
                np.multiply(found[turn], factor, out=scores[row, turn])
    return scores.reshape(-1, h, w)


def fast(n: int) -> int:
    """The next length whose transform is fast."""
    return int(scipy.fft.next_fast_len(n, real=True))


def inner(score: NDArray[np.float32], inset_m: Floats, step_m: float) -> NDArray[np.float32]:
    """The scores where a centre may be, `inset_m` (2,) inside the borders; -inf elsewhere."""
    reach = (inset_m[::-1] / step_m).astype(int)
    middle = tuple(slice(r, max(r, n - r)) for r, n in zip(reach, score.shape, strict=True))
    result = np.full_like(score, -np.inf)
    result[middle] = score[middle]
    return result


def peaks(
    score: NDArray[np.float32], cell: CellModel, step_m: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of local maxima, best first; ties broken by place."""
    short = float(cell.size_m[:2].min())
    reach = max(1, round(PEAK_SHARE * short / step_m))
    highest = cv2.dilate(score, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    row, column = np.nonzero((score >= highest) & (score > WEAKEST))
    most = int(SPARE * (score.size * step_m**2 / np.prod(cell.size_m[:2]) + 4))
    order = np.argsort(-score[row, column], kind="stable")[:most]
    return row[order], column[order]
