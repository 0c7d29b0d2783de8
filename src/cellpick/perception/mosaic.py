"""All cameras' pictures, warped to the surface of the cells' tops and fused as one edge field."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import project, transform
from cellpick.perception.edges import edge_field
from cellpick.perception.fusion import hidden
from cellpick.perception.grid import Grid
from cellpick.perception.tops import Tops
from cellpick.structures import Capture, CaptureSet

FACTOR = 4
"""Mosaic pixels a side of one tile of the top map; the warp is exact at the tiles' centres."""
DARK_LEVEL = 6.0
"""A picture whose brightest percent is darker than this grey level shows nothing."""
NEARER_M = 0.015
"""Something this much nearer than the tops hides them."""
EDGE_SIGMA_PX = 1.0
"""Smoothing before gradients, in mosaic pixels."""


def mosaic_edges(look: CaptureSet, tops: Tops, grid: Grid) -> NDArray[np.complex64]:
    """Mean edge field (rows, columns) over the cameras that see each mosaic pixel.

    A true edge is in all of them, a glint or something above the tops in one only.
    """
    total = np.zeros(grid.shape, np.complex64)
    views = np.zeros(grid.shape, np.float32)
    gx, gy = tops.grid.centres()
    p_base = transform(
        look.task.T_base_region, np.stack([gx, gy, tops.height_m], -1).reshape(-1, 3)
    )
    for capture in look.captures:
        if is_dark(capture):
            continue
        view = warp(capture, p_base, tops.grid, grid)
        total += edge_field(view, EDGE_SIGMA_PX)
        views += ~np.isnan(view)
    return (total / np.maximum(views, 1)).astype(np.complex64)


def is_dark(capture: Capture) -> bool:
    """Whether a camera delivered no usable picture."""
    return float(np.percentile(capture.image[::8, ::8], 99)) < DARK_LEVEL


def warp(
    capture: Capture, p_base: NDArray[np.float64], coarse: Grid, grid: Grid
) -> NDArray[np.float32]:
    """The grey picture on the mosaic's grid; NaN where the camera does not see it.

    `p_base` (coarse rows * columns, 3) is the surface at the coarse grid's centres.
    """
    belief = capture.calibration
    R, t = capture.T_base_camera[:3, :3], capture.T_base_camera[:3, 3]
    p_camera = (p_base - t) @ R
    pixels = project(p_camera, belief.K, belief.distortion)
    known = np.concatenate([pixels, p_camera[:, 2:]], -1).reshape(*coarse.shape, 3)
    known = np.nan_to_num(known, nan=-1e4).astype(np.float32)
    u, v, z = cv2.split(upsample(known, grid))
    grey = cv2.cvtColor(capture.image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    view = cv2.remap(grey, u, v, cv2.INTER_LINEAR, borderValue=np.nan)
    if capture.depth is not None:
        nearest = cv2.remap(capture.depth, u, v, cv2.INTER_NEAREST, borderValue=np.nan)
        view[hidden(capture, nearest, z, NEARER_M)] = np.nan
    return view.astype(np.float32, copy=False)


def upsample(coarse: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """A coarse map on the mosaic's grid, exact at the tiles' centres, linear between them."""
    shift = (FACTOR - 1) / 2 / FACTOR
    fine = cv2.warpAffine(
        coarse,
        np.array([[1 / FACTOR, 0, -shift], [0, 1 / FACTOR, -shift]]),
        (grid.shape[1], grid.shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return fine.astype(np.float32, copy=False)
