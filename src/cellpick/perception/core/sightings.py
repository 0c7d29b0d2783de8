"""What each camera by itself says of where the cells are, at the end of the refinement."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats


@dataclass(frozen=True, eq=False)
class Sightings:
    """Linear evidence of n cells in c cameras about motions of cells near their refined poses.

    A row of information `A` and target `t` says `A y = t` of the small motion `y`, in the cell
    frame, from there to where a camera sees the cell. Angles that a symmetry leaves free have no
    information.
    """

    edge_information: Floats
    """(n, c, 6, 6) of the picture's edges."""
    edge_target: Floats
    """(n, c, 6)."""
    depth_information: Floats
    """(n, c, 6, 6) of the depth, with the errors that a cell's readings share taken out."""
    depth_target: Floats
    """(n, c, 6)."""
    by_camera: Floats
    """(n, c, 6, 6) motion of a cell, as a camera sees it, by a small motion of the camera."""
    by_depth: Floats
    """(n, c, 6, 3) motion of its measured surface: along the line of sight, and two tilts."""
    edge_share: Floats
    """(c,) share of the edges that each picture should show that were found near their places; NaN
    where it should show few."""
    camera_sigma: Floats
    """(c, 6) stated error of the cameras' places."""
    depth_sigma: Floats
    """(n, c, 3) stated errors that depth readings share."""
    depth_noise_m: Floats
    """(c,) mean noise of a single depth reading on the cells; 0 without any."""
    known: Floats
    """(n, 6, 6) information about the cells beside the cameras'."""
    pull: Floats
    """(n, 6) its target."""
    distance_m: Floats
    """(n, c) from the cameras along their axes."""
    focal_px: Floats
    """(c,)."""

    def rows(self, index: NDArray[np.int64]) -> Sightings:
        """Those of the cells `index` (k,), in that order."""
        of_cameras = ("edge_share", "camera_sigma", "depth_noise_m", "focal_px")
        picked = {
            f.name: getattr(self, f.name)[index] for f in fields(self) if f.name not in of_cameras
        }
        return replace(self, **picked)

    @classmethod
    def none(cls) -> Sightings:
        """Of no cells in no cameras."""
        evidence = [(0, 0, 6, 6), (0, 0, 6)] * 2
        motions = [(0, 0, 6, 6), (0, 0, 6, 3)]
        errors = [(0,), (0, 6), (0, 0, 3), (0,)]
        shapes = [*evidence, *motions, *errors, (0, 6, 6), (0, 6), (0, 0), (0,)]
        return cls(*(np.zeros(shape) for shape in shapes))
