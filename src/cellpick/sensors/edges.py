"""Pixels that an edge crosses: the sum of what is seen on its sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.sensors.lens import EDGE_RAYS
from cellpick.sensors.raycast import NO_HIT
from cellpick.sensors.samples import Samples, joined, shares, summed
from cellpick.sensors.seen import Seen
from cellpick.sensors.shared_light import UNSEEN, Known, grouped
from cellpick.sensors.visibility import Sampling

Array = NDArray[np.float32]
SHARED_SAMPLES = 4
"""Light samples of a sample that stands for its neighbours."""
LAMP_SAMPLES = 2
"""Places on each lamp that each sample looks at."""


def mixed(
    seen: Seen,
    pixels: NDArray[np.int64],
    crossed: NDArray[np.bool_],
    piece: NDArray[np.int32],
    known: Known,
) -> Array:
    """Radiance (n, 3) of pixels (n,), some of them `crossed` by an edge.

    `piece` (h * w,) is what their centres see.
    """
    share = np.ones(len(pixels), dtype=np.float32)
    rows = np.flatnonzero(crossed)
    share[rows], beside = _within(seen, pixels[rows], rows, piece)
    centre = Samples(
        np.arange(len(pixels)),
        pixels,
        seen.directions[pixels],
        seen.hits.rows(pixels),
        seen.coat.rows(pixels),
        share,
    )
    return _gathered(seen, joined(centre, beside), len(pixels), known)


def _within(
    seen: Seen, pixels: NDArray[np.int64], rows: NDArray[np.int64], piece: NDArray[np.int32]
) -> tuple[Array, Samples]:
    """What is seen in pixels (n,) that an edge crosses: the centre's share, and the others.

    Of the places on one smooth piece, one stands for all.
    """
    k = EDGE_RAYS
    directions = seen.lens.within(pixels) @ seen.R
    hits = seen.scene.cast(seen.origin, directions)
    places = np.concatenate([piece[pixels, None], seen.pieces(hits).reshape(-1, k)], axis=1)
    share = shares(places)  # the centre stands for its piece, but has no share of its own
    chosen = np.flatnonzero(share[:, 1:] > 0)
    hits, directions = hits.rows(chosen), directions[chosen]
    coat = seen.table.coats(hits, seen.origin, directions, seen.lens.pixel_rad)
    row = chosen // k
    rest = share[:, 1:].ravel()[chosen]
    return share[:, 0], Samples(rows[row], pixels[row], directions, hits, coat, rest)


def _gathered(seen: Seen, samples: Samples, count: int, known: Known) -> Array:
    """Radiance (count, 3): the sum of the samples' in each row by their shares.

    Where two materials meet in a sample, each is shaded as if it were alone.
    """
    coat, hits = samples.coat, samples.hits
    partly = np.flatnonzero(coat.weight > 0)
    sample = np.concatenate([np.arange(len(samples.row)), partly])
    material = np.concatenate([coat.under, coat.over[partly]])
    under, over = samples.share * (1 - coat.weight), samples.share * coat.weight
    share = np.concatenate([under, over[partly]])
    needed = share > 0
    sample, material, share = sample[needed], material[needed], share[needed]
    pixels, triangle = samples.pixel[sample], hits.triangle[sample]
    piece = seen.pieces(hits)[sample]
    mesh = seen.scene.mesh
    plain = (triangle != NO_HIT) & ~mesh.curved[triangle] & (material == mesh.materials[triangle])
    light, found = known.at(pixels, np.where(plain, piece, UNSEEN))
    rest = np.flatnonzero(~found)
    side = seen.table.squares(hits, seen.lens.pixel_rad)[sample[rest]]
    w = seen.lens.shape[1]
    groups = grouped(pixels[rest], w, piece[rest], material[rest], side)
    row, bare = sample[rest[groups.first]], material[rest[groups.first]]
    sampling = Sampling(_phase(seen, samples.pixel[row]), SHARED_SAMPLES)
    terms = seen.apart(samples.directions[row], hits.rows(row), bare, sampling)
    light[rest] = terms[0, groups.of]
    # shadows are sharper than all other light: each sample looks at the lamps for itself
    every = sample[rest]
    sampling = Sampling(_phase(seen, pixels[rest]), LAMP_SAMPLES)
    lit = seen.lamp_shares(samples.directions[every], hits.rows(every), sampling)
    for term, part in zip(terms[1:], lit, strict=True):
        light[rest] += part[:, None] * term[groups.of]
    return summed(light, share, samples.row[sample], count)


def _phase(seen: Seen, pixels: NDArray[np.int64]) -> NDArray[np.int32]:
    """Neighbours in a 2 x 2 square use different light samples."""
    w = seen.lens.shape[1]
    return (pixels % w % 2 + 2 * (pixels // w % 2)).astype(np.int32)
