"""Camera health: a look in; the same look out with the captures that may be used, the calibrations
to use them with, and a verdict a camera (`docs/camera_health.md`)."""

from cellpick.perception.health.monitor import CameraMonitor, Examined

__all__ = ["CameraMonitor", "Examined"]
