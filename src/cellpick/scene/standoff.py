"""The default distance of a look, where the rig's cameras allow the usual one and where not."""

from __future__ import annotations

from collections.abc import Sequence

from cellpick.scene.camera_files import CameraModel
from cellpick.scene.spec import RigSpec

NEAR_MARGIN, FAR_MARGIN = 1.05, 0.95
"""Shares of the nearest and farthest reading between which cell tops should lie: parts of them are
nearer than the middle, and what stands below them is farther."""


def settled_rig(rig: RigSpec, cameras: Sequence[CameraModel]) -> RigSpec:
    """The rig with a stand-off that its 3D cameras can work at, unless the scene says one.

    Where the usual one is out of reach of a 3D camera, cell tops come to the distance at which the
    maker of the camera with the shortest range states its figures, or to its end if that is there.
    """
    ranges = [camera.depth for camera in cameras if camera.depth is not None]
    distance = rig.standoff_m - rig.forward_mm * 1e-3
    fits = all(d.near_m * NEAR_MARGIN <= distance <= d.far_m * FAR_MARGIN for d in ranges)
    if rig.standoff_mm is not None or fits:
        return rig
    shortest = min(ranges, key=lambda d: d.far_m - d.near_m)
    near, far = shortest.near_m * NEAR_MARGIN, shortest.far_m * FAR_MARGIN
    standoff_mm = min(max(shortest.stated.reference_m, near), far) * 1e3 + rig.forward_mm
    return rig.model_copy(update={"standoff_mm": round(standoff_mm, 3)})
