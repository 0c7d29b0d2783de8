"""The pose core: initial poses, 3D points and images in; refined poses with covariances out.

All cells and cameras are one batch; a function of its arguments alone.
"""

from cellpick.perception.core.options import RefineOptions
from cellpick.perception.core.refine import refine_poses
from cellpick.perception.core.result import Refined, RefineStatus

__all__ = [
    "RefineOptions",
    "RefineStatus",
    "Refined",
    "refine_poses",
]
