"""Status, reason and score of each cell of a heap."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats
from cellpick.perception.heap.hypotheses import Hypotheses
from cellpick.perception.verify import Rule, Verdict, predicted_error, probability_of
from cellpick.structures import EstimateStatus

MOST_BEHIND = 0.12
"""Share of what is looked at that may lie behind a cell's side: there is no cell."""
LEAST_ON = 0.15
"""Share that must lie on it; less may be anything round."""
HALF_HIDDEN = 0.25
"""Share of the side that must be seen before a cell may be picked."""
MOST_SIGMA_M = 0.001
"""Predicted error of the place that a pick survives."""
MOST_END_M = 0.0008
"""The same of either end."""


def judge(
    found: Hypotheses, covariance: Floats, odds: Floats, confidence: float, height_m: float
) -> Verdict:
    """The first rule that a cell breaks names its status."""
    on, behind, blank, hidden = found.seen.T
    probability = probability_of(np.abs(odds))
    sigma_m, end_m, _ = predicted_error(covariance, height_m)
    rules = [
        Rule(
            behind > MOST_BEHIND,
            "inconsistent",
            "{:.0f} % of the readings lie behind its side",
            100 * behind,
        ),
        Rule(on < LEAST_ON, "uncertain", "only {:.0f} % of its side is seen", 100 * on),
        Rule(
            sigma_m > MOST_SIGMA_M,
            "uncertain",
            "its position is only known to {:.1f} mm",
            1e3 * sigma_m,
        ),
        Rule(end_m > MOST_END_M, "uncertain", "its end is only known to {:.1f} mm", 1e3 * end_m),
        Rule(
            hidden > 1 - HALF_HIDDEN,
            "uncertain",
            "other cells hide {:.0f} % of it",
            100 * hidden,
        ),
        Rule(
            probability < confidence,
            "ambiguous",
            "its polarity has a probability of {:.3f} only",
            probability,
        ),
    ]
    status: list[EstimateStatus] = ["ok"] * len(on)
    reason = [""] * len(on)
    for rule in reversed(rules):
        for row in np.flatnonzero(rule.broken):
            status[row], reason[row] = rule.status, rule.words.format(rule.figure[row])
    score = on / np.maximum(on + behind + blank, 1e-9)
    return Verdict(tuple(status), tuple(reason), np.clip(score, 0, 1))
