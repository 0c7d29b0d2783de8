"""Judges belief by truth: estimates and outcomes in, errors, rates and the run's summary out."""

from cellpick.evaluate.matching import Matches, match_estimates
from cellpick.evaluate.model_points import diameter_m, model_points
from cellpick.evaluate.pose_distances import add, add_s, mspd, mssd, symmetry_rotations
from cellpick.evaluate.pose_recall import PoseRecall, match_by_score, pool_recalls, pose_recall
from cellpick.evaluate.pose_table import PoseErrors, pose_errors
from cellpick.evaluate.statistics import wilson_interval
from cellpick.evaluate.summary import summarise
from cellpick.evaluate.touch import Touch, touch_test
from cellpick.evaluate.truth import truth_document

__all__ = [
    "Matches",
    "PoseErrors",
    "PoseRecall",
    "Touch",
    "add",
    "add_s",
    "diameter_m",
    "match_by_score",
    "match_estimates",
    "model_points",
    "mspd",
    "mssd",
    "pool_recalls",
    "pose_errors",
    "pose_recall",
    "summarise",
    "symmetry_rotations",
    "touch_test",
    "truth_document",
    "wilson_interval",
]
