"""Sensors: a `SceneState` in, the captures of all cameras (`CaptureSet`) out.

Ray-cast images with noise, structured-light depth and believed calibrations; the only home of
Open3D. Truth ends here: a capture holds what a real camera would give.
"""

from cellpick.sensors.rig import CameraRig

__all__ = ["CameraRig"]
