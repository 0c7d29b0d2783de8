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

from cellpick.perception.core.face_maps import FaceMaps, Singles

STEP_SIGMAS = 1.5
"""How far a reading between two pixels of unlike brightness may be off, in standard deviations of
its own noise; assumed. Both grow with the square of the distance, as triangulation's errors do."""


def brightness_steps(
    maps: FaceMaps, column: Singles, row: Singles, pixel: Singles
) -> NDArray[np.int8]:
    """(n, c, shades, p) by how much more of each brightness lies a pixel ahead than a pixel behind
    points at pixels (n, c, p) of the maps; `pixel` (n, c, 2) metres lead to the image row's next
    pixel, in the cells' frames."""
    across, down = (pixel[..., axis, None] / np.float32(maps.step_m) for axis in (0, 1))
    ahead = maps.shade_at(column + across, row + down)
    behind = maps.shade_at(column - across, row - down)
    steps = np.empty((*ahead.shape[:2], maps.shades, ahead.shape[2]), np.int8)
    for shade in range(maps.shades):
        there, before = (a == shade for a in (ahead, behind))
        np.subtract(there.view(np.int8), before.view(np.int8), out=steps[:, :, shade])
    return steps
