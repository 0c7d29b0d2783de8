"""What perception draws from a cell's model before any look: the same for every look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cellpick.errors import InputError
from cellpick.perception.core import RefineOptions
from cellpick.perception.core.face_maps import FaceMaps, face_maps
from cellpick.perception.core.template import EdgeTemplate, edge_template
from cellpick.perception.laid import Laid, laid
from cellpick.perception.mosaic import EDGE_SIGMA_PX
from cellpick.perception.pattern import Face, FacePattern, draw_face
from cellpick.perception.template import Template, make_template
from cellpick.perception.windows import Windows, polarity_windows
from cellpick.structures import Arrangement, CellModel, Material

FACE_STEP_M = 0.0005
"""Pixel of the drawn faces."""
PIXEL_M = (0.0005, 0.001)
"""Least and largest pixel of the mosaic; VGA cameras have 0.8 to 1.3 mm at their distances."""
PIXEL_SHARE = 1 / 26
"""... between them this share of the cell's shorter side."""
TILE_M = 0.008
"""Largest tile of the coarse search."""
TILE_SHARE = 0.15
"""... which is else this share of the cell's shorter side."""
MOST_PIXELS = 8
"""Mosaic pixels a side of a tile, at most."""
MARGIN_M = 0.003
"""How far a drawn face goes beyond the case."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A cell model as each step of perception needs it."""

    laid: Laid
    """How it lies."""
    cell: CellModel
    """The model as it lies."""
    faces: tuple[FacePattern, ...]
    """The faces that are expected to look up, rasterised."""
    templates: tuple[Template, ...]
    """Their edges for the search, one a face."""
    spare_faces: tuple[FacePattern, ...]
    """The other end face, where only one is expected to look up: a cell may stand on its head."""
    spare: tuple[Template, ...]
    """Its edges."""
    windows: Windows
    """Where the two polarities differ."""
    windows_over: Windows
    """The same for a cell that stands on its head."""
    edges: EdgeTemplate
    """Their edges for the refinement."""
    pixel_m: float
    """Pitch of the mosaic in which they are sought."""
    tile_px: int
    """Mosaic pixels a side of one tile of the coarse search; even."""
    maps: FaceMaps
    """What lies where on them, for the refinement."""

    @property
    def every_face(self) -> tuple[FacePattern, ...]:
        """Expected or not."""
        return self.faces + self.spare_faces

    @property
    def every_template(self) -> tuple[Template, ...]:
        """In the same order."""
        return self.templates + self.spare

    @property
    def either_end(self) -> bool:
        """As `Laid` has it."""
        return self.laid.either_end


def drawing_of(
    cell: CellModel, materials: Mapping[str, Material], arrangement: Arrangement = "upright"
) -> Drawing:
    """Draw a cell as it lies in an arrangement; `materials` has all that its file names.

    Raises `InputError` for a material that is not there.
    """
    named = [cell.case_material, cell.top_material, cell.bottom_material]
    named += [feature.material for feature in cell.features]
    if missing := sorted(set(named) - materials.keys()):
        raise InputError(
            f"materials lacks what the cell {cell.name} names",
            got=", ".join(missing),
            accepted=", ".join(sorted(materials)),
        )
    lying = laid(cell, arrangement)
    cell = lying.cell
    ends: tuple[Face, ...] = ("+z", "-z")
    drawn = tuple(draw_face(cell, materials, face, FACE_STEP_M, MARGIN_M) for face in ends)
    pixel_m, tile_px = pitches(cell)
    made = tuple(make_template(face, cell, pixel_m, tile_px, EDGE_SIGMA_PX) for face in drawn)
    known = 2 if lying.either_end else 1
    return Drawing(
        lying,
        cell,
        drawn[:known],
        made[:known],
        drawn[known:],
        made[known:],
        polarity_windows(cell, materials, "+z", lying.either_end),
        polarity_windows(cell, materials, "-z", lying.either_end),
        edge_template(cell, materials, RefineOptions().edge_spacing_m),
        pixel_m,
        tile_px,
        face_maps(cell),
    )


def pitches(cell: CellModel) -> tuple[float, int]:
    """Pixel of the mosaic, and how many of them a side of a tile has."""
    short = float(cell.size_m[:2].min())
    tile_m = min(TILE_SHARE * short, TILE_M)
    pixel_m = max(float(np.clip(PIXEL_SHARE * short, *PIXEL_M)), tile_m / MOST_PIXELS)
    return pixel_m, 2 * max(1, round(tile_m / pixel_m / 2))
