"""Perception: a look (`CaptureSet`) in, a table of cells (`CellEstimates`) out.

2D and 3D detection, the pose core, polarity, codes and verification, from the look alone; a
`CameraMonitor` remembers the cameras' earlier looks.
"""

from cellpick.perception.core.register import register_cells
from cellpick.perception.core.register_result import RegisterOptions, Registration
from cellpick.perception.core.register_shape import CellShape
from cellpick.perception.drawing import Drawing, drawing_of
from cellpick.perception.health import CameraMonitor
from cellpick.perception.perceive import perceive
from cellpick.perception.read_codes import with_codes

__all__ = [
    "CameraMonitor",
    "CellShape",
    "Drawing",
    "RegisterOptions",
    "Registration",
    "drawing_of",
    "perceive",
    "register_cells",
    "with_codes",
]
