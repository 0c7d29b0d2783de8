"""Calibrates a rig of cameras from pictures of a ChArUco board and the arm's reported poses.

Captures and encoder poses in; a `RigCalibration` with its covariance and findings out.
"""

from cellpick.calibration.board import black_rectangles, corner_points
from cellpick.calibration.checks import Check, all_checks
from cellpick.calibration.detection import find_board
from cellpick.calibration.methods import METHODS, hand_eye
from cellpick.calibration.result import rig_calibration
from cellpick.calibration.sightings import Sighting, Sightings
from cellpick.calibration.solve import Solution, solve

__all__ = [
    "METHODS",
    "Check",
    "Sighting",
    "Sightings",
    "Solution",
    "all_checks",
    "black_rectangles",
    "corner_points",
    "find_board",
    "hand_eye",
    "rig_calibration",
    "solve",
]
