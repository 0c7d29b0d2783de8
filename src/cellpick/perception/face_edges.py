"""A drawn face's edges, taken by the operator that takes those of the pictures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.edges import edge_field, tone_of
from cellpick.perception.pattern import FacePattern

WEAKEST = 0.15
"""Edge strength below which a raster pixel is no edge."""
OUTLINE_WEIGHT = 0.5
"""The case's own outline counts less: flush neighbours hide it."""
RIM_SIGMAS = 2.5
"""How far an edge is smeared, in the smoothing's standard deviations."""


@dataclass(frozen=True, eq=False)
class FaceEdges:
    """Maps on the raster that the face is drawn on; seen from above, its centre in the middle."""

    edges: NDArray[np.float32]
    """(h, w, 2) real and imaginary part of the edge field; 0 where it is weak or a free turn
    leaves it open."""
    zone: NDArray[np.float32]
    """(h, w) 1 where the face's edges may lie and no others should, a rim outside included;
    without what a free turn leaves open."""
    inside: NDArray[np.float32]
    """(h, w) 1 on the case."""
    step_m: float
    """Pitch."""

    def at(self, what: NDArray[np.float32], xy_m: Floats) -> NDArray[np.float32]:
        """One of the maps, linear between its pixels, at places (rows, columns, 2); 0 beyond."""
        h, w = what.shape[:2]
        u, v = (
            (xy_m[..., i] / self.step_m + (n - 1) / 2).astype(np.float32)
            for i, n in enumerate((w, h))
        )
        return np.asarray(cv2.remap(what, u, v, cv2.INTER_LINEAR), np.float32)

    def edges_after(self, xy_m: Floats, yaw: float) -> NDArray[np.complex64]:
        """The field at places (rows, columns, 2) when the face is turned by `yaw`."""
        planes = self.at(self.edges, turned_back(xy_m, yaw))
        field: NDArray[np.complex64] = planes.view(np.complex64)[..., 0]
        field *= np.complex64(np.exp(2j * yaw))
        return field


def face_edges(drawn: FacePattern, sigma_px: float) -> FaceEdges:
    """Edges of a drawn face, smoothed by this much of its own pixels."""
    field = edge_field(tone_of(grey_of(drawn)), sigma_px)
    width = round(RIM_SIGMAS * sigma_px)
    kernel = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    inside = drawn.inside.astype(np.uint8)
    solid = cv2.erode(inside, kernel) > 0
    zone = (cv2.dilate(inside, kernel) > 0) & ~drawn.swept
    field = np.where(solid, field, np.complex64(OUTLINE_WEIGHT) * field)
    field[~zone | (np.abs(field) <= WEAKEST)] = 0
    planes = np.stack([field.real, field.imag], -1)
    return FaceEdges(planes, zone.astype(np.float32), inside.astype(np.float32), drawn.step_m)


def grey_of(drawn: FacePattern) -> NDArray[np.uint8]:
    """The expected picture in grey levels."""
    grey: NDArray[np.uint8] = np.rint(drawn.palette.mean(1) * 255).astype(np.uint8)[drawn.material]
    return grey


def turned_back(xy_m: Floats, yaw: float) -> Floats:
    """Places (..., 2) in a face that is turned by `yaw`."""
    c, s = np.cos(yaw), np.sin(yaw)
    result: Floats = xy_m @ np.array([[c, -s], [s, c]])
    return result


def lattice(shape: tuple[int, int], step_m: float) -> Floats:
    """(rows, columns, 2) places of this pitch, centred on the origin."""
    y, x = (step_m * (np.arange(n) - (n - 1) / 2) for n in shape)
    return np.stack(np.meshgrid(x, y), -1)
