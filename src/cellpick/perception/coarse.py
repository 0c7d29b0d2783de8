"""Coarse search: every place and yaw of every face on the 2 mm grid, by correlation (FFT)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.grid import Grid
from cellpick.perception.mosaic import FACTOR
from cellpick.perception.template import Template
from cellpick.perception.tops import Tops
from cellpick.structures import CellModel

Real = TypeVar("Real", np.float32, np.float64)

TIP_STEP_M = 0.006
"""Yaw step, as the way of the footprint's farthest point."""
WEAKEST = 0.12
"""Score below which there is no hypothesis."""
PEAK_SHARE = 0.3
"""A peak is the best within this share of the cell's shorter side."""
SPARE = 12
"""Hypotheses kept, in multiples of the cells that the area could hold."""


@dataclass(frozen=True, eq=False)
class Hypotheses:
    """n possible cells."""

    template: NDArray[np.intp]
    """(n,) which template, that is which face looks up."""
    xy_m: Floats
    """(n, 2) in the region frame."""
    yaw: Floats
    """(n,) turn about the region's z."""
    match: Floats
    """(n,) normalised correlation of the edges, -1 to 1."""
    coverage: Floats
    """(n,) mean occupancy of the footprint, -1 to 1; 0 where nothing was measured, -1 beyond the
    region."""
    energy: Floats
    """(n,) root of the mosaic's edge power under the footprint."""
    FIELDS: ClassVar = ("template", "xy_m", "yaw", "match", "coverage", "energy")

    def __len__(self) -> int:
        return len(self.yaw)

    def take(self, rows: NDArray[np.intp]) -> Hypotheses:
        """Some of them, in the order of `rows`."""
        return Hypotheses(*(getattr(self, name)[rows] for name in self.FIELDS))

    @property
    def score(self) -> Floats:
        """(n,) edges and cloud together."""
        return combined(self.match, self.coverage)


def combined(match: NDArray[Real], coverage: NDArray[Real]) -> NDArray[Real]:
    """Edges must match; a footprint that the cloud contradicts counts little."""
    result: NDArray[Real] = match * np.clip(0.5 + 0.5 * coverage, 0, 1)
    return result


def yaw_steps(cell: CellModel) -> Floats:
    """Yaws (m,) of the coarse search over half a turn, since the other half comes with it; one
    where the yaw means nothing."""
    if cell.turns_freely:
        return np.zeros(1)
    reach = float(np.hypot(*cell.size_m[:2])) / 2
    n = int(np.ceil(np.pi / (TIP_STEP_M / reach)))
    return np.arange(n, dtype=np.float64) * (np.pi / n)


def search(
    field: NDArray[np.complex64], tops: Tops, templates: Sequence[Template], cell: CellModel
) -> Hypotheses:
    """Peaks of the combined score over the region, best first."""
    pooled = pool(field)
    scene, size = transforms(pooled, tops)
    best = np.full((4, *pooled.shape), -np.inf, np.float32)
    layer = np.zeros(pooled.shape, np.intp)
    cases: list[tuple[int, float]] = []
    for index, template in enumerate(templates):
        for yaw in yaw_steps(cell):
            for turn, maps in enumerate(correlate(scene, template, yaw, tops.grid, size)):
                better = maps[0] > best[0]
                layer[better] = len(cases)
                best[:, better] = maps[:, better]
                cases.append((index, yaw + turn * np.pi))
    reach = int(float(cell.size_m[:2].min()) / 2 / tops.grid.step_m)
    inner = np.zeros(pooled.shape, np.bool_)
    inner[reach : pooled.shape[0] - reach, reach : pooled.shape[1] - reach] = True
    row, column = peaks(np.where(inner, best[0], -np.inf), cell, tops.grid.step_m)
    x, y = tops.grid.centres()
    chosen = layer[row, column]
    return Hypotheses(
        np.array([index for index, _ in cases], np.intp)[chosen],
        np.stack([x[row, column], y[row, column]], -1),
        np.array([yaw for _, yaw in cases])[chosen],
        *best[1:, row, column].astype(np.float64),
    )


def pool(field: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Mean of the edge field over each tile: doubled angles add up over a stroke's two sides."""
    h, w = field.shape[0] // FACTOR, field.shape[1] // FACTOR
    tiles = field[: h * FACTOR, : w * FACTOR].reshape(h, FACTOR, w, FACTOR)
    pooled: NDArray[np.complex64] = tiles.mean((1, 3))
    return pooled


def transforms(
    pooled: NDArray[np.complex64], tops: Tops
) -> tuple[NDArray[np.complex64], tuple[int, int]]:
    """Spectra (2, rows, columns) of the edges and of (edge power + 1j occupancy).

    A footprint that leaves the region wraps round; the fine search, which does not, drops it.
    """
    h, w = pooled.shape
    size = (scipy.fft.next_fast_len(h), scipy.fft.next_fast_len(w))
    support = (np.abs(pooled) ** 2 + 1j * tops.occupied).astype(np.complex64)
    spectra = scipy.fft.fft2(np.stack([pooled, support]), s=size)
    return spectra.astype(np.complex64), size


def correlate(
    scene: NDArray[np.complex64], template: Template, yaw: float, grid: Grid, size: tuple[int, int]
) -> NDArray[np.float32]:
    """Maps (2, 4, rows, columns) of score, match, coverage and energy of one face at `yaw` and
    half a turn further."""
    turn = np.complex64(np.exp(2j * yaw))
    edges = splat(template.edges_m, template.edges * turn, yaw, grid.step_m, size)
    edges /= np.linalg.norm(edges)
    zone = thinned(template.zone_m, template.step_m, max(1, round(grid.step_m / template.step_m)))
    # ones on a square grid of nearly the tiles' pitch: weights that sum to the zone in tiles
    share = len(template.zone_m) * (template.step_m / grid.step_m) ** 2 / len(zone)
    footprint = splat(zone, np.full(len(zone), share, np.complex64), yaw, grid.step_m, size)
    kernels = scipy.fft.fft2(np.stack([edges, footprint]))
    # half a turn mirrors a kernel in both axes and leaves doubled angles: so for its spectrum
    mirrored = np.roll(kernels[0, ::-1, ::-1], 1, axis=(0, 1))
    products = np.stack([kernels[0], mirrored, kernels[1]]).conj() * scene[[0, 0, 1]]
    found = scipy.fft.ifft2(products, overwrite_x=True)[:, : grid.shape[0], : grid.shape[1]]
    energy = np.sqrt(np.maximum(found[2].real, 1e-6))
    coverage = found[2].imag / (share * len(zone))
    match = found[:2].real / energy
    both = [np.broadcast_to(a, match.shape) for a in (coverage, energy)]
    return np.stack([combined(match, coverage), match, *both], axis=1).astype(np.float32)


def thinned(p_m: Floats, step_m: float, thin: int) -> Floats:
    """The places (.., 2) of a square grid that are on every `thin`-th row and column."""
    at = np.rint(p_m / step_m).astype(np.intp)
    result: Floats = p_m[(at % thin == 0).all(1)]
    return result


def splat(
    p_m: Floats, value: NDArray[np.complex64], yaw: float, step_m: float, size: tuple[int, int]
) -> NDArray[np.complex64]:
    """Sum values (n,) at turned places (n, 2) into a wrapped grid centred on tile (0, 0)."""
    c, s = np.cos(yaw), np.sin(yaw)
    at = p_m @ np.array([[c, s], [-s, c]]) / step_m
    low = np.floor(at).astype(np.intp)
    f = at - low
    index, weight = [], []
    for dy in (0, 1):
        for dx in (0, 1):
            index.append((low[:, 1] + dy) % size[0] * size[1] + (low[:, 0] + dx) % size[1])
            weight.append(np.abs(1 - dx - f[:, 0]) * np.abs(1 - dy - f[:, 1]))
    where, weights = np.concatenate(index), np.concatenate(weight)
    values = np.tile(value, 4) * weights
    n = size[0] * size[1]
    total = np.bincount(where, values.real, n) + 1j * np.bincount(where, values.imag, n)
    return total.reshape(size).astype(np.complex64)


def peaks(
    score: NDArray[np.float32], cell: CellModel, step_m: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of local maxima, best first; ties broken by place."""
    short = float(cell.size_m[:2].min())
    reach = max(1, int(PEAK_SHARE * short / step_m))
    highest = cv2.dilate(score, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    row, column = np.nonzero((score >= highest) & (score > WEAKEST))
    most = int(SPARE * (score.size * step_m**2 / np.prod(cell.size_m[:2]) + 4))
    order = np.argsort(-score[row, column], kind="stable")[:most]
    return row[order], column[order]
