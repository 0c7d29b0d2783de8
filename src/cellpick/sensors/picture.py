"""The picture that falls on a camera's sensor, sparsely shaded and anti-aliased."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.sensors.edges import mixed
from cellpick.sensors.infill import STEPS, Infill
from cellpick.sensors.paint import plain_coat
from cellpick.sensors.samples import SQUARE_PX, any_in, border_pixels, spread, summed
from cellpick.sensors.seen import Seen
from cellpick.sensors.shared_light import Known, grouped
from cellpick.sensors.visibility import SAMPLES, Sampling

Array = NDArray[np.float32]
FINE_PX = 4
"""Pixels off a grid of twice this spacing have half of the light samples."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture, and what of it a later one can take over."""

    radiance: Array
    """(h, w, 3) mean over each pixel."""
    infill: Infill
    """The bare pieces."""


def picture(
    seen: Seen, before: Picture | None = None, wanted: NDArray[np.bool_] | None = None
) -> Picture:
    """The picture of what is `seen`.

    Squares that are not `wanted` (rows, columns) are those of the picture `before`; every pixel
    comes out as in a picture made afresh, as long as the light in all other squares is the same.
    """
    shape = seen.lens.shape
    piece = seen.pieces(seen.hits)

    def corners(pixels: NDArray[np.int64]) -> Array:
        return _corners(seen, pixels)

    infill = Infill(piece.reshape(shape), corners)
    if before is not None and wanted is not None:
        infill.resume(before.infill, any_in(wanted, STEPS[0] // SQUARE_PX))
    infill.fill()
    done = infill.done.ravel()
    crossed = border_pixels(piece.reshape(shape), seen.outlined).ravel()
    anew = np.ones(len(done), dtype=np.bool_)
    if wanted is not None:
        anew = spread(wanted, SQUARE_PX)[: shape[0], : shape[1]].ravel()
    # what the bare pieces send, before any paint: edges take it from there
    bare = infill.radiance.reshape(-1, 3)
    out = bare.copy() if before is None else before.radiance.reshape(-1, 3).copy()
    out[anew] = bare[anew]
    painted = np.flatnonzero(anew & done & ~crossed & seen.is_painted())
    out[painted] *= _tint(seen, painted, piece[painted])
    pixels = np.flatnonzero(anew & (crossed | ~done))
    out[pixels] = mixed(seen, pixels, crossed[pixels], piece, Known(bare, done, piece))
    out.flags.writeable = False
    return Picture(out.reshape(*shape, 3), infill)


def _corners(seen: Seen, pixels: NDArray[np.int64]) -> Array:
    """Radiance of bare pieces at pixels' centres; off the coarse grids with half of the samples.

    Each is a matter of the pixel's place alone, so that a part of a picture is like the whole.
    """
    row, column = np.divmod(pixels, seen.lens.shape[1])
    out = np.empty((len(pixels), 3), dtype=np.float32)
    off = row | column
    for fine in (False, True):
        rows = np.flatnonzero((off % (2 * FINE_PX) != 0) == fine)
        step = np.where(off[rows] % FINE_PX, FINE_PX // 2, FINE_PX)
        phase = (column[rows] // step + row[rows] // step) % 2 * fine
        sampling = Sampling(phase.astype(np.int32), SAMPLES // 2 if fine else SAMPLES)
        where = pixels[rows]
        triangle = np.maximum(seen.hits.triangle[where], 0)
        coat = plain_coat(seen.scene.mesh.materials[triangle])
        out[rows] = seen.shade(seen.directions[where], seen.hits.rows(where), coat, sampling)
    return out


def _tint(seen: Seen, pixels: NDArray[np.int64], piece: NDArray[np.int32]) -> Array:
    """Radiance (n, 3) of painted pixels, as a multiple of that of the bare piece.

    The light that falls on a small square is alike, whatever its materials make of it.
    """
    coat = seen.coat.rows(pixels)
    plain = seen.scene.mesh.materials[seen.hits.triangle[pixels]]
    part = np.flatnonzero(coat.weight > 0)
    row = np.concatenate([np.arange(len(pixels)), part])
    material = np.concatenate([coat.under, coat.over[part]])
    share = np.concatenate([np.float32(1) - coat.weight, coat.weight[part]])
    side = np.full(len(row), SQUARE_PX)
    groups = grouped(pixels[row], seen.lens.shape[1], piece[row], material, side)
    first = row[groups.first]
    where, bare = pixels[first], plain[first]
    sampling = Sampling(np.zeros(len(where), dtype=np.int32), SAMPLES)  # so that squares agree
    directions, hits = seen.directions[where], seen.hits.rows(where)
    mine = seen.shade(directions, hits, plain_coat(material[groups.first]), sampling)
    own = seen.shade(directions, hits, plain_coat(bare), sampling)
    ratio: Array = mine / np.maximum(own, np.float32(1e-4))
    return summed(ratio[groups.of], share, row, len(pixels))
