"""What all depth readings of one camera on one cell share: the rest of its scale error, its warp.

However many points there are, they lie wrong together. Such an error moves the measured surface
along the line of sight and tilts it, while the pictures of the same camera know nothing of it; so
it is an unknown of its own beside the camera's pose error, and is eliminated first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats
from cellpick.perception.core.outlines import case_distance, signed_distance
from cellpick.perception.core.views import SIGMA_FLOOR, Views, adjoint
from cellpick.structures import CellModel

WARP_SHARE = 0.15
"""Distance over which the warp changes by its own size, as a share of the image's width; assumed:
planarity errors are bows and waves of a few periods over the image."""
PRINT_M = 2e-5
"""How far readings beside a step of brightness lie off, to one side of it up, to the other down,
beyond what `contrast` makes of them; assumed, a quarter of a good camera's noise."""
PRINT_REACH_M = 1e-3
"""How far from an outline that happens; assumed."""
RASTER = 41
"""Places a side of the raster on which the printed share of a face is counted."""


@dataclass(frozen=True, eq=False)
class DepthErrors:
    """Of n cells in c cameras; three unknowns each: a shift along the line of sight, and tilts
    about the cell's x and y."""

    motion: Floats
    """(n, c, 6, 3) small motion of the measured surface by the unknowns."""
    information: Floats
    """(n, c, 3) inverse variances of the unknowns."""

    def eliminated(self, A: Floats, target: Floats) -> tuple[Floats, Floats]:
        """Information (n, c, 6, 6) and target (n, c, 6) of the points, the unknowns integrated
        out; `A @ motion = target` is what the points say of the surface."""
        AJ = A @ self.motion
        gain = np.swapaxes(np.linalg.solve(self._total(AJ), np.swapaxes(AJ, -1, -2)), -1, -2)
        across = np.swapaxes(self.motion, -1, -2)
        return A - gain @ np.swapaxes(AJ, -1, -2), target - _times(gain, _times(across, target))

    def estimated(self, A: Floats, target: Floats, seen: Floats) -> Floats:
        """(n, c, 6) shared motion of the surface beyond `seen` (n, c, 6), where the camera sees
        the cell."""
        left = _times(np.swapaxes(self.motion, -1, -2), target - _times(A, seen))
        unknowns = np.linalg.solve(self._total(A @ self.motion), left[..., None])
        return (self.motion @ unknowns)[..., 0]

    def _total(self, AJ: Floats) -> Floats:
        total: Floats = np.swapaxes(self.motion, -1, -2) @ AJ
        return total + self.information[..., None] * np.eye(3)


def depth_errors(
    views: Views, Ts_base_cell: Floats, pivots: Floats, cell: CellModel
) -> DepthErrors:
    """The unknowns and what the calibrations say of them; `pivots` (n, 3) are the middles of the
    faces that are measured, in the cells' frames."""
    Ts_camera_face = (views.Ts_camera_base[None] @ Ts_base_cell[:, None]).copy()
    Ts_camera_face[..., :3, 3] += (Ts_camera_face[..., :3, :3] @ pivots[:, None, :, None])[..., 0]
    p = Ts_camera_face[..., :3, 3]
    z = np.maximum(p[..., 2], SIGMA_FLOOR)
    R_face_camera = np.swapaxes(Ts_camera_face[..., :3, :3], -1, -2)
    motion = np.zeros((*z.shape, 6, 3))
    motion[..., :3, 0] = _times(R_face_camera, p / z[..., None])
    motion[..., 3:, 1:] = np.eye(3)[:, :2]
    to_cell = np.zeros((len(pivots), 4, 4)) + np.eye(4)
    to_cell[:, :3, 3] = pivots
    length = WARP_SHARE * views.size_px[:, 0] * z / views.K[:, 0, 0]
    bow, *slopes = warp_over(length, cell)
    shift = np.hypot(views.depth_scale_sigma * z, views.depth_warp_m * bow)
    printed = printed_tilt(cell, pivots[:, 2])
    tilts = [
        np.hypot(views.depth_warp_m * slopes[1 - axis], printed[:, None, axis]) for axis in (0, 1)
    ]
    sigma = np.stack([shift, *tilts], axis=-1)
    return DepthErrors(adjoint(to_cell)[:, None] @ motion, np.maximum(sigma, SIGMA_FLOOR) ** -2.0)


def warp_over(length: Floats, cell: CellModel) -> tuple[Floats, Floats, Floats]:
    """What is left of a smooth field of unit size that changes over `length` (...), averaged over
    an end face: its mean (...), and its slopes along the face's x and y (...).

    Of a field with a Gaussian correlation; fits to the integrals over the face's extents, right to
    a hundredth up to twice the length.
    """
    x, y = (np.square(extent / length) for extent in cell.size_m[:2])
    mean_x, mean_y = ((1 + square / 6) ** -0.25 for square in (x, y))
    slope_x, slope_y = ((1 + square / 10) ** -0.75 / length for square in (x, y))
    return mean_x * mean_y, slope_x * mean_y, mean_x * slope_y


def printed_tilt(cell: CellModel, height: Floats) -> Floats:
    """(n, 2) standard deviations of the tilts about x and y that steps of brightness feign on the
    faces at these heights (n,) in the cell's frame."""
    extent = np.linspace(-0.5, 0.5, RASTER)
    xy = np.stack(np.meshgrid(*(extent * e for e in cell.size_m[:2])), axis=-1).reshape(-1, 2)
    xy = xy[case_distance(cell, xy) <= 0]
    share = []
    for face in ("+z", "-z"):
        beside = np.zeros(len(xy), np.bool_)
        for feature in cell.features:
            if feature.face == face:
                beside |= np.abs(signed_distance(feature, xy)) < PRINT_REACH_M
        share.append(beside.mean())
    of_face = np.where(height >= 0, *share)
    result: Floats = PRINT_M * of_face[:, None] / (cell.size_m[[1, 0]] / 2)
    return result


def _times(matrix: Floats, vector: Floats) -> Floats:
    result: Floats = (matrix @ vector[..., None])[..., 0]
    return result
