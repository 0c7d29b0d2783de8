"""What the coarse and the fine search look for: a face's edges, and its footprint."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.edges import edge_field
from cellpick.perception.pattern import Face, FacePattern

WEAKEST = 0.15
"""Edge strength below which a raster pixel is no edge."""
OUTLINE_WEIGHT = 0.5
"""The case's own outline counts less: flush neighbours hide it."""


@dataclass(frozen=True, eq=False)
class Template:
    """Edges and footprint of one face that looks up, as seen from above."""

    face: Face
    """The face."""
    edges_m: Floats
    """(p, 2) places."""
    edges: NDArray[np.complex64]
    """(p,) edge field there, with |edges|^2 summing to 1."""
    footprint_m: Floats
    """(q, 2) places on the case, on a square grid."""
    zone_m: Floats
    """(z, 2) the same with a rim outside: where the face's edges may lie, and no others should;
    without what a free turn leaves open."""
    step_m: float
    """Pitch of both."""


def make_template(drawn: FacePattern, sigma_px: float) -> Template:
    """Take a drawn face's edges by the operator that takes the mosaic's."""
    field = edge_field(grey_of(drawn), sigma_px)
    width = round(2.5 * sigma_px)
    kernel = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    solid = cv2.erode(drawn.inside.astype(np.uint8), kernel) > 0
    field[drawn.swept] = 0
    field = np.where(solid, field, OUTLINE_WEIGHT * field)
    zone = cv2.dilate(drawn.inside.astype(np.uint8), kernel) > 0
    is_edge = (np.abs(field) > WEAKEST) & zone
    strength = field[is_edge]
    return Template(
        drawn.face,
        drawn.xy[is_edge],
        (strength / np.linalg.norm(strength)).astype(np.complex64),
        drawn.xy[drawn.inside],
        drawn.xy[zone & ~drawn.swept],
        drawn.step_m,
    )


def grey_of(drawn: FacePattern) -> NDArray[np.float32]:
    """The expected picture in grey levels."""
    grey: NDArray[np.float32] = (drawn.palette.mean(1) * 255).astype(np.float32)[drawn.material]
    return grey
