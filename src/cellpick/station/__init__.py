"""The loading station's cycle: scene models and a seed in; a run's folder, or one look, out.

The only place where truth and belief meet.
"""

from cellpick.station.adopt import adopt
from cellpick.station.calibrate import CalibrationRun, calibrate_rig
from cellpick.station.calibration_document import calibration_document
from cellpick.station.looking import Look
from cellpick.station.runner import RunResult, look_once, run_scene

__all__ = [
    "CalibrationRun",
    "Look",
    "RunResult",
    "adopt",
    "calibrate_rig",
    "calibration_document",
    "look_once",
    "run_scene",
]
