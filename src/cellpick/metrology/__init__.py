"""Virtual metrology: a camera model on a bench of targets, measured as its maker would measure it.

A `CameraModel` in; a `CameraReport` of figures beside the published ones, and of curves, out;
`sensors_document` makes plain values of it.
"""

from cellpick.metrology.definitions import DEFINITIONS, Definition
from cellpick.metrology.document import sensors_document
from cellpick.metrology.measure import measure_camera
from cellpick.metrology.records import CameraReport, Curve, Figure, Series

__all__ = [
    "DEFINITIONS",
    "CameraReport",
    "Curve",
    "Definition",
    "Figure",
    "Series",
    "measure_camera",
    "sensors_document",
]
