"""Checks each refined cell against cloud, picture and its neighbours: status, reason and score."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, skew
from cellpick.perception.core import Refined
from cellpick.perception.stance import Stance
from cellpick.structures import EstimateStatus

LEAST_MATCH = 0.3
"""Correlation of the edges below which the picture speaks against the cell."""
FULL_MATCH = 0.45
"""Correlation below which too little of the drawing is seen; a whole cell's is above 0.6."""
LEAST_EDGE_SHARE = 0.4
"""Share of the drawing's edges that must be found near their place."""
LEAST_COVERAGE = 0.75
"""Share of the readings over the top that must lie on it."""
MOST_SIGMA_M = 0.001
"""Predicted position error that a pick survives."""
MOST_SIGMA_RAD = 0.01
"""Predicted error of the turn, where it matters."""
MOST_END_M = 8e-4
"""Predicted error of either end of the cell: beyond it, a lean makes the far end miss its slot."""
MOST_OVERLAP_M = 0.0015
"""Refined cells do not share more than this."""
MOST_ABOVE = 0.02
"""Share of the readings over a cell that may lie above it by mistake."""
MOST_LEAN_RAD = 0.06
"""A cell that leans more rests on something else than the support."""
MOST_RISE_M = 0.005
"""A cell whose lower end is higher over the support than this does not stand on it."""
FREE_ANGLE_RAD = 1.0
"""An angle that is less sure than this is one that the symmetry leaves free."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What speaks for n cells."""

    match: Floats
    """(n,) correlation of the edges at the refined place."""
    on_top: Floats
    """(n,) share of the readings over the footprint that lie on the top face; 1 without any, as
    blank metal may give none."""
    overlap_m: Floats
    """(n,) deepest overlap with another cell that is as likely or likelier; -inf without any."""
    above: Floats
    """(n,) share of the readings over the footprint that lie clearly above the cell."""

    def take(self, rows: NDArray[np.intp]) -> Evidence:
        """Of some of them."""
        return Evidence(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class Verdict:
    """One row a cell."""

    status: tuple[EstimateStatus, ...]
    """As in `CellEstimates`."""
    reason: tuple[str, ...]
    """As in `CellEstimates`."""
    score: Floats
    """(n,) mean share of the pictures', the cloud's and the edges' evidence that agrees."""


class Rule(NamedTuple):
    """One way in which a cell can fail."""

    broken: NDArray[np.bool_]
    """(n,) by whom."""
    status: EstimateStatus
    """What it then is."""
    words: str
    """Why, with a place for the figure."""
    figure: Floats
    """(n,) the figure."""


def verify(
    evidence: Evidence,
    stance: Stance,
    refined: Refined,
    odds: Floats,
    confidence: float,
    height_m: float,
) -> Verdict:
    """The first rule that a cell breaks names its status: what contradicts outranks what is
    unsure, and that an open polarity. `height_m` is the cells'."""
    probability = probability_of(odds)
    rules = [
        *oddities(stance),
        Rule(evidence.above > MOST_ABOVE, "uncertain", "something lies on it", evidence.above),
        *contradictions(evidence, refined),
        *doubts(evidence, refined, height_m),
        Rule(
            probability < confidence,
            "ambiguous",
            "its polarity has a probability of {:.3f} only",
            probability,
        ),
    ]
    n = len(odds)
    status: list[EstimateStatus] = ["ok"] * n
    reason = [""] * n
    for rule in reversed(rules):
        for row in np.flatnonzero(rule.broken):
            status[row], reason[row] = rule.status, rule.words.format(rule.figure[row])
    score = np.clip((evidence.match + evidence.on_top + refined.edge_share) / 3, 0, 1)
    return Verdict(tuple(status), tuple(reason), score)


def oddities(stance: Stance) -> list[Rule]:
    """How a cell stands otherwise than it should."""
    lean, rise = stance.lean_rad, stance.rise_m
    return [
        Rule(stance.on_head, "inconsistent", "it stands upside down", lean),
        Rule(lean > MOST_LEAN_RAD, "inconsistent", "it leans by {:.0f} degrees", np.degrees(lean)),
        Rule(rise > MOST_RISE_M, "inconsistent", "it stands {:.0f} mm too high", 1e3 * rise),
    ]


def contradictions(evidence: Evidence, refined: Refined) -> list[Rule]:
    """What speaks against a cell."""
    match, overlap = evidence.match, evidence.overlap_m
    diverged = np.array([status == "diverged" for status in refined.status], np.bool_)
    drawing = "the pictures do not show the drawing (correlation {:.2f})"
    return [
        Rule(match < LEAST_MATCH, "inconsistent", drawing, match),
        Rule(diverged, "inconsistent", "the refinement left its start", match),
        Rule(
            overlap > MOST_OVERLAP_M,
            "inconsistent",
            "it overlaps another cell by {:.1f} mm",
            1e3 * overlap,
        ),
    ]


def doubts(evidence: Evidence, refined: Refined, height_m: float) -> list[Rule]:
    """What leaves a cell too little seen or too loosely placed."""
    match, on_top, share = evidence.match, evidence.on_top, refined.edge_share
    unseen = np.array([status == "unseen" for status in refined.status], np.bool_)
    sigma_m, end_m, turn_rad = predicted_error(refined.covariance, height_m)
    figures: list[tuple[NDArray[np.bool_], str, Floats]] = [
        (unseen, "neither points nor edges agree with it", match),
        (
            on_top < LEAST_COVERAGE,
            "only {:.0f} % of the readings over it lie on its top",
            100 * on_top,
        ),
        (match < FULL_MATCH, "only a part of its drawing is seen (correlation {:.2f})", match),
        (share < LEAST_EDGE_SHARE, "only {:.0f} % of its edges were found", 100 * share),
        (sigma_m > MOST_SIGMA_M, "its position is only known to {:.1f} mm", 1e3 * sigma_m),
        (
            turn_rad > MOST_SIGMA_RAD,
            "its turn is only known to {:.1f} degrees",
            np.degrees(turn_rad),
        ),
        (end_m > MOST_END_M, "its far end is only known to {:.1f} mm", 1e3 * end_m),
    ]
    return [Rule(broken, "uncertain", words, figure) for broken, words, figure in figures]


def probability_of(odds: Floats) -> Floats:
    """Probability (n,) of log odds (n,)."""
    result: Floats = 1 / (1 + np.exp(-np.clip(odds, -500, 500)))
    return result


def predicted_error(covariance: Floats, height_m: float) -> tuple[Floats, Floats, Floats]:
    """Largest standard deviations (n,) of the centre's place, of the worse known end's place, and
    of the turn about the cell's z, 0 where that is free."""
    n = len(covariance)
    if not n:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    at = np.array([0.0, 0.5, -0.5])[:, None] * np.array([0.0, 0.0, height_m])
    # a small motion (v, w) of the cell moves a point p of it by v + w x p
    J = np.concatenate([np.broadcast_to(np.eye(3), (3, 3, 3)), -skew(at)], axis=-1)
    spread = J @ covariance[:, None] @ np.swapaxes(J, -1, -2)
    place = np.sqrt(np.linalg.eigvalsh(spread)[..., -1])
    turn = np.sqrt(covariance[:, 5, 5])
    free = turn >= FREE_ANGLE_RAD
    return place[:, 0], place[:, 1:].max(axis=1), np.where(free, 0.0, turn)
