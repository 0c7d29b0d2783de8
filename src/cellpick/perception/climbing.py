"""The best of a patch's small motions, between its steps too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.patch import Patch


def best_move(seen: NDArray[np.float32], patch: Patch) -> tuple[Floats, Floats]:
    """The best motion (3, n) along x, along y and in yaw for each of n resampled fields
    (n, 2 places), and the response (n,) there.

    Of all combinations of steps the best, and along each axis the peak of the parabola through it
    and its neighbours.
    """
    counts = [len(moves) for moves in patch.moves]
    values = (seen @ patch.moved).astype(np.float64)
    rows = np.arange(len(seen))
    flat = values.argmax(1)
    best = np.unravel_index(flat, counts)
    delta = np.zeros((3, len(seen)))
    response: Floats = values[rows, flat]
    for axis, moves in enumerate(patch.moves):
        if len(moves) == 1:
            continue
        stride = int(np.prod(counts[axis + 1 :]))
        middle = np.clip(best[axis], 1, len(moves) - 2)
        centre = flat + stride * (middle - best[axis])
        low, mid, high = (values[rows, centre + d * stride] for d in (-1, 0, 1))
        slope, bend = (high - low) / 2, low - 2 * mid + high
        within = (best[axis] == middle) & (bend < 0)
        between = np.where(within, -slope / np.where(within, bend, 1), best[axis] - middle)
        delta[axis] = moves[middle] + between * (moves[1] - moves[0])
        response = response + np.where(within, slope * between / 2, 0)
    return delta, response
