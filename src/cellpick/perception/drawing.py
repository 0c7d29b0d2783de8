"""What perception draws from a cell's model before any look: the same for every look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cellpick.perception.core import RefineOptions
from cellpick.perception.core.face_maps import FaceMaps, face_maps
from cellpick.perception.core.template import EdgeTemplate, edge_template
from cellpick.perception.mosaic import EDGE_SIGMA_PX
from cellpick.perception.pattern import FacePattern, draw_face, faces_up
from cellpick.perception.template import Template, make_template
from cellpick.perception.windows import Windows, polarity_windows
from cellpick.structures import CellModel, Material

MOSAIC_STEP_M = 0.0005
"""Pixel of the mosaic and of the drawn faces."""
MARGIN_M = 0.003
"""How far a drawn face goes beyond the case."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A cell model as each step of perception needs it."""

    cell: CellModel
    """The model."""
    faces: tuple[FacePattern, ...]
    """The end faces that may look up, rasterised."""
    templates: tuple[Template, ...]
    """Their edges for the search, one a face."""
    windows: Windows
    """Where the two polarities differ."""
    edges: EdgeTemplate
    """Their edges for the refinement."""
    maps: FaceMaps
    """What lies where on them, for the refinement."""


def drawing_of(cell: CellModel, materials: Mapping[str, Material]) -> Drawing:
    """Draw a cell; `materials` has all that its file names."""
    faces = tuple(
        draw_face(cell, materials, face, MOSAIC_STEP_M, MARGIN_M) for face in faces_up(cell)
    )
    return Drawing(
        cell,
        faces,
        tuple(make_template(face, EDGE_SIGMA_PX) for face in faces),
        polarity_windows(cell, materials),
        edge_template(cell, materials, RefineOptions().edge_spacing_m),
        face_maps(cell),
    )
