"""How much of a cell a picture shows: the entries of BOP's `scene_gt_info`.

As BOP's `calc_gt_info.py`: `px_count_all` and `bbox_obj` count the silhouette beyond the image's
border too, boxes are x, y, last x - x, last y - y, and are -1 where nothing is visible. What is
visible is exact here; BOP itself guesses it from depth within 15 mm.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellpick.sensors import Labels

NONE = [-1, -1, -1, -1]


def gt_info(labels: Labels, cell: int, has_depth: NDArray[np.bool_] | None) -> dict[str, Any]:
    """The entry of one cell; `has_depth` (h, w) is where readings are, None for a 2D camera."""
    silhouette = labels.silhouettes[cell]
    visible = labels.cells == cell
    count_all, count_visible = int(silhouette.mask.sum()), int(visible.sum())
    valid = 0
    if has_depth is not None:
        valid = int((silhouette.inside(has_depth.shape) & has_depth).sum())
    u, v = silhouette.corner
    return {
        "bbox_obj": _box(silhouette.mask, u, v) if count_visible else NONE,
        "bbox_visib": _box(visible, 0, 0) if count_visible else NONE,
        "px_count_all": count_all,
        "px_count_valid": valid,
        "px_count_visib": count_visible,
        "visib_fract": count_visible / count_all if count_all else 0.0,
    }


def _box(mask: NDArray[np.bool_], u: int, v: int) -> list[int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    return [x + u, y + v, int(columns[-1]) - x, int(rows[-1]) - y]
