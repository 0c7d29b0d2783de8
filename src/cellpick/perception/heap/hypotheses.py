"""Surfaces -> cells: axes from pieces, each cell at its place along its axis."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.heap.apart import SURE_M, free_places, without_overlaps
from cellpick.perception.heap.fit import Fitted, fit_axes, frames_along
from cellpick.perception.heap.lines import axes_of
from cellpick.perception.heap.pieces import Pieces, pieces_of
from cellpick.perception.heap.slide import Places, Profiles, profiles_of, slide
from cellpick.perception.heap.surface import Surface

REACH = 1.1
"""How far to either side of what is seen of it a cell is sought, in heights."""
THINNED = 2
"""One reading in so many is fitted: the shared errors outweigh the noise."""
LEAST_GAIN = 60.0
"""A cell with less that speaks for it is not reported."""


@dataclass(frozen=True, eq=False)
class Hypotheses:
    """n cells."""

    Ts: Floats
    """(n, 4, 4) poses in the region frame, of either polarity."""
    fitted: Fitted
    """Their axes; its frames' origins lie elsewhere on them."""
    places: Places
    """Where they lie on those."""
    seen: Floats
    """(n, 4) shares of the looked-at side: on it, behind it, missing, hidden."""
    by_camera: NDArray[np.int64]
    """(n, surfaces) readings on them."""
    axis_of_piece: NDArray[np.int64]
    """(pieces + 1,) axis that a piece lies round, -1 for none; the last is for no piece."""
    axis: NDArray[np.int64]
    """(n,) their axes."""
    pieces: Pieces
    """What they were made of."""

    def rows(self, index: NDArray[np.int64]) -> Hypotheses:
        """Those of the rows `index` (j,); the others' pieces go on to lie round their axes."""
        return Hypotheses(
            self.Ts[index],
            self.fitted.rows(index),
            self.places.rows(index),
            self.seen[index],
            self.by_camera[index],
            self.axis_of_piece,
            self.axis[index],
            self.pieces,
        )

    def cells(self, index: NDArray[np.int64]) -> Hypotheses:
        """Those of the rows `index` (j,); the others are none, their pieces lie round no axis."""
        others = np.isin(self.axis_of_piece, np.delete(self.axis, index))
        return replace(self.rows(index), axis_of_piece=np.where(others, -1, self.axis_of_piece))

    @property
    def unplaced(self) -> NDArray[np.bool_]:
        """(pieces,) whether a piece lies round an axis of which no cell is told."""
        own = self.axis_of_piece[:-1]
        result: NDArray[np.bool_] = (own >= 0) & ~np.isin(own, self.axis)
        return result


def hypotheses(surfaces: list[Surface], diameter_m: float, height_m: float) -> Hypotheses:
    """All cells whose side is seen."""
    pieces = pieces_of(surfaces, diameter_m / 2)
    axes = axes_of(pieces, diameter_m, height_m)
    points, row, source = _readings(surfaces, pieces, axes.of_piece)
    fitted = fit_axes(frames_along(axes.p, axes.d), points, row, diameter_m / 2, source)
    profiles = profiles_of(fitted, surfaces, diameter_m / 2, REACH * height_m)
    places = slide(profiles, height_m)
    sure = places.doubt_m < SURE_M
    surer = (sure & (places.gain > LEAST_GAIN))[None] & ~sure[:, None]
    free = free_places(fitted, places.middle, surer, profiles, diameter_m, height_m)
    places = slide(profiles, height_m, free)
    Ts = fitted.Ts.copy()
    Ts[:, :3, 3] += places.middle[:, None] * Ts[:, :3, 2]
    keep = np.flatnonzero(places.gain > LEAST_GAIN)
    keep = keep[without_overlaps(Ts[keep], places.gain[keep], diameter_m, height_m)]
    by_camera = np.zeros((len(axes), len(surfaces)), np.int64)
    own = axes.of_piece >= 0
    at = axes.of_piece[own], pieces.camera[own]
    np.add.at(by_camera, at, pieces.count[own])
    seen = _shares(profiles, places.middle, height_m)
    return Hypotheses(
        Ts[keep],
        fitted.rows(keep),
        places.rows(keep),
        seen[keep],
        by_camera[keep],
        np.append(axes.of_piece, -1),
        keep,
        pieces,
    )


def _readings(
    surfaces: list[Surface], pieces: Pieces, of_piece: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Places (m, 3) of the readings of all pieces that lie round an axis, its row (m,), and the
    surface (m,) that they are of."""
    points, rows = [np.zeros((0, 3), np.float32)], [np.zeros(0, np.int64)]
    sources = [np.zeros(0, np.int64)]
    axis_of = np.append(of_piece, -1)
    for index, (surface, label) in enumerate(zip(surfaces, pieces.label, strict=True)):
        row = axis_of[label]
        on = np.nonzero((row >= 0) & np.isfinite(surface.depth))
        v, u = (place[::THINNED] for place in on)
        points.append(surface.p_region[v, u])
        rows.append(row[v, u])
        sources.append(np.full(len(rows[-1]), index))
    return np.concatenate(points), np.concatenate(rows), np.concatenate(sources)


def _shares(profiles: Profiles, middle: Floats, height_m: float) -> Floats:
    """(k, 4) shares of what is looked at on cells at places (k,) along their axes."""
    on_cell = np.abs(profiles.t - middle[:, None]) < height_m / 2
    kinds = np.stack([profiles.on, profiles.behind, profiles.blank, profiles.hidden], -1)
    sums = np.einsum("km,kmf->kf", on_cell, kinds)
    result: Floats = sums / np.maximum(sums.sum(axis=1, keepdims=True), 1)
    return result
