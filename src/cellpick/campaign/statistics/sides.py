"""Which episodes of two campaigns are compared, and whether as pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellpick.errors import InputError
from cellpick.geometry import Floats

Values = Mapping[str, Sequence[float] | Floats]
"""Episode id -> its values: one a cell (1 and 0 for a rate), or one for the episode."""


class Sides(NamedTuple):
    """The values to compare, an entry an episode; where paired, in the same order."""

    baseline: list[Floats]
    current: list[Floats]
    paired: bool
    baseline_strata: NDArray[np.str_]
    current_strata: NDArray[np.str_]


def matched(baseline: Values, current: Values, strata: Mapping[str, str]) -> Sides:
    """Pairs where at least half of either side has its partner; else all of the shared strata.

    Values that are not finite are left out, and so are episodes without any. In the order of ids:
    that of the mappings is without effect. Raises `InputError` for values that are no list.
    """
    kept, other = _finite(baseline), _finite(current)
    shared = sorted(kept.keys() & other.keys())
    paired = len(shared) > 0 and 2 * len(shared) >= max(len(kept), len(other))
    if paired:
        ids = [shared, shared]
    else:
        names = [{strata.get(i, "") for i in side} for side in (kept, other)]
        both = names[0] & names[1] if kept and other else names[0] | names[1]
        ids = [[i for i in sorted(side) if strata.get(i, "") in both] for side in (kept, other)]
    return Sides(
        [kept[i] for i in ids[0]],
        [other[i] for i in ids[1]],
        paired,
        *(np.array([strata.get(i, "") for i in side], dtype=np.str_) for side in ids),
    )


def _finite(values: Values) -> dict[str, Floats]:
    found = {}
    for name, given in values.items():
        array = np.asarray(given, dtype=np.float64)
        if array.ndim != 1:
            raise InputError("an episode needs a list of values", key=name, got=array.shape)
        array = array[np.isfinite(array)]
        if len(array):
            found[name] = array
    return found
