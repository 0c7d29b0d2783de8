"""The 3D half of a camera: what it sees -> a depth image with the errors of its principle.

`make_depth_sensor(...)` chooses the principle by the camera's spec; one file a principle.
"""

from cellpick.sensors.depth.factory import make_depth_sensor
from cellpick.sensors.depth.sensor import DepthSensor, Sight

__all__ = ["DepthSensor", "Sight", "make_depth_sensor"]
