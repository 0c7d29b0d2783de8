"""What a 3D camera reads on the reference marks, beside the planes on which they are believed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, rays
from cellpick.structures import CameraCalibration, Capture

FLANGE_TURN_SIGMA = 5e-5
"""Standard deviation of the encoders' flange pose in radians, per axis; see `mark_model`."""
FAR_OUT = 3.0
"""Readings further from the median, in sigmas, say nothing of a mark's lean."""
LATTICE = 32
"""Pixels looked at along each side of a mark's box, at most: readings that say enough of its depth
and of their noise."""
INNER = 0.85
"""Share of a mark's sides within which readings are taken for its own."""
PLATE = 1.6
"""The same beyond which they are the table's: the plate is 1.33 of them wide."""
BESIDE = 2.2
"""... and within which they are looked at."""
EVEN_PX, EVEN_LEVELS = 7, 30
"""Side of a square in which the grey levels of an even picture differ by less than this."""
ON_TABLE_M = 0.006
"""What is farther from a mark's plane, by more than noise, is not the table that it lies on."""


@dataclass(frozen=True, eq=False)
class DepthOnMarks:
    """n pixels inside m marks of one picture."""

    mark: NDArray[np.intp]
    """(n,) row of each pixel's mark."""
    offset: Floats
    """(n,) depth less that of the mark's plane; NaN for no reading."""
    by_turn: Floats
    """(n, 3) by how much it grows with a small turn of the camera."""
    stands_for: NDArray[np.int64]
    """(m,) pixels that one of these stands for."""
    pixel: NDArray[np.int64]
    """(n, 2) columns and rows."""

    def of(self, row: int) -> tuple[Floats, Floats]:
        """`offset` (k,) and `by_turn` (k, 3) on one mark."""
        mine = self.mark == row
        return self.offset[mine], self.by_turn[mine]


def depth_on_marks(capture: Capture, corners_px: Floats, Ts_camera_mark: Floats) -> DepthOnMarks:
    """Readings well inside marks with corners (m, 4, 2), whose frames are (m, 4, 4); none of a 2D
    camera."""
    belief = capture.calibration
    low, stride = _boxes(corners_px)
    step = np.arange(LATTICE) * stride[:, None]
    u = np.broadcast_to((low[:, :1] + step)[:, None], (len(low), LATTICE, LATTICE))
    v = np.broadcast_to((low[:, 1:] + step)[:, :, None], u.shape)
    inside = _inside(corners_px, u, v, belief)
    if capture.depth is None:
        inside &= False
    mark = np.nonzero(inside)[0]
    direction = _directions(belief, low, stride)[inside]
    depth = np.zeros((1, 1)) if capture.depth is None else capture.depth
    z = depth[v[inside], u[inside]].astype(np.float64) * belief.depth_scale
    normal, p = Ts_camera_mark[:, :3, 2], Ts_camera_mark[:, :3, 3]
    height = np.einsum("mi,mi->m", normal, p)[mark]
    plane = height / np.einsum("ni,ni->n", direction, normal[mark])
    by_turn = (plane**2 / height)[:, None] * np.cross(direction, normal[mark])
    pixel = np.stack([u[inside], v[inside]], axis=-1)
    return DepthOnMarks(mark, z - plane, by_turn, stride**2, pixel)


def depth_beside_marks(
    capture: Capture, corners_px: Floats, Ts_camera_mark: Floats, noise_m: float
) -> DepthOnMarks:
    """The same of the table round the marks' plates, where the picture is even; `noise_m` is that
    of readings on the marks.

    A mark's own readings lie next to steps of brightness, which disturb depth (Curless and Levoy
    1995, "Better optical triangulation through spacetime analysis").
    """
    middle = corners_px.mean(axis=1, keepdims=True)
    seen = depth_on_marks(capture, middle + BESIDE / INNER * (corners_px - middle), Ts_camera_mark)
    plate = middle + PLATE / INNER * (corners_px - middle)
    u, v = seen.pixel.T
    on_plate = _inside(plate[seen.mark], u[:, None, None], v[:, None, None], capture.calibration)
    grey = np.asarray(cv2.cvtColor(capture.image, cv2.COLOR_RGB2GRAY), np.uint8)
    around = np.ones((EVEN_PX, EVEN_PX), np.uint8)
    even = cv2.dilate(grey, around) - cv2.erode(grey, around) < EVEN_LEVELS
    kept = ~on_plate[:, 0, 0] & even[v, u]
    kept &= ~(np.abs(seen.offset) > ON_TABLE_M + FAR_OUT * noise_m)
    return DepthOnMarks(
        seen.mark[kept], seen.offset[kept], seen.by_turn[kept], seen.stands_for, seen.pixel[kept]
    )


def depth_noise(
    offset: Floats, by_turn: Floats, belief: CameraCalibration, stated_m: float
) -> Floats:
    """(k,) what is noise of the k readings among the offsets (n,) of one mark.

    That is the offset less its median and less the lean of a camera that is turned a little: the
    most likely turn given the stated sigmas, by the readings that are not far out. Where noise is
    large the readings hardly tell a turn; where it is nearly none, the lean is all that there is.
    """
    good = np.isfinite(offset)
    if not good.any():
        return np.zeros(0)
    off, by_turn = offset[good] - middle(offset[good]), by_turn[good]
    near = np.abs(off) <= FAR_OUT * 1.48 * middle(np.abs(off))
    by_turn = by_turn - by_turn[near].mean(axis=0)
    alike = 1 + 4 * np.pi * belief.depth_correlation_px**2
    prior = np.eye(3) * alike * stated_m**2 / (belief.rotation_sigma_rad**2 + FLANGE_TURN_SIGMA**2)
    D = by_turn[near]
    turn = np.linalg.solve(D.T @ D + prior, D.T @ off[near])
    noise = off - by_turn @ turn
    result: Floats = noise - middle(noise)
    return result


def middle(values: Floats) -> float:
    """The median of values (n,), n at least 1; the upper one of two."""
    half = len(values) // 2
    return float(np.partition(values, half)[half])


def _boxes(corners_px: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First columns and rows (m, 2) of the boxes round marks, and the pitch (m,) at which `LATTICE`
    pixels reach across."""
    low = np.floor(corners_px.min(axis=1)).astype(np.int64)
    high = np.ceil(corners_px.max(axis=1)).astype(np.int64)
    return low, np.maximum(-(-(high - low + 1).max(axis=1, initial=1) // LATTICE), 1)


def _inside(
    corners_px: Floats, u: NDArray[np.int64], v: NDArray[np.int64], belief: CameraCalibration
) -> NDArray[np.bool_]:
    """(m, k, k) whether pixels (m, k, k) are well inside their mark, and in the picture."""
    middle = corners_px.mean(axis=1, keepdims=True)
    shrunk = middle + INNER * (corners_px - middle)
    side = np.roll(shrunk, -1, axis=1) - shrunk
    inside = (u >= 0) & (u < belief.width_px) & (v >= 0) & (v < belief.height_px)
    for k in range(4):
        along, at = side[:, k, :, None, None], shrunk[:, k, :, None, None]
        inside &= along[:, 0] * (v - at[:, 1]) - along[:, 1] * (u - at[:, 0]) > 0
    result: NDArray[np.bool_] = inside
    return result


def _directions(
    belief: CameraCalibration, low: NDArray[np.int64], stride: NDArray[np.int64]
) -> Floats:
    """(m, k, k, 3) rays through the lattices: quadratic between the rays of nine nodes each, which
    a lens bends by less than 1e-7 on so small a piece."""
    reach = (np.array([0.0, 0.5, 1.0]) * (LATTICE - 1)) * stride[:, None]
    nodes = np.stack(
        np.broadcast_arrays((low[:, :1] + reach)[:, None], (low[:, 1:] + reach)[:, :, None]), -1
    )
    rays_at = rays(nodes.reshape(-1, 2), belief.K, belief.distortion).reshape(*nodes.shape[:3], 3)
    s = np.linspace(0, 1, LATTICE)
    basis = np.stack([2 * (s - 0.5) * (s - 1), 4 * s * (1 - s), 2 * s * (s - 0.5)], axis=-1)
    across = np.einsum("ja,miac->mijc", basis, rays_at)
    result: Floats = np.einsum("ib,mbjc->mijc", basis, across)
    return result
