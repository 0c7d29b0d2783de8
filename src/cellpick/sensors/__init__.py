"""Sensors: a `SceneState` in, the captures of all cameras (`CaptureSet`) out.

Ray-cast images with noise, structured-light depth and believed calibrations; the only home of
Open3D. Truth ends here: a capture holds what a real camera would give.
"""

from cellpick.sensors.cell_mesh import cell_mesh
from cellpick.sensors.labels import Labels, label_look, true_camera_pose
from cellpick.sensors.moving import MovingShot
from cellpick.sensors.rig import CameraRig

__all__ = ["CameraRig", "Labels", "MovingShot", "cell_mesh", "label_look", "true_camera_pose"]
