"""Judges belief by truth: estimates and outcomes in, errors, rates and the run's summary out."""

from cellpick.evaluate.matching import Matches, match_estimates
from cellpick.evaluate.statistics import wilson_interval
from cellpick.evaluate.summary import summarise
from cellpick.evaluate.touch import Touch, touch_test
from cellpick.evaluate.truth import truth_document

__all__ = [
    "Matches",
    "Touch",
    "match_estimates",
    "summarise",
    "touch_test",
    "truth_document",
    "wilson_interval",
]
