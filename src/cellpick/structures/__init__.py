"""The frozen records that cross a package border. Arrays are copied in and read-only."""

from cellpick.structures.arm import ArmModel
from cellpick.structures.calibration import CalibrationBoard, RigCalibration
from cellpick.structures.capture import (
    Arrangement,
    CameraCalibration,
    Capture,
    CaptureSet,
    ReferenceMark,
    SearchTask,
)
from cellpick.structures.cell import CellModel, Groove, SurfaceFeature, Symmetry
from cellpick.structures.estimates import (
    CameraStatus,
    CameraVerdict,
    CellEstimates,
    EstimateStatus,
    ForeignObject,
)
from cellpick.structures.grasps import Grasps
from cellpick.structures.gripper import Cups, GripperModel, Jaws
from cellpick.structures.outcome import Contact, GripperReading, OutcomeStatus, PickOutcome
from cellpick.structures.recipe import Recipe
from cellpick.structures.solids import Material, Solid
from cellpick.structures.trajectory import JointTrajectory, MotionPlan, MotionStatus

__all__ = [
    "ArmModel",
    "Arrangement",
    "CalibrationBoard",
    "CameraCalibration",
    "CameraStatus",
    "CameraVerdict",
    "Capture",
    "CaptureSet",
    "CellEstimates",
    "CellModel",
    "Contact",
    "Cups",
    "EstimateStatus",
    "ForeignObject",
    "Grasps",
    "GripperModel",
    "GripperReading",
    "Groove",
    "Jaws",
    "JointTrajectory",
    "Material",
    "MotionPlan",
    "MotionStatus",
    "OutcomeStatus",
    "PickOutcome",
    "Recipe",
    "ReferenceMark",
    "RigCalibration",
    "SearchTask",
    "Solid",
    "SurfaceFeature",
    "Symmetry",
]
