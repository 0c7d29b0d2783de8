"""What the pose core returns, and how a cell that could not be refined is told apart."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, difference
from cellpick.perception.core.edge_evidence import EdgeEvidence
from cellpick.perception.core.edges import EdgeViews
from cellpick.perception.core.matching import LEAST_MATCHED, matched
from cellpick.perception.core.observations import Evidence
from cellpick.perception.core.options import RefineOptions
from cellpick.perception.core.sightings import Sightings
from cellpick.perception.core.solve import Step
from cellpick.structures import CellModel

RefineStatus = Literal["ok", "unseen", "diverged", "mismatched"]

STRAY = 2.0
"""A pose that moved this many times the stated reach has diverged."""


@dataclass(frozen=True, eq=False)
class Refined:
    """n refined cells, in the order of the initial poses."""

    Ts_base_cell: Floats
    """(n, 4, 4) refined poses; the initial ones of cells that are unseen or diverged."""
    covariance: Floats
    """(n, 6, 6) of the small motion in the cell frame (`geometry.perturb`), with calibration."""
    points_used: NDArray[np.int64]
    """(n,) 3D points that agree with the pose."""
    edges_used: NDArray[np.int64]
    """(n,) image edge points that agree with the pose, over all cameras."""
    rms_point_m: Floats
    """(n,) their root mean square distance; NaN without points."""
    rms_edge_px: Floats
    """(n,) their root mean square distance; NaN without edges."""
    edge_share: Floats
    """(n,) share of the visible edge points that were found near their place; 0 without any."""
    converged: NDArray[np.bool_]
    """(n,) whether the last step was short."""
    status: tuple[RefineStatus, ...]
    """unseen: neither points nor edges; diverged: left the reach of the initial pose; mismatched:
    settled where the pictures lack most of its outlines, so that `covariance` tells little."""
    reason: tuple[str, ...]
    """In words; empty for ok."""
    sightings: Sightings = field(default_factory=Sightings.none)
    """What each camera by itself says of the cells."""

    def take(self, rows: NDArray[np.int64]) -> Refined:
        """Some of them."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "sightings"}
        picked: dict[str, Any] = {
            name: tuple(value[i] for i in rows) if isinstance(value, tuple) else value[rows]
            for name, value in own.items()
        }
        return Refined(**picked, sightings=self.sightings.rows(rows))


def judged(
    initial: Floats,
    Ts: Floats,
    step: Step,
    surface: Evidence,
    edge: EdgeEvidence,
    edges: EdgeViews,
    cell: CellModel,
    options: RefineOptions,
) -> Refined:
    """The result of poses `Ts` (n, 4, 4), come from `initial` by a last `step`; `edge` is what the
    pictures show of `edges`."""
    moved = difference(initial, Ts)
    corner_m = float(np.linalg.norm(cell.size_m)) / 2
    reach = STRAY * np.repeat([options.reach_m, options.reach_rad], 3)
    stray: NDArray[np.bool_] = ~np.all(np.abs(moved) <= reach, axis=1)
    unseen = (surface.used + edge.used) == 0
    last = np.linalg.norm(step.cell[:, :3], axis=1)
    last += corner_m * np.linalg.norm(step.cell[:, 3:], axis=1)
    good = ~(stray | unseen)
    share = matched(edge, edges)
    words = [_words(*row) for row in zip(unseen, stray, moved, share, strict=True)]
    return Refined(
        Ts_base_cell=np.where(good[:, None, None], Ts, initial),
        covariance=step.covariance,
        points_used=surface.used.astype(np.int64),
        edges_used=edge.used.astype(np.int64),
        rms_point_m=_rms(surface),
        rms_edge_px=_rms(edge),
        edge_share=edge.used / np.maximum(edges.sharp.sum(axis=(1, 2)), 1),
        converged=good & (last < options.step_tolerance_m),
        status=tuple(status for status, _ in words),
        reason=tuple(reason for _, reason in words),
    )


def _words(unseen: bool, stray: bool, moved: Floats, share: float) -> tuple[RefineStatus, str]:
    if unseen:
        return "unseen", "no 3D point and no image edge agrees with the pose"
    if stray:
        shift, turn = 1e3 * np.linalg.norm(moved[:3]), np.degrees(np.linalg.norm(moved[3:]))
        return "diverged", f"left the initial pose by {shift:.1f} mm and {turn:.1f} degrees"
    if share < LEAST_MATCHED:
        return "mismatched", f"the pictures show only {100 * share:.0f} % of its outlines there"
    return "ok", ""


def _rms(evidence: Evidence) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = evidence.squares / evidence.weight
    return np.sqrt(np.where(evidence.weight > 0, mean, np.nan))
