"""A cell as it lies: in a frame whose +z or -z face looks up, as all of perception has it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cellpick.geometry import Floats, invert, pose
from cellpick.structures import Arrangement, CellEstimates, CellModel, SurfaceFeature

Y_UP = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
"""Axes of a hard case on its large face, in the cell's: z, x and y, so that its +z face is its +x
face and what is drawn there keeps its coordinates."""


@dataclass(frozen=True, eq=False)
class Laid:
    """A cell in a frame of its own."""

    cell: CellModel
    """The cell drawn in that frame; its +z or its -z face looks up."""
    T_cell_laid: Floats
    """(4, 4) that frame in the cell's."""
    either_end: bool
    """Whether the polarities differ by which of the two looks up, and not by a half turn."""

    def of_cells(self, estimates: CellEstimates) -> CellEstimates:
        """Estimates of that frame's poses as those of the cells'."""
        R = self.T_cell_laid[:3, :3]
        if (np.eye(3) == R).all():
            return estimates
        A = np.kron(np.eye(2), R)
        return replace(
            estimates,
            Ts_base_cell=estimates.Ts_base_cell @ invert(self.T_cell_laid),
            covariance=A @ estimates.covariance @ A.T,
        )


def laid(cell: CellModel, arrangement: Arrangement) -> Laid:
    """The cell as it lies in an arrangement.

    Lying, a hard case has one of its large faces up, +y or -y, and shows its terminals beside it; a
    pouch, whose z faces are the large ones, lies as it is drawn.
    """
    if arrangement != "lying" or cell.shape != "box" or np.argmin(cell.size_m) != 1:
        return Laid(cell, np.eye(4), cell.shape == "cylinder")
    turned = replace(
        cell,
        size_m=cell.size_m[[2, 0, 1]],
        corner_radius_m=cell.rim_radius_m,
        rim_radius_m=cell.corner_radius_m,
        top_material=cell.case_material,
        bottom_material=cell.case_material,
        features=tuple(_beside(f) for f in cell.features if f.face[1] == "z"),
        symmetries=(),
    )
    return Laid(turned, pose(Y_UP, np.zeros(3)), True)


def _beside(feature: SurfaceFeature) -> SurfaceFeature:
    return replace(feature, face="+x" if feature.face == "+z" else "-x")
