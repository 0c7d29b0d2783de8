"""Where two polarity hypotheses differ on a face, and what each expects there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.pattern import BEYOND, CODE, Face, FacePattern, draw_face
from cellpick.structures import CellModel, Material

AROUND_M = 0.003
"""A window reaches this far beyond what differs, to see its surroundings."""
RIM_M = 0.001
"""Left out along the case's outline: rounded there, and hidden by neighbours."""
STEP_M = 0.00075
"""Pixel of the windows."""
LEAST_AREA_M2 = 3e-6
"""A class with less area in a window is not told apart from its surroundings."""
THINNED = 2
"""One pixel in so many is looked at, as on the black squares of a chessboard: neighbours show
nearly the same."""


@dataclass(frozen=True, eq=False)
class Expectation:
    """What one hypothesis says of the pixels: classes of one material in one window each."""

    of_atom: Floats
    """(a, g) 1 where an atom belongs to a class."""
    window: NDArray[np.intp]
    """(g,) the class's window."""
    palette: Floats
    """(g, 3) expected RGB brightness."""
    metallic: Floats
    """(g,) how specular."""


@dataclass(frozen=True, eq=False)
class Windows:
    """m pixels of a face, seen from above, in w windows; an atom is what both hypotheses say is
    of one material within a window."""

    xy: Floats
    """(m, 2) places in the footprint's frame."""
    height_m: Floats
    """(m,) height above the face, the mean of the two hypotheses'."""
    atom: NDArray[np.float32]
    """(m, a) 1 where a pixel belongs to an atom."""
    window_of_atom: NDArray[np.intp]
    """(a,) window of each atom."""
    count: int
    """w."""
    expected: tuple[Expectation, Expectation]
    """The two hypotheses."""
    pixel_area_m2: float
    """Area that a pixel stands for."""


def polarity_windows(
    cell: CellModel, materials: Mapping[str, Material], face: Face, either_end: bool
) -> Windows:
    """Windows of a cell whose `face` looks up: if `either_end` may, against the opposite one, else
    against itself turned."""
    first = draw_face(cell, materials, face, STEP_M, 0.0)
    if either_end:
        other: Face = "-z" if face == "+z" else "+z"
        return windows_of(first, draw_face(cell, materials, other, STEP_M, 0.0))
    return windows_of(first, turned(first))


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
    chosen &= np.indices(chosen.shape).sum(axis=0) % THINNED == 0
    return in_atoms(a, b, chosen, label, count - 1)


def in_atoms(
    a: FacePattern,
    b: FacePattern,
    chosen: NDArray[np.bool_],
    label: NDArray[np.integer],
    count: int,
) -> Windows:
    """Windows of the chosen pixels of two drawings, `label` (h, w) their windows from 1 on."""
    kinds = len(a.palette)
    pair = (label[chosen] - 1) * kinds**2 + a.material[chosen] * kinds + b.material[chosen]
    keys, atom = np.unique(pair, return_inverse=True)
    window = (keys // kinds**2).astype(np.intp)
    return Windows(
        a.xy[chosen],
        (a.height_m[chosen] + b.height_m[chosen]) / 2,
        (atom[:, None] == np.arange(len(keys))).astype(np.float32),
        window,
        count,
        (expectation(a, window, keys // kinds % kinds), expectation(b, window, keys % kinds)),
        THINNED * a.step_m**2,
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
    drawn: FacePattern, window: NDArray[np.intp], material: NDArray[np.intp]
) -> Expectation:
    """Classes of atoms that lie in a window (a,) each and are of a material (a,) in one drawing."""
    kinds = len(drawn.palette)
    keys, member = np.unique(window * kinds + material, return_inverse=True)
    one_hot = (member[:, None] == np.arange(len(keys))).astype(np.float64)
    of_class = keys % kinds
    return Expectation(one_hot, keys // kinds, drawn.palette[of_class], drawn.metallic[of_class])


def disc(radius_px: float) -> NDArray[np.uint8]:
    """A round structuring element."""
    n = 2 * max(1, round(radius_px)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (n, n)).astype(np.uint8)
