"""Tables of cells in the order of their places: row order carries no meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.structures import CellEstimates


def by_place(Ts_base_cell: Floats) -> NDArray[np.int64]:
    """(n,) order of poses by their places."""
    p = Ts_base_cell[:, :3, 3]
    return np.asarray(np.lexsort((p[:, 1], p[:, 0])), np.int64)


def joined(first: CellEstimates, others: Sequence[CellEstimates]) -> CellEstimates:
    """One table of all, with the cameras and the foreign objects of the first."""
    if not others:
        return first
    tables = (first, *others)
    together = replace(
        first,
        Ts_base_cell=np.concatenate([t.Ts_base_cell for t in tables]),
        covariance=np.concatenate([t.covariance for t in tables]),
        polarity=sum((t.polarity for t in tables), ()),
        polarity_probability=np.concatenate([t.polarity_probability for t in tables]),
        code=sum((t.code for t in tables), ()),
        status=sum((t.status for t in tables), ()),
        reason=sum((t.reason for t in tables), ()),
        score=np.concatenate([t.score for t in tables]),
    )
    return together.rows(by_place(together.Ts_base_cell))
