"""Where two polarity hypotheses differ on a face, and what each expects there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.pattern import BEYOND, CODE, FacePattern, draw_face, faces_up
from cellpick.structures import CellModel, Material

AROUND_M = 0.003
"""A window reaches this far beyond what differs, to see its surroundings."""
RIM_M = 0.001
"""Left out along the case's outline: rounded there, and hidden by neighbours."""
STEP_M = 0.00075
"""Pixel of the windows."""
LEAST_AREA_M2 = 3e-6
"""A class with less area in a window is not told apart from its surroundings."""


@dataclass(frozen=True, eq=False)
class Expectation:
    """What one hypothesis says of the pixels: classes of one material in one window each."""

    member: Floats
    """(m, g) 1 where a pixel belongs to a class."""
    window: NDArray[np.intp]
    """(g,) the class's window."""
    palette: Floats
    """(g, 3) expected RGB brightness."""
    metallic: Floats
    """(g,) how specular."""


@dataclass(frozen=True, eq=False)
class Windows:
    """m pixels of a face, seen from above, in w windows."""

    xy: Floats
    """(m, 2) places in the footprint's frame."""
    height_m: Floats
    """(m,) height above the face, the mean of the two hypotheses'."""
    window: NDArray[np.intp]
    """(m,) window of each pixel."""
    count: int
    """w."""
    expected: tuple[Expectation, Expectation]
    """The two hypotheses."""
    pixel_area_m2: float
    """Area of a pixel."""


def polarity_windows(cell: CellModel, materials: Mapping[str, Material]) -> Windows:
    """Windows of a cell: a box against itself turned, a cylinder's one end against the
    other."""
    faces = faces_up(cell)
    drawn = [draw_face(cell, materials, face, STEP_M, 0.0) for face in faces]
    return windows_of(drawn[0], turned(drawn[0]) if len(drawn) == 1 else drawn[1])


def turned(drawn: FacePattern) -> FacePattern:
    """The same face turned by half a turn."""
    return FacePattern(
        drawn.face,
        drawn.step_m,
        drawn.xy,
        drawn.height_m[::-1, ::-1],
        drawn.material[::-1, ::-1],
        drawn.palette,
        drawn.metallic,
        drawn.swept[::-1, ::-1],
    )


def windows_of(a: FacePattern, b: FacePattern) -> Windows:
    """Windows round all that differs between two drawings on the same raster."""
    step = a.step_m
    usable = cv2.erode((a.inside & b.inside).astype(np.uint8), disc(RIM_M / step)) > 0
    unknown = a.swept | b.swept | (a.material == CODE) | (b.material == CODE)
    differs = (a.material != b.material) & usable & ~(a.swept | b.swept)
    near = cv2.dilate(differs.astype(np.uint8), disc(AROUND_M / step)) > 0
    count, found = cv2.connectedComponents((near & usable).astype(np.uint8))
    label = found.astype(np.int32)
    chosen = near & usable & ~unknown
    for drawn in (a, b):
        chosen &= common(drawn, label, chosen)
    window = label[chosen].astype(np.intp) - 1
    return Windows(
        a.xy[chosen],
        (a.height_m[chosen] + b.height_m[chosen]) / 2,
        window,
        count - 1,
        (expectation(a, chosen, window), expectation(b, chosen, window)),
        step**2,
    )


def common(
    drawn: FacePattern, label: NDArray[np.integer], chosen: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(h, w) pixels whose material fills enough of their window to tell its brightness."""
    key = label * len(drawn.palette) + drawn.material
    size = np.bincount(key[chosen], minlength=int(key.max()) + 1)
    least = LEAST_AREA_M2 / drawn.step_m**2
    result: NDArray[np.bool_] = (size[key] >= least) & (drawn.material != BEYOND)
    return result


def expectation(
    drawn: FacePattern, chosen: NDArray[np.bool_], window: NDArray[np.intp]
) -> Expectation:
    """Classes of the chosen pixels under one drawing."""
    kinds = len(drawn.palette)
    keys, member = np.unique(window * kinds + drawn.material[chosen], return_inverse=True)
    one_hot = (member[:, None] == np.arange(len(keys))).astype(np.float64)
    material = keys % kinds
    return Expectation(one_hot, keys // kinds, drawn.palette[material], drawn.metallic[material])


def disc(radius_px: float) -> NDArray[np.uint8]:
    """A round structuring element."""
    n = 2 * max(1, round(radius_px)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (n, n)).astype(np.uint8)
