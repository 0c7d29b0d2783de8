"""Estimates as `cellpick perceive` prints them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from cellpick.report.plain_json import plain
from cellpick.structures import CellEstimates

SCHEMA = "cellpick.cells/1"


def estimates_document(
    estimates: CellEstimates, ideal_cameras: Collection[str] = ()
) -> dict[str, Any]:
    """One object with `cells`, in the table's order, `cameras` and `foreign`, in JSON's types.

    `ideal_cameras` are the names of those whose depth has no error, to be labelled so.

    `sigma_mm` is the root of the position covariance's largest eigenvalue, `sigma_deg` that of the
    rotation covariance, free symmetry angles (variance (pi/2)^2) left out.
    """
    sigma_mm = 1e3 * estimates.sigma_m
    sigma_deg = [np.degrees(_angle_sigma(c)) for c in estimates.covariance]
    cells = [
        {
            "cell": estimates.cell,
            "T_base_cell": estimates.Ts_base_cell[i],
            "polarity": estimates.polarity[i],
            "polarity_probability": estimates.polarity_probability[i],
            "code": estimates.code[i],
            "status": estimates.status[i],
            "reason": estimates.reason[i],
            "score": estimates.score[i],
            "sigma_mm": sigma_mm[i],
            "sigma_deg": sigma_deg[i],
            "covariance": estimates.covariance[i],
        }
        for i in range(len(estimates))
    ]
    cameras = [
        {
            "camera": status.camera,
            "verdict": status.verdict,
            "reason": status.reason,
            "ideal_depth": status.camera in ideal_cameras,
        }
        for status in estimates.cameras
    ]
    foreign = [
        {"T_base_box": o.T_base_box, "size_mm": 1e3 * o.size_m, "reason": o.reason}
        for o in estimates.foreign
    ]
    document: dict[str, Any] = plain(
        {"schema": SCHEMA, "cells": cells, "cameras": cameras, "foreign": foreign}
    )
    return document


def _angle_sigma(covariance: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    variances = np.linalg.eigvalsh(covariance[3:, 3:])
    fixed = variances[variances < 0.9 * (np.pi / 2) ** 2]
    return float(np.sqrt(max(fixed.max(initial=0.0), 0.0)))
