"""Where steps of brightness on an end face feign depth: contrast distortion.

A pixel that sees two brightnesses decodes the pattern at the centre of its light instead of at its
own. Camera and projector, or the two imagers of a stereo pair, stand side by side along the image's
rows, so only steps along a row are taken for disparity: up on one side of a printed patch, down on
the other, which tilts the measured face. How bright each material is in the projector's light is
unknown, so each is an unknown of the cell in the camera; where its outlines lie, the drawing says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.outlines import case_distance, signed_distance
from cellpick.structures import CellModel

STEP_SIGMAS = 1.5
"""How far a reading between two pixels of unlike brightness may be off, in standard deviations of
its own noise; assumed. Both grow with the square of the distance, as triangulation's errors do."""
CODE = "code"
"""Stands for the mixed brightness of a printed code."""
ROUND = "round"
"""Stands for the rounded edge about an end face, which sends its light elsewhere."""


def brightness_steps(cell: CellModel, q: Floats, pixel: Floats) -> Floats:
    """(k, m) by how much more of each of m brightnesses lies a pixel ahead than a pixel behind
    points `q` (k, 3) on end faces; `pixel` (k, 3) leads to the row's next pixel, in the cells'
    frames."""
    shades = _shades(cell)
    top = q[:, 2] > 0
    ahead, behind = (_shade(cell, (q + s * pixel)[:, :2], top, shades) for s in (1, -1))
    each = np.arange(len(shades))
    steps: Floats = (ahead[:, None] == each) * 1.0 - (behind[:, None] == each)
    return steps


def _shades(cell: CellModel) -> list[str]:
    """The brightnesses on both end faces, in order."""
    names = [cell.top_material, cell.bottom_material, ROUND]
    names += [CODE if f.kind == "code" else f.material for f in cell.features]
    return list(dict.fromkeys(names))


def _shade(
    cell: CellModel, xy: Floats, top: NDArray[np.bool_], shades: list[str]
) -> NDArray[np.int64]:
    """(k,) row in `shades` of what lies at `xy` (k, 2) on the faces +z (`top`) or -z."""
    shade = np.where(top, shades.index(cell.top_material), shades.index(cell.bottom_material))
    for feature in cell.features:
        own = shades.index(CODE if feature.kind == "code" else feature.material)
        inside = (top == (feature.face == "+z")) & (signed_distance(feature, xy) < 0)
        shade = np.where(inside, own, shade)
    beyond = case_distance(cell, xy) > -cell.rim_radius_m
    return np.where(beyond, shades.index(ROUND), shade)
