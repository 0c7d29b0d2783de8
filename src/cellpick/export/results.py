"""Perception's results as BOP's CSV of pose estimates."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cellpick.export.models import MM, OBJ_ID
from cellpick.export.scene_folder import IM_ID
from cellpick.geometry import Floats, invert
from cellpick.structures import CellEstimates

HEADER = "scene_id,im_id,obj_id,score,R,t,time"
METHOD = "cellpick"


def results_name(dataset: str, split: str) -> str:
    """Name of the file, METHOD_DATASET-SPLIT.csv: the toolkit reads data set and split from it."""
    return f"{METHOD}_{dataset}-{split}.csv"


def result_lines(
    scene_id: int, estimates: CellEstimates, T_base_camera: Floats, time_s: float
) -> list[str]:
    """A line for each estimate of one look, with poses in the believed camera's frame.

    R row by row, t in millimetres; the score is the share of evidence that agrees times the
    probability of the polarity; `time_s` is that of the whole look, -1 where it is not known.
    """
    Ts = invert(T_base_camera) @ estimates.Ts_base_cell
    scores = estimates.score * estimates.polarity_probability
    return [
        ",".join(
            (
                f"{scene_id},{IM_ID},{OBJ_ID},{score:.6f}",
                _numbers(T[:3, :3].ravel()),
                _numbers(T[:3, 3] * MM),
                f"{time_s:.6f}" if time_s >= 0 else "-1",
            )
        )
        for T, score in zip(Ts, scores, strict=True)
    ]


def results_text(lines: Iterable[str]) -> str:
    """The whole file."""
    return "\n".join([HEADER, *lines]) + "\n"


def _numbers(values: Floats) -> str:
    return " ".join(repr(float(value)) for value in np.asarray(values))
