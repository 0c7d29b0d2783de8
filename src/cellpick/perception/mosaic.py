"""All cameras' pictures, warped to the surface of the cells' tops and fused as one edge field."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, project, transform
from cellpick.perception.edges import edge_field
from cellpick.perception.fusion import hidden
from cellpick.perception.grid import Grid
from cellpick.perception.pictures import Picture, pictures_of
from cellpick.perception.tops import Tops
from cellpick.structures import Capture, CaptureSet

NEARER_M = 0.015
"""Something this much nearer than the tops hides them."""
EDGE_SIGMA_PX = 1.0
"""Smoothing before gradients, in mosaic pixels."""
FAR_PX = 1e6
"""Beyond every picture, and so is all that is interpolated between there and a picture."""


def mosaic_edges(look: CaptureSet, tops: Tops, grid: Grid) -> NDArray[np.complex64]:
    """Mean edge field (rows, columns) over the cameras that see each mosaic pixel.

    A true edge is in all of them, a glint or something above the tops in one only.
    """
    return fused(pictures_of(look, grid.step_m), look.task.T_base_region, tops, grid)


def fused(
    pictures: Sequence[Picture], T_base_region: Floats, tops: Tops, grid: Grid
) -> NDArray[np.complex64]:
    """The same of prepared pictures.

    Where a camera sees the tops is computed at the centres of their tiles, each of which is a
    whole number of pixels wide, and is linear between them.
    """
    gx, gy = tops.grid.centres()
    p_base = transform(T_base_region, np.stack([gx, gy, tops.height_m], -1).reshape(-1, 3))
    total = np.zeros(grid.shape, np.complex64)
    views = np.zeros(grid.shape, np.uint8)
    for picture in pictures:
        view = warp(picture, p_base, tops.grid, grid)
        total += edge_field(view, EDGE_SIGMA_PX)
        views += ~np.isnan(view)
    total /= np.maximum(views, 1, dtype=np.float32)
    return total


def warp(picture: Picture, p_base: Floats, coarse: Grid, grid: Grid) -> NDArray[np.float32]:
    """The picture's tone on the mosaic's grid; NaN where the camera does not see it.

    `p_base` (coarse rows * columns, 3) is the surface at the coarse grid's centres.
    """
    capture = picture.capture
    R, t = capture.T_base_camera[:3, :3], capture.T_base_camera[:3, 3]
    p_camera = ((p_base - t) @ R).reshape(*coarse.shape, 3)
    pixels = project(p_camera, capture.calibration.K, capture.calibration.distortion)
    pixels = np.where(np.abs(pixels) < FAR_PX, pixels, -FAR_PX)  # behind the camera: NaN
    if capture.depth is not None:
        pixels[covered(capture, capture.depth, pixels, p_camera[..., 2])] = -FAR_PX
    places = picture.places(pixels).astype(np.float32)
    u, v = (
        cv2.resize(plane, grid.shape[::-1], interpolation=cv2.INTER_LINEAR)
        for plane in cv2.split(places)
    )
    view = cv2.remap(picture.tone, u, v, cv2.INTER_LINEAR, borderValue=np.nan)
    return np.asarray(view, np.float32)


def covered(
    capture: Capture, depth: NDArray[np.float32], pixels: Floats, z: Floats
) -> NDArray[np.bool_]:
    """Whether a camera's depth shows something nearer at pixels (r, c, 2) of points at depths
    (r, c)."""
    u, v = np.ascontiguousarray(np.moveaxis(pixels.astype(np.float32), -1, 0))
    read = cv2.remap(depth, u, v, cv2.INTER_NEAREST, borderValue=np.nan)
    return hidden(capture, np.asarray(read), z, NEARER_M)
